"""Paper slips: each has a serial and a nonce of its own, and becomes a ballot when a second person
has entered the same as the first.

What was marked is not kept here, only the commitment to it, so that whoever confirms cannot copy
from the first entry. A slip names no voter: while voting is open it has the voter's slot, which
goes at sealing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.moves import HasMoves
from app.kit.orm import UNNUMBERED, Base, HasId, enum_type, unique_where
from app.kit.words import Worded
from votes.serial import LENGTH


class SlipState(Worded):
    """ENTERED by one person it waits for another; CONFIRMED it is a ballot."""

    ISSUED = "ISSUED", "还没有录入", "not entered yet"
    ENTERED = "ENTERED", "等待第二人确认", "waiting for the second person"
    CONFIRMED = "CONFIRMED", "已确认", "confirmed"
    WITHDRAWN = "WITHDRAWN", "已撤回", "withdrawn"
    VOID = "VOID", "已作废", "void"


_S = SlipState
SLIP_MOVES: dict[SlipState, frozenset[SlipState]] = {
    _S.ISSUED: frozenset({_S.ENTERED, _S.VOID}),
    # ENTERED > ENTERED: what was misread is entered anew.
    _S.ENTERED: frozenset({_S.ENTERED, _S.CONFIRMED, _S.VOID}),
    _S.CONFIRMED: frozenset({_S.WITHDRAWN}),
    _S.WITHDRAWN: frozenset(),
    _S.VOID: frozenset(),
}


class PaperBatch(HasId, Base):
    """Slips that were issued, and are printed, together."""

    __tablename__ = "paper_batches"
    __table_args__ = (
        Index(None, "session_id"),
        CheckConstraint("size >= 1", name="has_slips"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    size: Mapped[int] = mapped_column(Integer)
    issued_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    issued_at: Mapped[datetime]

    slips: Mapped[list["PaperSlip"]] = relationship(order_by="PaperSlip.serial")


class PaperSlip(HasMoves):
    """One slip. Whoever confirms it is not who entered it; `commitment` is what the first entry
    comes to, with the printed nonce."""

    MOVES = SLIP_MOVES
    CALLED = ("这张纸票", "This slip")

    __tablename__ = "paper_slips"
    __table_args__ = (
        UniqueConstraint("session_id", "serial"),
        Index(None, "session_id", "id"),
        Index(None, "batch_id"),
        unique_where("uq_paper_slips_one_live", "session_id", "slot", where="slot IS NOT NULL"),
        CheckConstraint("confirmed_by_id <> entered_by_id", name="confirmed_by_somebody_else"),
        CheckConstraint(
            "(state IN ('CONFIRMED', 'WITHDRAWN')) = (confirmed_by_id IS NOT NULL)",
            name="ballot_has_its_second_person",
        ),
        CheckConstraint(
            "(state <> 'ISSUED' OR entered_by_id IS NULL)"
            " AND (state IN ('ISSUED', 'VOID') OR entered_by_id IS NOT NULL)",
            name="entry_has_its_person",
        ),
        CheckConstraint("(slot IS NULL) = (commitment IS NULL)", name="entry_is_whole"),
        CheckConstraint(
            "slot IS NULL OR state IN ('ENTERED', 'CONFIRMED')", name="only_live_slips_have_a_slot"
        ),
        CheckConstraint("state <> 'ENTERED' OR slot IS NOT NULL", name="entry_has_its_slot"),
        CheckConstraint(
            "(state IN ('WITHDRAWN', 'VOID')) = (reason IS NOT NULL)", name="end_has_its_reason"
        ),
        UNNUMBERED,
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("paper_batches.id"))
    serial: Mapped[str] = mapped_column(String(LENGTH))
    state: Mapped[SlipState] = mapped_column(enum_type(SlipState, "state"))
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    slot: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    reason: Mapped[str | None] = mapped_column(Text)

    def enter(self, by_id: UUID, slot: bytes, commitment: bytes) -> None:
        """Somebody entered what is on it, for the voter of this slot."""
        self._move(SlipState.ENTERED)
        self.entered_by_id, self.slot, self.commitment = by_id, slot, commitment

    def confirm(self, by_id: UUID) -> None:
        """Somebody else entered the same."""
        self._move(SlipState.CONFIRMED)
        self.confirmed_by_id = by_id

    def withdraw(self, reason: str) -> None:
        """The voter takes the ballot back."""
        self._move(SlipState.WITHDRAWN)
        self.slot, self.commitment, self.reason = None, None, reason

    def void(self, reason: str) -> None:
        """It was spoiled or lost, or nobody confirmed it in time."""
        self._move(SlipState.VOID)
        self.slot, self.commitment, self.reason = None, None, reason
