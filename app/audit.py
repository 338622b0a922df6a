"""The log of every move: who, when, from, to, why, in which place. Rows are only ever added."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.orm import Base, HasId


class AuditEntry(HasId, Base):
    """One move of one thing. `actor_id` is empty where the clock moved it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "thing_id"), Index(None, "compound_id", "at"))

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    community_id: Mapped[UUID | None] = mapped_column(ForeignKey("communities.id"))
    compound_id: Mapped[UUID | None] = mapped_column(ForeignKey("compounds.id"))
    thing: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[UUID]
    verb: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(40))
    to_state: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)


def record(
    session: Session,
    thing: Base,
    verb: str,
    *,
    at: datetime,
    actor_id: UUID | None,
    compound_id: UUID | None = None,
    community_id: UUID | None = None,
    from_state: StrEnum | str | None = None,
    to_state: StrEnum | str | None = None,
    reason: str | None = None,
) -> None:
    """Add one row about `thing` (any row with an id) to the log; the caller commits."""
    session.add(
        AuditEntry(
            at=at,
            actor_id=actor_id,
            community_id=community_id,
            compound_id=compound_id,
            thing=thing.__tablename__,
            thing_id=thing.id,  # type: ignore[attr-defined]
            verb=verb,
            from_state=None if from_state is None else str(from_state),
            to_state=None if to_state is None else str(to_state),
            reason=reason,
        )
    )
