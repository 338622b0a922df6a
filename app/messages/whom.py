"""Whom messages concern by what they are in a place."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.compounds.models import Compound
from app.kit import clock
from app.kit.audit import AuditEntry
from app.messages.telling import To, one_by_one
from app.people.models import Appointment, Residence, ResidenceState, Role


def office_holders(
    session: Session, compound: Compound, roles: Collection[Role]
) -> Collection[UUID]:
    """Who holds one of these offices in the compound, or above it, today."""
    return session.scalars(
        select(Appointment.resident_id).where(
            Appointment.role.in_(roles),
            Appointment.is_held(clock.local_date(clock.now())),
            or_(
                Appointment.compound_id == compound.id,
                Appointment.community_id == compound.community_id,
                Appointment.subdistrict_id == compound.subdistrict_id,
            ),
        )
    ).all()


def offices(*roles: Role) -> To:
    """Whoever holds one of these offices over the thing's compound."""

    @one_by_one
    def to(session: Session, thing: Any, entry: AuditEntry) -> Collection[UUID]:
        return office_holders(session, thing.compound, roles)

    return to


@one_by_one
def housemates(session: Session, residence: Residence, entry: AuditEntry) -> Collection[UUID]:
    """Everybody else who is verified in the same home."""
    return session.scalars(
        select(Residence.resident_id).where(
            Residence.unit_id == residence.unit_id,
            Residence.state == ResidenceState.VERIFIED,
            Residence.resident_id != residence.resident_id,
        )
    ).all()
