"""Matters and endorsements."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.kit.moves import HasMoves
from app.kit.orm import Base, enum_type
from app.kit.words import Worded


class Category(Worded):
    """The controlled list of categories (domain notes, section 10); codes never change."""

    PARKING = "PARKING", "停车难", "parking"
    LIFT_ADD = "LIFT_ADD", "加装电梯难", "adding lifts"
    FUME_NOISE = "FUME_NOISE", "油烟噪音扰民", "cooking fumes and noise"
    ILLEGAL_BUILD = "ILLEGAL_BUILD", "违法搭建、拆违", "illegal building"
    PROPERTY_FEE = "PROPERTY_FEE", "物业收费与服务", "property fees and service"
    RENOVATION = "RENOVATION", "老旧小区改造", "renovation of old compounds"
    SUBSIDENCE_ROAD = "SUBSIDENCE_ROAD", "地面下沉、道路破损", "subsidence and broken roads"
    LEAK_DRAIN = "LEAK_DRAIN", "漏水、积水、管网", "leaks, flooding and drains"
    EBIKE = "EBIKE", "电动车停放与充电", "parking and charging e-bikes"
    LIGHTING = "LIGHTING", "路灯照明", "street lighting"
    LIFT_MAINTAIN = "LIFT_MAINTAIN", "电梯运行与维管", "lift operation and maintenance"
    OWNERS_COMMITTEE = (
        "OWNERS_COMMITTEE",
        "业委会组建与运行",
        "running the owners' committee",
    )
    COMMON_FUNDS = "COMMON_FUNDS", "公共收益与维修资金", "common income and repair funds"
    SANITATION = "SANITATION", "环境卫生与垃圾分类", "cleanliness and waste sorting"
    GREEN_SPACE = "GREEN_SPACE", "绿化、架空层、公共空间", "green and public spaces"
    ELDERLY = "ELDERLY", "养老助餐", "meals for the elderly"
    CHILDCARE = "CHILDCARE", "托育托管", "childcare"
    PETS_NEIGHBOUR = "PETS_NEIGHBOUR", "养犬与邻里纠纷", "dogs and disputes between neighbours"
    FIRE_CORRIDOR = (
        "FIRE_CORRIDOR",
        "消防通道、楼道堆物、高空抛物",
        "blocked fire lanes and corridors",
    )
    ACCESS = "ACCESS", "出行、快递外卖进小区", "getting about, deliveries"
    OTHER = "OTHER", "其他", "other"


class MatterState(Worded):
    SUBMITTED = "SUBMITTED", "已提出", "submitted"
    LISTED = "LISTED", "已上题单", "listed"
    MERGED = "MERGED", "已合并", "merged"
    DISPATCHED = "DISPATCHED", "直接派单", "dispatched"
    WHISTLED = "WHISTLED", "提请吹哨", "whistle requested"
    REFUSED = "REFUSED", "不予受理", "refused"
    SELECTED = "SELECTED", "入选", "selected"
    DELIBERATED = "DELIBERATED", "已议", "deliberated"
    RESOLVED = "RESOLVED", "已决", "resolved"
    OWNER_VOTE = "OWNER_VOTE", "须业主共同决定", "left to the owners"
    SHELVED = "SHELVED", "暂缓", "shelved"
    EXECUTING = "EXECUTING", "办理中", "being carried out"
    DONE = "DONE", "已办", "done"
    EVALUATED = "EVALUATED", "已评", "evaluated"
    CLOSED = "CLOSED", "办结", "closed"
    REOPENED = "REOPENED", "重新办理", "reopened"
    DEFERRED = "DEFERRED", "结转", "carried over"
    WITHDRAWN = "WITHDRAWN", "已撤回", "withdrawn"


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
    # > SHELVED: nobody carries it on any more, with a reason.
    _S.DISPATCHED: frozenset({_S.EXECUTING, _S.SHELVED}),
    _S.WHISTLED: frozenset({_S.EXECUTING, _S.SHELVED}),
    _S.REFUSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    # A matter for which no card was taken up may still be resolved, handed on, or is shelved.
    _S.SELECTED: frozenset({_S.DELIBERATED, _S.RESOLVED, _S.OWNER_VOTE, _S.SHELVED}),
    _S.DELIBERATED: frozenset({_S.RESOLVED, _S.OWNER_VOTE, _S.SHELVED}),
    _S.RESOLVED: frozenset({_S.EXECUTING, _S.SHELVED}),
    # OWNER_VOTE > RESOLVED: the owners have passed it.
    _S.OWNER_VOTE: frozenset({_S.RESOLVED, _S.SHELVED}),
    _S.SHELVED: frozenset(),
    # EXECUTING > REOPENED: what was to be done anew is not wanted any more.
    _S.EXECUTING: frozenset({_S.DONE, _S.REOPENED, _S.SHELVED}),
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
    """What a resident wants dealt with, numbered within its compound. Its words never change once
    they stood on a list; until then its raiser may correct them. From the first supporter on each
    correction is a `version`, and the earlier words are kept.

    `reopened_at` is when it was last judged unsolved: what was done before counts no more.
    """

    MOVES = MATTER_MOVES
    CALLED = ("这件事", "This matter")

    __tablename__ = "matters"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        Index(None, "compound_id", "state"),
        Index(None, "merged_into_id"),
        UniqueConstraint("compound_id", "id", name="uq_matters_in_compound"),
        UniqueConstraint("compound_id", "number"),
        CheckConstraint("number >= 1", name="number_starts_at_one"),
        CheckConstraint("carry_over >= 0", name="carry_over_is_a_count"),
        CheckConstraint(
            "(state = 'MERGED') = (merged_into_id IS NOT NULL)", name="merged_names_its_target"
        ),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        CheckConstraint("state <> 'REFUSED' OR reason IS NOT NULL", name="refusal_has_a_reason"),
        CheckConstraint("version >= 1", name="version_starts_at_one"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    number: Mapped[int] = mapped_column(Integer)
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
    reopened_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    compound: Mapped[Compound] = relationship()

    @property
    def name(self) -> str:
        """As notices call it; of two with the same title the number tells which."""
        return f"议题{self.number}「{self.title}」"

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
        """A resolution on it was passed, or the owners passed what was left to them."""
        self._move(MatterState.RESOLVED)

    def leave_to_owners(self) -> None:
        """All that was taken up for it is the owners' to decide (Civil Code 278)."""
        self._move(MatterState.OWNER_VOTE)

    def shelve(self, reason: str | None = None) -> None:
        """The round table ended without deciding it, or nobody carries it on any more."""
        self._move(MatterState.SHELVED)
        self.reason = reason or self.reason

    def execute(self) -> None:
        """Somebody is to carry it out."""
        self._move(MatterState.EXECUTING)

    def finish(self) -> None:
        """All that was to be carried out for it is verified."""
        self._move(MatterState.DONE)

    def give_up_work(self) -> None:
        """Judged unsolved before, it waits again: what was to be done anew was withdrawn."""
        self.require_state(MatterState.EXECUTING)
        self._move(MatterState.REOPENED)

    def counts(self, done_at: datetime | None) -> bool:
        """Whether work that was found done at that moment is of this time."""
        return done_at is not None and (self.reopened_at is None or done_at > self.reopened_at)

    def evaluate(self) -> None:
        """Those whom it concerns have judged what was done."""
        self._move(MatterState.EVALUATED)

    def close(self) -> None:
        """It is solved."""
        self._move(MatterState.CLOSED)

    def reopen(self, at: datetime) -> None:
        """It was judged unsolved."""
        self.require_state(MatterState.EVALUATED)
        self._move(MatterState.REOPENED)
        self.reopened_at = at

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
