"""Follow-ups on orders and whistles, and what became of each judged matter."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.evaluations.outcome import Figures, Satisfaction, Verdict, without_figures
from app.evaluations.results import Result
from app.kit.orm import Base, HasId, enum_type
from app.kit.words import Worded
from app.matters.models import Matter
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle
from votes.explanation import Explanation


class FollowUpChannel(Worded):
    """How an answer came: given by its author, or taken by a clerk."""

    APP = "APP", "本人填写", "answered by themselves"
    PHONE_CALL = "PHONE_CALL", "电话", "by phone"
    VISIT = "VISIT", "上门", "on a visit"


class FollowUp(HasId, Base):
    """回访: what somebody who raised or supported a matter says of an order or a whistle for it.

    One for each time that the work is done: `attempt` counts how often it had been sent back. Only
    the raiser's own may be taken by a clerk.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("order_id", "resident_id", "attempt"),
        UniqueConstraint("whistle_id", "resident_id", "attempt"),
        Index(None, "compound_id", "id"),
        Index(None, "matter_id", "id"),
        CheckConstraint("(order_id IS NULL) <> (whistle_id IS NULL)", name="about_one_thing"),
        CheckConstraint("attempt >= 0", name="attempt_is_a_count"),
        CheckConstraint(
            "(channel = 'APP') = (entered_by_id IS NULL)", name="what_was_taken_names_its_clerk"
        ),
        CheckConstraint("entered_by_id IS NULL OR is_raiser", name="only_the_raiser_s_is_taken"),
        CheckConstraint("entered_by_id <> resident_id", name="taken_by_somebody_else"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_orders.id"))
    whistle_id: Mapped[UUID | None] = mapped_column(ForeignKey("whistles.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    attempt: Mapped[int] = mapped_column(Integer)
    is_raiser: Mapped[bool]
    solved: Mapped[bool]
    satisfaction: Mapped[Satisfaction] = mapped_column(enum_type(Satisfaction, "satisfaction"))
    comment: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[FollowUpChannel] = mapped_column(enum_type(FollowUpChannel, "channel"))
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    answered_at: Mapped[datetime]

    order: Mapped[WorkOrder | None] = relationship()
    whistle: Mapped[Whistle | None] = relationship()

    @property
    def label(self) -> str:
        """The printed number of what it is about, e.g. `W1`."""
        work = self.order or self.whistle
        return "" if work is None else work.label


class MatterEvaluation(HasId, Base):
    """What became of a matter when it was judged: by a round, or by the follow-ups alone. So many
    `people` answered, of a round so many of them `online`."""

    __tablename__ = "matter_evaluations"
    __table_args__ = (
        Index(None, "matter_id", "id"),
        CheckConstraint(
            "satisfied >= 0 AND mostly >= 0 AND not_satisfied >= 0 AND solved >= 0"
            " AND unsolved >= 0 AND solved + unsolved = satisfied + mostly + not_satisfied",
            name="figures_agree",
        ),
        CheckConstraint(
            "NOT raiser_says_unsolved OR verdict = 'REOPENED'", name="the_raiser_reopens"
        ),
        CheckConstraint(
            "people >= 0 AND people <= satisfied + mostly + not_satisfied"
            " AND (people = 0) = (satisfied + mostly + not_satisfied = 0)",
            name="people_answered",
        ),
        CheckConstraint("online >= 0 AND online <= people", name="some_answered_online"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    matter_id: Mapped[UUID] = mapped_column(ForeignKey("matters.id"))
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("evaluation_rounds.id"), unique=True)
    verdict: Mapped[Verdict] = mapped_column(enum_type(Verdict, "verdict"))
    raiser_says_unsolved: Mapped[bool]
    satisfied: Mapped[int] = mapped_column(Integer)
    mostly: Mapped[int] = mapped_column(Integer)
    not_satisfied: Mapped[int] = mapped_column(Integer)
    solved: Mapped[int] = mapped_column(Integer)
    unsolved: Mapped[int] = mapped_column(Integer)
    people: Mapped[int] = mapped_column(Integer)
    online: Mapped[int | None] = mapped_column(Integer)
    explanation_zh: Mapped[str] = mapped_column(Text)
    explanation_en: Mapped[str] = mapped_column(Text)
    concluded_at: Mapped[datetime]
    concluded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))

    compound: Mapped[Compound] = relationship()
    matter: Mapped[Matter] = relationship()

    @property
    def figures(self) -> Figures:
        return Figures(self.satisfied, self.mostly, self.not_satisfied, self.solved, self.unsolved)

    @property
    def result(self) -> Result:
        """The figures, and what may be told of them."""
        return Result(self.figures, self.people, self.online, self.round_id is not None)

    def why(self, *, to_officer: bool = False) -> Explanation:
        """The words for it, with figures only where they may be told."""
        if self.result.is_told(to_officer=to_officer):
            return Explanation(self.explanation_zh, self.explanation_en)
        return without_figures(self.verdict, raiser_says_unsolved=self.raiser_says_unsolved)
