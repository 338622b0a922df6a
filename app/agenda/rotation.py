"""轮流坐庄: whose turn it is to host (domain notes, section 3, rotation).

The host is the compound that has waited longest; of several, the first in the list. A compound
that joins waits from that day on, so it comes after those that were there. Hosting or being
skipped sends a compound to the end.
"""

from collections.abc import Iterable
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.agenda.models import HostPlace
from app.agenda.refusals import AlreadyNext, NotInRotation, NotTheHost
from app.compounds.models import Community, Compound
from app.kit.audit import AuditEntry, record
from app.kit.clock import ZONE
from app.people.models import Resident


def host_order(session: Session, community: Community) -> list[HostPlace]:
    """The community's living compounds, next host first; reading changes nothing."""
    rows = session.execute(
        select(Compound, HostPlace)
        .outerjoin(
            HostPlace,
            and_(
                HostPlace.compound_id == Compound.id,
                HostPlace.community_id == Compound.community_id,
            ),
        )
        .where(Compound.community_id == community.id, Compound.until.is_(None))
        .order_by(Compound.since, Compound.id)
    )
    everyone = [
        place or _first_place(compound, position) for position, (compound, place) in enumerate(rows)
    ]
    return sorted(everyone, key=lambda place: (place.waiting_since, place.position))


def _first_place(compound: Compound, position: int) -> HostPlace:
    joined_at = datetime.combine(compound.since, time.min, ZONE)
    return HostPlace(
        compound_id=compound.id,
        community_id=compound.community_id,
        waiting_since=joined_at,
        position=position,
    )


def take_turn(session: Session, compound: Compound, at: datetime) -> datetime:
    """The compound hosts; answers since when it had waited. Raises NotTheHost."""
    order = _lock_order(session, compound.community)
    if order[0].compound_id != compound.id:
        host = session.get_one(Compound, order[0].compound_id)
        raise NotTheHost(zh=f"轮到的是{host.name}", en=f"It is the turn of {host.name}")
    waited_since = order[0].waiting_since
    order[0].waiting_since = at
    return waited_since


def give_turn_back(session: Session, compound: Compound, waited_since: datetime) -> None:
    """The session was cancelled: the compound waits as long as it had before."""
    place = _place_of(_lock_order(session, compound.community), compound.id)
    place.waiting_since = waited_since


def skip(
    session: Session,
    community: Community,
    by: Resident,
    *,
    compound_id: UUID,
    reason: str,
    at: datetime,
) -> None:
    """Send a compound to the end of the list without hosting."""
    place = _place_of(_lock_order(session, community), compound_id)
    place.waiting_since = at
    _record(session, place, "skip", by, reason, at)


def swap(
    session: Session,
    community: Community,
    by: Resident,
    *,
    compound_id: UUID,
    reason: str,
    at: datetime,
) -> None:
    """Let a compound change places with the next host. Raises AlreadyNext."""
    order = _lock_order(session, community)
    place, host = _place_of(order, compound_id), order[0]
    if place is host:
        raise AlreadyNext
    place.waiting_since, host.waiting_since = host.waiting_since, place.waiting_since
    place.position, host.position = host.position, place.position
    _record(session, place, "swap", by, reason, at)


def changes(session: Session, community: Community) -> list[AuditEntry]:
    """The last hundred skips and swaps, newest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.thing == HostPlace.__tablename__, AuditEntry.community_id == community.id)
        .order_by(AuditEntry.id.desc())
        .limit(100)
    )
    return list(session.scalars(query))


def _lock_order(session: Session, community: Community) -> list[HostPlace]:
    # One change of a community's list after the other, else two sessions share a turn.
    session.scalars(
        select(Community.id).where(Community.id == community.id).with_for_update(key_share=True)
    ).one()
    order = host_order(session, community)
    session.add_all(order)
    return order


def _place_of(order: Iterable[HostPlace], compound_id: UUID) -> HostPlace:
    for place in order:
        if place.compound_id == compound_id:
            return place
    raise NotInRotation


def _record(
    session: Session, place: HostPlace, verb: str, by: Resident, reason: str, at: datetime
) -> None:
    session.flush()
    compound_id, community_id = place.compound_id, place.community_id
    record(
        session,
        place,
        verb,
        by,
        at,
        compound_id=compound_id,
        community_id=community_id,
        reason=reason,
    )
