"""Invitations, attendance, remarks and solution cards of a round table."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.agenda.models import AgendaSession
from app.kit.moves import HasMoves
from app.kit.orm import Base, HasId, enum_type, unique_where
from app.kit.words import Worded
from app.matters.models import Matter
from app.people.models import Resident


class InviteeKind(Worded):
    """Whom a round table may invite (domain notes, section 7)."""

    OWNERS = "OWNERS", "业主", "owners"
    TENANTS = "TENANTS", "租户", "tenants"
    AFFECTED = "AFFECTED", "直接受影响的住户", "those directly affected"
    DEPARTMENT = "DEPARTMENT", "有关部门", "departments"
    PROPERTY_FIRM = "PROPERTY_FIRM", "物业", "the property firm"
    OWNERS_COMMITTEE = "OWNERS_COMMITTEE", "业委会", "the owners' committee"
    EXPERT = "EXPERT", "专家", "experts"
    OTHER = "OTHER", "其他", "others"


# Whom it must have thought of before it begins.
CHECKLIST = (
    InviteeKind.OWNERS,
    InviteeKind.TENANTS,
    InviteeKind.AFFECTED,
    InviteeKind.DEPARTMENT,
)


class Invitation(HasId, Base):
    """Somebody, or some body, invited to a round table; a kind that does not apply is ticked off
    with a reason and no name."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(None, "session_id", "id"),
        UniqueConstraint("session_id", "kind", "name"),
        # NULL is never equal to NULL: without this a kind could be ticked off many times.
        unique_where("uq_invitations_not_needed", "session_id", "kind", where="name IS NULL"),
        CheckConstraint("(name IS NULL) = (not_needed_why IS NOT NULL)", name="name_or_reason"),
        CheckConstraint(
            "not_needed_why IS NULL OR resident_id IS NULL", name="reason_names_nobody"
        ),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    kind: Mapped[InviteeKind] = mapped_column(enum_type(InviteeKind, "kind"))
    name: Mapped[str | None] = mapped_column(String(80))
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    not_needed_why: Mapped[str | None] = mapped_column(Text)
    invited_at: Mapped[datetime]


class ArrivalMode(Worded):
    """How an arrival was noted."""

    SCAN = "SCAN", "扫码", "scanned the code"
    CLERK = "CLERK", "工作人员登记", "noted by a clerk"


class Attendance(HasId, Base):
    """That somebody was at the round table. Only those on the session's roll count for the
    quorum (`is_on_roll`, fixed at arrival)."""

    __tablename__ = "attendances"
    __table_args__ = (
        UniqueConstraint("session_id", "resident_id"),
        Index(None, "session_id", "id"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    arrived_at: Mapped[datetime]
    mode: Mapped[ArrivalMode] = mapped_column(enum_type(ArrivalMode, "mode"))
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    is_on_roll: Mapped[bool] = mapped_column(Boolean)

    resident: Mapped[Resident] = relationship(foreign_keys=resident_id)


class Remark(HasId, Base):
    """One contribution in the minutes. `position` counts from 1 in the order of speaking."""

    __tablename__ = "remarks"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("position >= 1", name="position_starts_at_one"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID | None] = mapped_column(ForeignKey("matters.id"))
    position: Mapped[int] = mapped_column(Integer)
    speaker: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    noted_at: Mapped[datetime]


class CardState(Worded):
    """What became of a card. One that is merged, adopted or dropped stays so."""

    OPEN = "OPEN", "待议", "open"
    MERGED = "MERGED", "已合并", "merged"
    ADOPTED = "ADOPTED", "已采纳", "adopted"
    DROPPED = "DROPPED", "未采纳", "dropped"


CARD_MOVES: dict[CardState, frozenset[CardState]] = {
    CardState.OPEN: frozenset({CardState.MERGED, CardState.ADOPTED, CardState.DROPPED}),
    CardState.MERGED: frozenset(),
    CardState.ADOPTED: frozenset(),
    CardState.DROPPED: frozenset(),
}


class SolutionCard(HasMoves):
    """方案卡片: one proposed solution for a chosen matter; numbered C1, C2 … in its session.

    What only the owners may decide carries the item of Civil Code 278 (1-9) that says so.
    """

    MOVES = CARD_MOVES
    CALLED = ("这张卡片", "This card")

    __tablename__ = "solution_cards"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        Index(None, "matter_id"),
        Index(None, "merged_into_id"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        CheckConstraint(
            "(state = 'MERGED') = (merged_into_id IS NOT NULL)", name="merged_names_its_target"
        ),
        CheckConstraint("owner_vote_item BETWEEN 1 AND 9", name="item_of_civil_code_278"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("agenda_sessions.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    is_anonymous: Mapped[bool] = mapped_column(Boolean)
    owner_vote_item: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[CardState] = mapped_column(enum_type(CardState, "state"))
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("solution_cards.id"))
    put_at: Mapped[datetime]

    matter: Mapped[Matter] = relationship()
    author: Mapped[Resident] = relationship()
    agenda_session: Mapped[AgendaSession] = relationship()

    @property
    def label(self) -> str:
        """The printed number, e.g. `C5`."""
        return f"C{self.number}"

    @property
    def line(self) -> str:
        """Its words in one line, however they were typed."""
        return " ".join(self.text.split())

    @property
    def needs_owner_vote(self) -> bool:
        return self.owner_vote_item is not None

    def require_open(self) -> None:
        """Raises WrongState once the card is merged, adopted or dropped."""
        if self.state is not CardState.OPEN:
            raise self.wrong_state()

    def merge_into(self, other: "SolutionCard") -> None:
        """It says what another card says."""
        self._move(CardState.MERGED)
        self.merged_into_id = other.id

    def adopt(self) -> None:
        """The round table takes it up into a resolution."""
        self._move(CardState.ADOPTED)

    def drop(self) -> None:
        """The round table does not take it up."""
        self._move(CardState.DROPPED)

    def tag(self, owner_vote_item: int | None) -> None:
        """Say which item of Civil Code 278 makes it the owners' to decide; None for none."""
        self.require_open()
        self.owner_vote_item = owner_vote_item


class CardSupport(Base):
    """A resident's support for a card; withdrawn ones stay, with the time."""

    __tablename__ = "card_supports"

    card_id: Mapped[UUID] = mapped_column(ForeignKey("solution_cards.id"), primary_key=True)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    supported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
