"""What can be done with matters: raise, endorse, withdraw, screen; and how support is counted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app.attachments.services import attach
from app.compounds.models import Compound
from app.kit.moves import record_move
from app.kit.orm import next_number
from app.matters.models import SCREENED, Category, Endorsement, Matter, MatterState
from app.matters.refusals import CarriedOverTooOften, InvalidMergeTarget, ReasonMissing
from app.people.models import Resident

# Taking from the residents what they have put on a list, or refusing it, needs a reason.
ON_A_LIST = frozenset({MatterState.LISTED, MatterState.DEFERRED})


def hold_matter(session: Session, matter_id: UUID) -> Matter:
    """The matter as it is now; its row is held until this transaction ends."""
    return session.get_one(
        Matter,
        matter_id,
        populate_existing=True,
        with_for_update={"of": Matter, "key_share": True},
    )


def hold_matters(session: Session, which: ColumnElement[bool]) -> Sequence[Matter]:
    """The same of several, one after the other in the order of their ids."""
    return session.scalars(
        select(Matter)
        .where(which)
        .order_by(Matter.id)
        .with_for_update(of=Matter, key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def raise_matter(
    session: Session,
    compound: Compound,
    by: Resident,
    *,
    title: str,
    body: str,
    category: Category,
    attachment_ids: Sequence[UUID],
    at: datetime,
) -> Matter:
    """Put a matter before the compound, with photos that its raiser uploaded; possible at any time.

    Who raised it is told to nobody, so it takes photos only and forgets what their files were
    called. Raises TooManyAttachments, UnknownAttachment, PhotosOnly.
    """
    # Held, so that no two are given the same number.
    session.scalars(
        select(Compound.id).where(Compound.id == compound.id).with_for_update(key_share=True)
    ).one()
    matter = Matter(
        compound=compound,
        number=next_number(session, Matter.number, Matter.compound_id == compound.id),
        raised_by_id=by.id,
        raised_at=at,
        title=title,
        body=body,
        category=category,
        state=MatterState.SUBMITTED,
        carry_over=0,
    )
    session.add(matter)
    session.flush()
    record_move(session, matter, "raise", by, at)
    attach(session, matter, compound.id, attachment_ids, by, at, is_anonymous=True)
    return matter


def endorse(session: Session, matter: Matter, by: Resident, at: datetime) -> None:
    """Support a matter as it reads now; a second time changes nothing."""
    matter.require_endorsable()
    endorsement = session.get(Endorsement, (matter.id, by.id))
    if endorsement is None:
        endorsement = Endorsement(matter_id=matter.id, resident_id=by.id, endorsed_at=at)
        session.add(endorsement)
    elif endorsement.withdrawn_at is not None:
        endorsement.endorsed_at, endorsement.withdrawn_at = at, None
    endorsement.version = matter.version
    session.flush()


def withdraw_endorsement(session: Session, matter: Matter, by: Resident, at: datetime) -> None:
    """Support it no longer; without support nothing changes."""
    matter.require_endorsable()
    endorsement = session.get(Endorsement, (matter.id, by.id))
    if endorsement is not None and endorsement.withdrawn_at is None:
        endorsement.withdrawn_at = at
    session.flush()


def screen(
    session: Session,
    matter: Matter,
    by: Resident,
    *,
    outcome: MatterState,
    reason: str | None,
    into: Matter | None,
    carry_over_limit: int,
    at: datetime,
) -> None:
    """Decide what becomes of a matter: list, merge, dispatch, whistle or refuse it.

    Raises WrongState, ReasonMissing, InvalidMergeTarget, CarriedOverTooOften.
    """
    if outcome not in SCREENED:
        raise ValueError(f"{outcome!r} is not an outcome of screening")
    leaves_a_list = matter.state in ON_A_LIST and outcome is not MatterState.LISTED
    if reason is None and (outcome is MatterState.REFUSED or leaves_a_list):
        raise ReasonMissing
    if matter.carry_over >= carry_over_limit and outcome in (
        MatterState.LISTED,
        MatterState.MERGED,
    ):
        raise CarriedOverTooOften
    _check_merge_target(matter, outcome, into)
    matter.screen(outcome, by.id, at, reason)
    if into is not None:
        matter.merged_into_id = into.id
        into.carry_over = max(into.carry_over, matter.carry_over)
        # What was merged into this matter follows it, so that no chain arises.
        session.execute(
            update(Matter).where(Matter.merged_into_id == matter.id).values(merged_into_id=into.id)
        )
    record_move(session, matter, "screen", by, at, reason=reason)


def _check_merge_target(matter: Matter, outcome: MatterState, into: Matter | None) -> None:
    if (outcome is MatterState.MERGED) != (into is not None):
        raise InvalidMergeTarget
    if into is not None and (
        into.id == matter.id
        or into.compound_id != matter.compound_id
        or into.state not in (MatterState.SUBMITTED, MatterState.LISTED, MatterState.DEFERRED)
    ):
        raise InvalidMergeTarget


def count_endorsements(session: Session, matter_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many residents support each matter, those of matters merged into it counted once."""
    target = func.coalesce(Matter.merged_into_id, Matter.id)
    rows = session.execute(
        select(target, func.count(Endorsement.resident_id.distinct()))
        .join(Endorsement, Endorsement.matter_id == Matter.id)
        .where(
            Matter.id.in_(matter_ids) | Matter.merged_into_id.in_(matter_ids),
            Endorsement.withdrawn_at.is_(None),
        )
        .group_by(target)
    )
    return {matter_id: count for matter_id, count in rows}  # noqa: C416 - dict() has no types here


def supporters_of(session: Session, matter: Matter) -> set[UUID]:
    """Whom it concerns when the matter is corrected or taken back, but for its raiser: residents
    who support it or one that it took in, and who raised those."""
    endorsed = (
        select(Endorsement.resident_id)
        .join(Matter, Endorsement.matter_id == Matter.id)
        .where(
            or_(Matter.id == matter.id, Matter.merged_into_id == matter.id),
            Endorsement.withdrawn_at.is_(None),
        )
    )
    raised = select(Matter.raised_by_id).where(Matter.merged_into_id == matter.id)
    return set(session.scalars(union(endorsed, raised))) - {matter.raised_by_id}


class OwnPart(NamedTuple):
    """Which matters somebody supports, in the words of which version, and which took in one that
    the same person raised."""

    endorsed: dict[UUID, int]
    merged: set[UUID]


def read_own_part(session: Session, resident_id: UUID, matter_ids: Collection[UUID]) -> OwnPart:
    """What this resident has to do with the matters, besides raising them; in one query."""
    endorsed = select(Endorsement.matter_id, Endorsement.version).where(
        Endorsement.resident_id == resident_id,
        Endorsement.matter_id.in_(matter_ids),
        Endorsement.withdrawn_at.is_(None),
    )
    merged = select(Matter.merged_into_id, literal(None, Integer)).where(
        Matter.raised_by_id == resident_id, Matter.merged_into_id.in_(matter_ids)
    )
    own = OwnPart({}, set())
    matter_id: UUID
    version: int | None
    for matter_id, version in session.execute(union_all(endorsed, merged)).all():
        if version is None:
            own.merged.add(matter_id)
        else:
            own.endorsed[matter_id] = version
    return own
