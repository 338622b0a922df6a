"""Which resolutions a version may name, and what it keeps of the one that it amends."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conventions import refusals
from app.conventions.models import ConventionVersion, LegalType
from app.conventions.texts.clauses import Clause
from app.resolutions.models import BINDING, Resolution


def name_resolutions(
    session: Session,
    version: ConventionVersion,
    ids: Collection[UUID],
    legal_type: LegalType,
    *,
    may_name_none: bool = False,
) -> None:
    """Let the version rest on these resolutions and no others.

    With `may_name_none` they may come later: `require_resolution` asks for them.

    What the amended version named may stay, also where it was superseded since: it made clauses
    that are kept. Raises InvalidResolutions, ResolutionMissing.
    """
    wanted = set(ids)
    found = session.scalars(
        select(Resolution)
        .where(Resolution.id.in_(wanted), Resolution.compound_id == version.compound_id)
        .order_by(Resolution.id)
    ).all()
    kept = kept_resolutions(version)
    if len(found) != len(wanted) or any(
        each.state not in BINDING and each.id not in kept for each in found
    ):
        raise refusals.InvalidResolutions
    version.resolutions = list(found)
    if not may_name_none:
        require_resolution(version, legal_type)


def require_resolution(version: ConventionVersion, legal_type: LegalType) -> None:
    """Raises ResolutionMissing where it must rest on a resolution of its own, and names none."""
    if legal_type is LegalType.SELF_DISCIPLINE and not own_resolutions(version):
        raise refusals.ResolutionMissing


def require_binding(version: ConventionVersion) -> None:
    """Raises ResolutionSuperseded where a resolution has lost its force since it was named."""
    own = own_resolutions(version)
    if any(each.id in own and each.state not in BINDING for each in version.resolutions):
        raise refusals.ResolutionSuperseded


def own_resolutions(version: ConventionVersion) -> set[UUID]:
    """What the version names beside what the amended one named already."""
    return {each.id for each in version.resolutions} - kept_resolutions(version)


def kept_resolutions(version: ConventionVersion) -> set[UUID]:
    """What the amended version named already."""
    return set() if version.amends is None else {each.id for each in version.amends.resolutions}


def kept_vote(version: ConventionVersion, text: str, item: int | None) -> UUID | None:
    """The owners' vote behind the same words on the same item in the amended version, if any."""
    if version.amends is None or item is None:
        return None
    return next(
        (
            clause.owner_vote_id
            for clause in version.amends.clauses
            if (clause.text, clause.owner_vote_item) == (text, item)
        ),
        None,
    )


def make_clause(
    version: ConventionVersion,
    number: int,
    text: str,
    owner_vote_item: int | None,
    resolution_id: UUID | None,
) -> Clause:
    """A clause of the version. Raises InvalidClauseResolution, OwnersItemMissing."""
    named = {each.id: each for each in version.resolutions}
    if resolution_id is not None:
        if resolution_id not in named:
            raise refusals.InvalidClauseResolution
        rests_on = named[resolution_id]
        items = {card.owner_vote_item for card in rests_on.cards}
        if rests_on.needs_owners_only and owner_vote_item not in items:
            raise refusals.OwnersItemMissing
    vote_id = kept_vote(version, text, owner_vote_item)
    return Clause(
        number=number,
        text=text,
        owner_vote_item=owner_vote_item,
        owner_vote_id=vote_id,
        is_active=owner_vote_item is None or vote_id is not None,
        resolution_id=resolution_id,
    )
