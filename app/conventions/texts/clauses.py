"""Clauses, the words flagged in them, and the official owners' votes that they may need."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.conventions.texts.numerals import clause_label
from app.kit.errors import WrongState
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded
from app.resolutions.models import Resolution
from votes.civil_code import OWNERS_ITEMS, OwnersItem

INACTIVE = "（未经业主依法表决，不实施）"


class FlagDecision(Worded):
    """What became of a flagged word: it may stand, or the text must change."""

    CLEARED = "CLEARED", "可以保留", "may stand"
    UPHELD = "UPHELD", "须改写", "must be rewritten"


class Clause(HasId, Base):
    """条: one numbered clause. What only the owners decide has no effect without their vote.

    The vote is kept with its item, so that one on another item cannot stand for it.
    """

    __tablename__ = "convention_clauses"
    __table_args__ = (
        UniqueConstraint("version_id", "number"),
        Index(None, "resolution_id"),
        ForeignKeyConstraint(
            ["owner_vote_id", "owner_vote_item"],
            ["official_owner_votes.id", "official_owner_votes.item"],
            name="fk_convention_clauses_vote_on_its_item",
        ),
        CheckConstraint("number BETWEEN 1 AND 99", name="number_can_be_printed"),
        CheckConstraint("owner_vote_item BETWEEN 1 AND 9", name="owner_vote_item_of_the_law"),
        CheckConstraint(
            "owner_vote_item IS NOT NULL OR owner_vote_id IS NULL", name="vote_is_on_an_item"
        ),
        CheckConstraint(
            "is_active = (owner_vote_item IS NULL OR owner_vote_id IS NOT NULL)",
            name="active_only_with_the_owners_vote",
        ),
    )

    version_id: Mapped[UUID] = mapped_column(ForeignKey("convention_versions.id"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    owner_vote_item: Mapped[int | None] = mapped_column(Integer)
    owner_vote_id: Mapped[UUID | None]
    is_active: Mapped[bool]
    resolution_id: Mapped[UUID | None] = mapped_column(ForeignKey("resolutions.id"))

    resolution: Mapped[Resolution | None] = relationship()
    owner_vote: Mapped["OfficialOwnerVote | None"] = relationship(lazy="joined")

    @property
    def label(self) -> str:
        """The number as it is printed, e.g. `第十二条`."""
        return clause_label(self.number)

    @property
    def needs_owner_vote(self) -> bool:
        """Whether only the owners decide on it (Civil Code 278)."""
        return self.owner_vote_item is not None

    @property
    def printed(self) -> str:
        """The clause as a notice prints it."""
        return f"{self.label} {self.text}" + ("" if self.is_active else INACTIVE)

    def activate(self, vote: "OfficialOwnerVote") -> None:
        """The owners passed it, once; `vote` is on the clause's own item."""
        if self.is_active:
            raise WrongState(
                zh="这一条业主已表决通过，或无须业主表决", en="This clause is active already"
            )
        self.owner_vote, self.owner_vote_id, self.is_active = vote, vote.id, True


class ConventionFlag(HasId, Base):
    """A word that a convention may not have, found at a submission, and the reviewer's decision.

    `clause_number` 0 is the title; `position` counts characters from 0. Why it was flagged is kept
    as it was said then.
    """

    __tablename__ = "convention_flags"
    __table_args__ = (
        UniqueConstraint(
            "version_id",
            "submission",
            "clause_number",
            "position",
            name="uq_convention_flags_place",
        ),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)"
            " AND (decision IS NULL) = (decided_by_id IS NULL)"
            " AND (decision IS NULL) = (decision_reason IS NULL)",
            name="decision_has_its_reason_time_and_author",
        ),
    )

    version_id: Mapped[UUID] = mapped_column(ForeignKey("convention_versions.id"))
    submission: Mapped[int] = mapped_column(Integer)
    clause_number: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    word: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text)
    why_en: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    decision: Mapped[FlagDecision | None] = mapped_column(enum_type(FlagDecision, "decision"))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    decided_at: Mapped[datetime | None]

    @property
    def clause_label(self) -> str:
        """Where it stands, as it is printed."""
        return clause_label(self.clause_number) if self.clause_number else "标题"

    @property
    def is_cleared(self) -> bool:
        """Whether the word may stand."""
        return self.decision is FlagDecision.CLEARED

    def decide(self, decision: FlagDecision, reason: str, by_id: UUID, at: datetime) -> None:
        """The reviewer decides, once."""
        if self.decision is not None:
            raise WrongState(zh="这处标记已经处理", en="This flag was decided already")
        self.decision, self.decision_reason = decision, reason
        self.decided_by_id, self.decided_at = by_id, at


class OfficialOwnerVote(HasId, Base):
    """The record of an owners' vote that passed, by the figures of Civil Code 278.

    No vote that missed them can be stored: the table itself compares them, in integers. Areas are
    in hundredths of a square metre. `matter_id` is there where the vote was on a matter that the
    round table had left to the owners.
    """

    __tablename__ = "official_owner_votes"
    __table_args__ = (
        UniqueConstraint("id", "item"),
        Index(None, "compound_id"),
        Index(None, "matter_id"),
        CheckConstraint("item BETWEEN 1 AND 9", name="item_of_the_law"),
        CheckConstraint(
            "0 < area_yes AND area_yes <= area_part AND area_part <= area_all"
            " AND 0 < heads_yes AND heads_yes <= heads_part AND heads_part <= heads_all",
            name="figures_lie_within_each_other",
        ),
        CheckConstraint(
            "3 * area_part >= 2 * area_all AND 3 * heads_part >= 2 * heads_all",
            name="enough_took_part",
        ),
        CheckConstraint(
            "CASE WHEN item IN (6, 7, 8)"
            " THEN 4 * area_yes >= 3 * area_part AND 4 * heads_yes >= 3 * heads_part"
            " ELSE 2 * area_yes > area_part AND 2 * heads_yes > heads_part END",
            name="passed",
        ),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID | None] = mapped_column(ForeignKey("matters.id"))
    item: Mapped[int] = mapped_column(Integer)
    official_ref: Mapped[str] = mapped_column(String(200))
    area_all: Mapped[int] = mapped_column(BigInteger)
    area_part: Mapped[int] = mapped_column(BigInteger)
    area_yes: Mapped[int] = mapped_column(BigInteger)
    heads_all: Mapped[int] = mapped_column(Integer)
    heads_part: Mapped[int] = mapped_column(Integer)
    heads_yes: Mapped[int] = mapped_column(Integer)
    explanation_zh: Mapped[str] = mapped_column(Text)
    explanation_en: Mapped[str] = mapped_column(Text)
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    entered_at: Mapped[datetime]

    @property
    def basis(self) -> OwnersItem:
        """What leaves it to the owners."""
        return OWNERS_ITEMS[self.item]
