"""Red and black lists of property firms, and their entries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.board.models import PublicNotice
from app.compounds.models import Community, Compound
from app.kit.errors import WrongState
from app.kit.moves import HasMoves
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded
from app.rating_lists.refusals import SameColour


class ListState(Worded):
    """Steps of a list: draft > reviewed > noticed > final (domain notes, section 5)."""

    DRAFT = "DRAFT", "草稿", "draft"
    REVIEWED = "REVIEWED", "已审核", "reviewed"
    NOTICED = "NOTICED", "公示中", "on notice"
    FINAL = "FINAL", "已定榜", "final"


_S = ListState
LIST_MOVES: dict[ListState, frozenset[ListState]] = {
    _S.DRAFT: frozenset({_S.REVIEWED}),
    _S.REVIEWED: frozenset({_S.NOTICED}),
    _S.NOTICED: frozenset({_S.FINAL}),
    _S.FINAL: frozenset(),
}
ON_THE_BOARD = frozenset({_S.NOTICED, _S.FINAL})


class Colour(Worded):
    RED = "RED", "红榜", "red list"
    BLACK = "BLACK", "黑榜", "black list"


class RatingList(HasMoves):
    """红黑榜 of a community for a month; a month has one."""

    MOVES = LIST_MOVES
    CALLED = ("这份红黑榜", "This rating list")

    __tablename__ = "rating_lists"
    __table_args__ = (
        UniqueConstraint("community_id", "period"),
        Index(None, "community_id", "id"),
        Index(None, "state", "notice_ends_at"),
        CheckConstraint("reviewed_by_id <> drafted_by_id", name="reviewed_by_somebody_else"),
        CheckConstraint(
            "(reviewed_at IS NULL) = (state = 'DRAFT')"
            " AND (reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
            name="review_has_its_time_and_author",
        ),
        CheckConstraint(
            "(notice_ends_at IS NULL) = (state IN ('DRAFT', 'REVIEWED'))",
            name="notice_has_its_end",
        ),
        CheckConstraint("(final_at IS NULL) = (state <> 'FINAL')", name="final_has_its_time"),
    )

    community_id: Mapped[UUID] = mapped_column(ForeignKey("communities.id"))
    period: Mapped[str] = mapped_column(String(7))
    state: Mapped[ListState] = mapped_column(enum_type(ListState, "state"))
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    drafted_at: Mapped[datetime]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    reviewed_at: Mapped[datetime | None]
    notice_ends_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]

    community: Mapped[Community] = relationship()
    entries: Mapped[list["RatingEntry"]] = relationship(
        back_populates="rating_list",
        order_by="RatingEntry.number",
        cascade="all, delete-orphan",
    )

    def review(self, by_id: UUID, at: datetime) -> None:
        """The street office found it good; its entries stand."""
        self._move(ListState.REVIEWED)
        self.reviewed_by_id, self.reviewed_at = by_id, at

    def publish(self, ends_at: datetime) -> None:
        """It stands on the board of every compound that it names."""
        self._move(ListState.NOTICED)
        self.notice_ends_at = ends_at

    def finalise(self, at: datetime) -> None:
        """The notices have ended and every objection is answered."""
        self._move(ListState.FINAL)
        self.final_at = at


class RatingEntry(HasId, Base):
    """How the firm of a compound is rated. What an objection changed keeps its reason; an entry
    that was struck stays, with the time."""

    __tablename__ = "rating_entries"
    __table_args__ = (
        UniqueConstraint("list_id", "number"),
        UniqueConstraint("list_id", "compound_id", "firm_name"),
        Index(None, "compound_id"),
        Index(None, "notice_id"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint(
            "struck_at IS NULL OR changed_why IS NOT NULL", name="striking_has_a_reason"
        ),
    )

    list_id: Mapped[UUID] = mapped_column(ForeignKey("rating_lists.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    number: Mapped[int] = mapped_column(Integer)
    firm_name: Mapped[str] = mapped_column(String(80))
    manager: Mapped[str | None] = mapped_column(String(40))
    colour: Mapped[Colour] = mapped_column(enum_type(Colour, "colour"))
    reason: Mapped[str] = mapped_column(Text)
    figures: Mapped[str | None] = mapped_column(Text)
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notices.id"))
    changed_why: Mapped[str | None] = mapped_column(Text)
    struck_at: Mapped[datetime | None]

    rating_list: Mapped[RatingList] = relationship(back_populates="entries")
    compound: Mapped[Compound] = relationship(lazy="joined", innerjoin=True)
    notice: Mapped[PublicNotice | None] = relationship()

    @property
    def reason_now(self) -> str:
        """Why it is rated as it is, or was struck: what an objection changed has its own reason."""
        return self.changed_why or self.reason

    def strike(self, reason: str, at: datetime) -> None:
        """It is taken off the list, once."""
        self._require_changeable()
        self.struck_at, self.changed_why = at, reason

    def recolour(self, colour: Colour, reason: str) -> None:
        """It is rated otherwise."""
        self._require_changeable()
        if self.colour is colour:
            raise SameColour
        self.colour, self.changed_why = colour, reason

    def _require_changeable(self) -> None:
        self.rating_list.require_state(ListState.NOTICED)
        if self.struck_at is not None:
            raise WrongState(zh="这一条已从榜上撤下", en="This entry was struck already")
