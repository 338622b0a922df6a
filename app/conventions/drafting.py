"""Drafting a convention and its amendments, until they are put to review or withdrawn.

Every move holds the convention alone, so that its versions move one after the other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.board.posting import end_notice, post
from app.compounds.models import Compound
from app.conventions import notices
from app.conventions.access import REVIEWERS
from app.conventions.links import make_clause, name_resolutions
from app.conventions.models import (
    BEFORE_THE_VOTE,
    ON_THE_BOARD,
    OPEN,
    Convention,
    ConventionVersion,
    LegalType,
    VersionState,
)
from app.conventions.refusals import RepealPending, VersionOpen
from app.conventions.texts.check import FORBIDDEN, check_text
from app.conventions.texts.clauses import ConventionFlag
from app.kit import locks
from app.kit.clock import read_database_clock
from app.kit.errors import Forbidden, WrongState
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.people.actor import Actor
from app.people.models import Resident

REVIEW_MONTHS = 6


def hold_convention(session: Session, convention: Convention) -> tuple[ConventionVersion, datetime]:
    """Hold the convention alone; its version in force, if nothing else is on its way.

    Raises WrongState, VersionOpen, RepealPending.
    """
    locks.hold_alone(session, convention.id)
    session.refresh(convention)
    for version in convention.versions:
        session.refresh(version)
    in_force = convention.in_force
    if in_force is None:
        raise WrongState(
            zh="这份规约没有生效的版本", en="No version of this convention is in force"
        )
    if any(version.state in OPEN for version in convention.versions):
        raise VersionOpen
    if in_force.repeal_is_pending:
        raise RepealPending
    return in_force, read_database_clock(session)


def draft_convention(
    session: Session,
    compound: Compound,
    by: Resident,
    *,
    legal_type: LegalType,
    title: str,
    is_trial: bool,
    review_months: int,
    clauses: Sequence[dict[str, Any]],
    resolution_ids: Collection[UUID],
    names_resolutions_later: bool = False,
) -> ConventionVersion:
    """Draft a new convention: its first version.

    What is taken over from elsewhere names its resolutions later, before it is approved. Raises
    InvalidResolutions, ResolutionMissing, InvalidClauseResolution.
    """
    at = read_database_clock(session)
    convention = Convention(
        id=new_id(),
        compound=compound,
        compound_id=compound.id,
        legal_type=legal_type,
        created_at=at,
    )
    version = _new_version(convention, 1, by, at, title, is_trial, review_months)
    session.add(convention)
    name_resolutions(
        session, version, resolution_ids, legal_type, may_name_none=names_resolutions_later
    )
    _number_clauses(session, version, clauses)
    record_move(session, version, "draft", by, at)
    return version


def revise_version(
    session: Session,
    version: ConventionVersion,
    by: Resident,
    *,
    title: str,
    is_trial: bool,
    review_months: int,
    clauses: Sequence[dict[str, Any]],
    resolution_ids: Collection[UUID],
) -> None:
    """Write a draft anew.

    Raises WrongState, InvalidResolutions, ResolutionMissing, InvalidClauseResolution.
    """
    at = begin_move(session, version)
    version.revise(_plain(title), is_trial, review_months, by.id)
    name_resolutions(session, version, resolution_ids, version.legal_type)
    _number_clauses(session, version, clauses)
    record_move(session, version, "revise", by, at)


def amend_convention(
    session: Session, convention: Convention, by: Resident, *, resolution_ids: Collection[UUID]
) -> ConventionVersion:
    """Begin the next version: a draft with the words of the one in force.

    It keeps the resolutions of that one and adds these. Raises WrongState, VersionOpen,
    RepealPending, InvalidResolutions, ResolutionMissing.
    """
    old, at = hold_convention(session, convention)
    number = 1 + convention.versions[-1].number
    words = (old.title, old.is_trial, old.review_months)
    version = _new_version(convention, number, by, at, *words)
    version.amends = old
    session.add(version)
    named = {*resolution_ids, *(each.id for each in old.resolutions)}
    name_resolutions(session, version, named, convention.legal_type)
    _number_clauses(
        session,
        version,
        [
            {
                "text": clause.text,
                "owner_vote_item": clause.owner_vote_item,
                "resolution_id": clause.resolution_id,
            }
            for clause in old.clauses
        ],
    )
    record_move(session, version, "amend", by, at, reason=str(old.id))
    return version


def submit_version(session: Session, version: ConventionVersion, by: Resident) -> None:
    """Put a draft to review; words that a convention may not have are flagged for the reviewer.

    Raises WrongState.
    """
    at = begin_move(session, version)
    version.submit()
    for found in check_text(version.title, [clause.text for clause in version.clauses]):
        reason = FORBIDDEN[found.word]
        session.add(
            ConventionFlag(
                version_id=version.id,
                submission=version.submissions,
                why=reason.zh,
                why_en=reason.en,
                source=reason.source,
                **found._asdict(),
            )
        )
    session.flush()
    session.expire(version, ["flags"])
    record_move(session, version, "submit", by, at)


def withdraw_version(session: Session, version: ConventionVersion, by: Actor, reason: str) -> None:
    """Let a version go no further that is not in force yet.

    Once it was voted, that is for those who reviewed it; what stands on the board is told there.
    Raises Forbidden, WrongState.
    """
    at = begin_move(session, version)
    version.require_state(*OPEN)
    from_state = version.state
    if from_state not in BEFORE_THE_VOTE:
        _require_reviewer(version, by)
    version.withdraw(reason)
    if from_state not in ON_THE_BOARD or version.notice is None:
        record_move(session, version, "withdraw", by.resident, at, reason=reason)
        return
    record_move(session, version, "withdraw_noticed", by.resident, at, reason=reason)
    end_notice(session, version.notice, notices.CONVENTION_NOTICED, version, at)
    post(session, notices.CONVENTION_WITHDRAWN, version, at)


def _require_reviewer(version: ConventionVersion, by: Actor) -> None:
    if by.roles_in(version.compound).isdisjoint(REVIEWERS[version.legal_type]):
        raise Forbidden


def _new_version(
    convention: Convention,
    number: int,
    by: Resident,
    at: datetime,
    title: str,
    is_trial: bool,
    review_months: int,
) -> ConventionVersion:
    return ConventionVersion(
        id=new_id(),
        convention=convention,
        convention_id=convention.id,
        compound_id=convention.compound_id,
        number=number,
        state=VersionState.DRAFT,
        title=_plain(title),
        is_trial=is_trial,
        review_months=review_months,
        drafted_by_id=by.id,
        drafted_at=at,
        submissions=0,
    )


def _plain(title: str) -> str:
    """The title without the words that a trial adds when it is printed."""
    return title.removesuffix("（试行）").removesuffix("(试行)").rstrip() or title


def _number_clauses(
    session: Session, version: ConventionVersion, clauses: Sequence[dict[str, Any]]
) -> None:
    made = [make_clause(version, i, **clause) for i, clause in enumerate(clauses, start=1)]
    # Their numbers are unique, and new rows would come in before the old ones go.
    version.clauses.clear()
    session.flush()
    version.clauses.extend(made)
    session.flush()
