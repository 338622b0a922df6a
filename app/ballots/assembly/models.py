"""The totals of an assembly that voted with hands, stickers or beans (R4, other methods)."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.orm import Base, HasId


class ManualCount(HasId, Base):
    """What one person entered and two witnesses, who are others, confirm. A new entry has to be
    confirmed anew."""

    __tablename__ = "manual_counts"
    __table_args__ = (
        CheckConstraint("participants >= 1", name="somebody_took_part"),
        CheckConstraint("first_witness_id <> second_witness_id", name="two_witnesses"),
        CheckConstraint(
            "entered_by_id <> first_witness_id AND entered_by_id <> second_witness_id",
            name="witnessed_by_others",
        ),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"), unique=True)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    participants: Mapped[int] = mapped_column(Integer)
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    entered_at: Mapped[datetime]
    first_witness_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    second_witness_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    first_confirmed_at: Mapped[datetime | None]
    second_confirmed_at: Mapped[datetime | None]

    totals: Mapped[list["ManualTotal"]] = relationship(cascade="all, delete-orphan")

    @property
    def people(self) -> frozenset[UUID]:
        """Who entered the totals and who witnesses them."""
        return frozenset({self.entered_by_id, self.first_witness_id, self.second_witness_id})

    @property
    def totals_hash(self) -> str:
        """SHA-256 (64 hexadecimal digits) of what a witness confirms: who entered which totals, and
        when, so that no entry has the hash of another."""
        marks = sorted([str(each.matter_id), each.weight, each.marks] for each in self.totals)
        entered_at = self.entered_at.astimezone(UTC).isoformat()
        seen = [str(self.id), entered_at, str(self.entered_by_id), self.participants, marks]
        return sha256(json.dumps(seen).encode()).hexdigest()

    @property
    def is_confirmed(self) -> bool:
        """Whether both witnesses have confirmed what stands here now."""
        return self.first_confirmed_at is not None and self.second_confirmed_at is not None

    def confirm(self, witness_id: UUID, at: datetime) -> bool:
        """A witness counted the same; False for anybody else."""
        if witness_id == self.first_witness_id:
            self.first_confirmed_at = self.first_confirmed_at or at
        elif witness_id == self.second_witness_id:
            self.second_confirmed_at = self.second_confirmed_at or at
        else:
            return False
        return True


class ManualTotal(Base):
    """How many marks of a weight a listed matter received; none at all has no row."""

    __tablename__ = "manual_totals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "matter_id"], ["agenda_items.session_id", "agenda_items.matter_id"]
        ),
        CheckConstraint("marks >= 1 AND weight >= 1", name="totals_are_numbers"),
    )

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("manual_counts.session_id"), primary_key=True
    )
    matter_id: Mapped[UUID] = mapped_column(primary_key=True)
    weight: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    marks: Mapped[int] = mapped_column(Integer)
