"""Matters and endorsements."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.kit.moves import HasMoves
from app.kit.orm import Base, enum_type


class Category(StrEnum):
    """The controlled list of categories (domain notes, section 10); codes never change."""

    PARKING = "PARKING"
    LIFT_ADD = "LIFT_ADD"
    FUME_NOISE = "FUME_NOISE"
    ILLEGAL_BUILD = "ILLEGAL_BUILD"
    PROPERTY_FEE = "PROPERTY_FEE"
    RENOVATION = "RENOVATION"
    SUBSIDENCE_ROAD = "SUBSIDENCE_ROAD"
    LEAK_DRAIN = "LEAK_DRAIN"
    EBIKE = "EBIKE"
    LIGHTING = "LIGHTING"
    LIFT_MAINTAIN = "LIFT_MAINTAIN"
    OWNERS_COMMITTEE = "OWNERS_COMMITTEE"
    COMMON_FUNDS = "COMMON_FUNDS"
    SANITATION = "SANITATION"
    GREEN_SPACE = "GREEN_SPACE"
    ELDERLY = "ELDERLY"
    CHILDCARE = "CHILDCARE"
    PETS_NEIGHBOUR = "PETS_NEIGHBOUR"
    FIRE_CORRIDOR = "FIRE_CORRIDOR"
    ACCESS = "ACCESS"
    OTHER = "OTHER"


class MatterState(StrEnum):
    SUBMITTED = "SUBMITTED"
    LISTED = "LISTED"
    MERGED = "MERGED"
    DISPATCHED = "DISPATCHED"
    WHISTLED = "WHISTLED"
    REFUSED = "REFUSED"
    SELECTED = "SELECTED"
    DELIBERATED = "DELIBERATED"
    RESOLVED = "RESOLVED"
    OWNER_VOTE = "OWNER_VOTE"
    SHELVED = "SHELVED"
    EXECUTING = "EXECUTING"
    DONE = "DONE"
    EVALUATED = "EVALUATED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    DEFERRED = "DEFERRED"
    WITHDRAWN = "WITHDRAWN"


_S = MatterState
SCREENED = frozenset({_S.LISTED, _S.MERGED, _S.DISPATCHED, _S.WHISTLED, _S.REFUSED})
MATTER_MOVES: dict[MatterState, frozenset[MatterState]] = {
    # Its raiser may take it back while it stands on no list.
    _S.SUBMITTED: SCREENED | {_S.WITHDRAWN},
    # A listed matter may still be solved or turn out unlawful; while voting is open it then stays
    # on the ballot and is skipped at selection (R8).
    _S.LISTED: frozenset(
        {_S.DISPATCHED, _S.WHISTLED, _S.REFUSED, _S.SELECTED, _S.DEFERRED, _S.WITHDRAWN}
    ),
    _S.DEFERRED: SCREENED | {_S.WITHDRAWN},
    _S.MERGED: frozenset(),
    _S.DISPATCHED: frozenset({_S.EXECUTING}),
    _S.WHISTLED: frozenset({_S.EXECUTING}),
    _S.REFUSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    # A matter for which no card was taken up may still be resolved, or is shelved.
    _S.SELECTED: frozenset({_S.DELIBERATED, _S.RESOLVED, _S.SHELVED}),
    _S.DELIBERATED: frozenset({_S.RESOLVED, _S.OWNER_VOTE, _S.SHELVED}),
    _S.RESOLVED: frozenset({_S.EXECUTING}),
    _S.OWNER_VOTE: frozenset(),
    _S.SHELVED: frozenset(),
    _S.EXECUTING: frozenset({_S.DONE}),
    _S.DONE: frozenset({_S.EVALUATED}),
    _S.EVALUATED: frozenset({_S.CLOSED, _S.REOPENED}),
    _S.CLOSED: frozenset(),
    # REOPENED > LISTED: with the next list that is frozen, without screening.
    _S.REOPENED: frozenset({_S.EXECUTING, _S.LISTED}),
}
ENDORSABLE = frozenset({_S.SUBMITTED, _S.LISTED, _S.DEFERRED})
SCREENABLE = ENDORSABLE
UNDER_DISCUSSION = frozenset({_S.SELECTED, _S.DELIBERATED})


class Matter(HasMoves):
    """What a resident wants dealt with. Its words never change once they stood on a list; until
    then its raiser may correct them. From the first supporter on each correction is a `version`,
    and the earlier words are kept."""

    MOVES = MATTER_MOVES
    CALLED = ("这件事", "This matter")

    __tablename__ = "matters"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        Index(None, "compound_id", "state"),
        Index(None, "merged_into_id"),
        UniqueConstraint("compound_id", "id", name="uq_matters_in_compound"),
        CheckConstraint("carry_over >= 0", name="carry_over_is_a_count"),
        CheckConstraint(
            "(state = 'MERGED') = (merged_into_id IS NOT NULL)", name="merged_names_its_target"
        ),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        CheckConstraint("state <> 'REFUSED' OR reason IS NOT NULL", name="refusal_has_a_reason"),
        CheckConstraint("version >= 1", name="version_starts_at_one"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    raised_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), index=True)
    raised_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    category: Mapped[Category] = mapped_column(enum_type(Category, "category"))
    state: Mapped[MatterState] = mapped_column(enum_type(MatterState, "state"))
    screened_at: Mapped[datetime | None]
    screened_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("matters.id"))
    carry_over: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)

    compound: Mapped[Compound] = relationship()

    def screen(self, outcome: MatterState, by_id: UUID, at: datetime, reason: str | None) -> None:
        """The branch decides what becomes of the matter (`outcome` is one of SCREENED)."""
        self.require_state(*SCREENABLE)
        self._move(outcome)
        self.screened_by_id, self.screened_at, self.reason = by_id, at, reason

    def correct(self, words: "Words", at: datetime, *, keeps: bool) -> "MatterVersion | None":
        """Its raiser puts it in other words. With `keeps` the words until now stay, as the version
        that is answered."""
        self.require_state(MatterState.SUBMITTED, MatterState.LISTED)
        kept = None
        if keeps:
            kept = MatterVersion(
                matter_id=self.id,
                number=self.version,
                compound_id=self.compound_id,
                **self.words._asdict(),
                replaced_at=at,
            )
            self.version += 1
        self.title, self.body, self.category = words
        return kept

    def withdraw(self) -> None:
        """Its raiser takes it back."""
        self._move(MatterState.WITHDRAWN)

    def select(self) -> None:
        """The session chose it."""
        self._move(MatterState.SELECTED)

    def defer(self) -> None:
        """The session did not choose it: it is carried over to the compound's next turn (R7)."""
        self._move(MatterState.DEFERRED)
        self.carry_over += 1

    def deliberate(self) -> None:
        """The round table took up a first solution for it."""
        self._move(MatterState.DELIBERATED)

    def resolve(self) -> None:
        """A resolution on it was passed."""
        self._move(MatterState.RESOLVED)

    def leave_to_owners(self) -> None:
        """All that was taken up for it is the owners' to decide (Civil Code 278)."""
        self._move(MatterState.OWNER_VOTE)

    def shelve(self) -> None:
        """The round table ended without deciding it."""
        self._move(MatterState.SHELVED)

    def execute(self) -> None:
        """Somebody is to carry it out."""
        self._move(MatterState.EXECUTING)

    def finish(self) -> None:
        """All that was to be carried out for it is verified."""
        self._move(MatterState.DONE)

    def evaluate(self) -> None:
        """Those whom it concerns have judged what was done."""
        self._move(MatterState.EVALUATED)

    def close(self) -> None:
        """It is solved."""
        self._move(MatterState.CLOSED)

    def reopen(self) -> None:
        """It was judged unsolved."""
        self._move(MatterState.REOPENED)

    def relist(self) -> None:
        """Judged unsolved, it stands on the next list without being screened again."""
        self.require_state(MatterState.REOPENED)
        self._move(MatterState.LISTED)

    @property
    def words(self) -> "Words":
        """What it says."""
        return Words(self.title, self.body, self.category)

    def require_under_discussion(self) -> None:
        """Raises WrongState unless solutions for it may still be put and taken up."""
        self.require_state(*UNDER_DISCUSSION)

    def require_endorsable(self) -> None:
        """Raises WrongState unless support for it may still change."""
        self.require_state(*ENDORSABLE)


class Words(NamedTuple):
    """What a matter says."""

    title: str
    body: str
    category: Category


class MatterVersion(Base):
    """Words of a matter that were corrected after somebody had supported them."""

    __tablename__ = "matter_versions"
    __table_args__ = (CheckConstraint("number >= 1", name="number_starts_at_one"),)

    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    category: Mapped[Category] = mapped_column(enum_type(Category, "category"))
    replaced_at: Mapped[datetime]


class Endorsement(Base):
    """附议: a resident's support for a matter in the words of a version; withdrawn ones stay, with
    the time."""

    __tablename__ = "endorsements"

    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"), primary_key=True)
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    endorsed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)
    withdrawn_at: Mapped[datetime | None]
