"""Reading the log of a place."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from app.kit.audit import AuditEntry, AuditLink, ChainCheck
from app.people.models import Resident


def entries_of(
    chain_id: UUID,
    *,
    thing_id: UUID | None = None,
    verb: str | None = None,
    actor_id: UUID | None = None,
) -> Select[AuditLink]:
    """The links of a place's chain with their entries, narrowed to what is asked for."""
    asked = {
        AuditEntry.thing_id: thing_id,
        AuditEntry.verb: verb,
        AuditEntry.actor_id: actor_id,
    }
    return (
        select(AuditLink)
        .join(AuditLink.entry)
        .options(contains_eager(AuditLink.entry))
        .where(
            AuditLink.chain_id == chain_id,
            *(column == value for column, value in asked.items() if value is not None),
        )
    )


def as_read(session: Session, links: list[AuditLink]) -> list[dict[str, Any]]:
    """Links as `EntrySchema` writes them, with the masked names of those who acted."""
    ids = {link.entry.actor_id for link in links}
    names = {
        resident.id: resident.masked_name
        for resident in session.scalars(select(Resident).where(Resident.id.in_(ids)))
    }
    return [
        {
            "number": link.number,
            "hash": link.hash.hex(),
            "entry": link.entry,
            "actor": names.get(link.entry.actor_id) if link.entry.actor_id else None,
        }
        for link in links
    ]


def as_told(check: ChainCheck) -> dict[str, Any]:
    """A recount as `ChainSchema` writes it."""
    return {
        "entries": check.head.number,
        "head": check.head.hash.hex(),
        "is_intact": check.broken_at is None,
        "broken_at": check.broken_at,
    }
