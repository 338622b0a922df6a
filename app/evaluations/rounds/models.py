"""Evaluation rounds: a question put to a compound, its answers, and its returned paper sheets."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.compounds.models import Compound
from app.evaluations.outcome import Figures, Satisfaction
from app.evaluations.results import Result
from app.kit.errors import WrongState
from app.kit.moves import HasMoves
from app.kit.orm import UNNUMBERED, Base, enum_type, unique_where
from app.kit.words import Worded


class SubjectKind(Worded):
    """What a round is about."""

    MATTER = "MATTER", "事项", "matter"
    CONVENTION = "CONVENTION", "规约", "convention"


class RoundState(Worded):
    OPEN = "OPEN", "进行中", "open"
    CLOSED = "CLOSED", "已截止", "closed"


class RoundOutcome(Worded):
    """Whether enough people answered for a result."""

    COUNTED = "COUNTED", "已计", "counted"
    TOO_FEW = "TOO_FEW", "人数不足", "too few answered"


ROUND_MOVES: dict[RoundState, frozenset[RoundState]] = {
    RoundState.OPEN: frozenset({RoundState.CLOSED}),
    RoundState.CLOSED: frozenset(),
}


class EvaluationRound(HasMoves):
    """民评 of one subject, open until `closes_at` (exclusive). The figures come with the closing,
    those of confirmed paper sheets among them; `online` counts the answers without paper."""

    MOVES = ROUND_MOVES
    CALLED = ("这次民评", "This evaluation")

    __tablename__ = "evaluation_rounds"
    __table_args__ = (
        Index(None, "compound_id", "id"),
        Index(None, "state", "closes_at"),
        unique_where(
            "uq_evaluation_rounds_one_open", "subject_kind", "subject_id", where="state = 'OPEN'"
        ),
        CheckConstraint("opened_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("min_answers >= 1", name="somebody_must_answer"),
        CheckConstraint("sheets_out >= 1", name="sheets_are_a_number"),
        CheckConstraint(
            "(state = 'CLOSED') = (closed_at IS NOT NULL)"
            " AND (closed_at IS NULL) = (outcome IS NULL)"
            " AND (closed_at IS NULL) = (online IS NULL)"
            " AND (closed_at IS NULL) = (satisfied IS NULL)"
            " AND (closed_at IS NULL) = (mostly IS NULL)"
            " AND (closed_at IS NULL) = (not_satisfied IS NULL)"
            " AND (closed_at IS NULL) = (solved IS NULL)"
            " AND (closed_at IS NULL) = (unsolved IS NULL)",
            name="closing_has_its_figures",
        ),
        CheckConstraint(
            "closed_at IS NULL"
            " OR (outcome = 'COUNTED') = (satisfied + mostly + not_satisfied >= min_answers)",
            name="result_of_enough_answers",
        ),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_type(SubjectKind, "subject_kind"))
    subject_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(String(80))
    state: Mapped[RoundState] = mapped_column(enum_type(RoundState, "state"))
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    min_answers: Mapped[int] = mapped_column(Integer)
    sheets_out: Mapped[int | None] = mapped_column(Integer)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[RoundOutcome | None] = mapped_column(enum_type(RoundOutcome, "outcome"))
    online: Mapped[int | None] = mapped_column(Integer)
    satisfied: Mapped[int | None] = mapped_column(Integer)
    mostly: Mapped[int | None] = mapped_column(Integer)
    not_satisfied: Mapped[int | None] = mapped_column(Integer)
    solved: Mapped[int | None] = mapped_column(Integer)
    unsolved: Mapped[int | None] = mapped_column(Integer)

    compound: Mapped[Compound] = relationship()
    paper: Mapped["PaperCount | None"] = relationship()

    @property
    def state_words(self) -> tuple[str, str]:
        """What has closed opens no more."""
        return "这次民评已经截止", "This evaluation has closed"

    @property
    def asks_whether_solved(self) -> bool:
        """A matter may be solved; a convention is kept, more or less."""
        return self.subject_kind is SubjectKind.MATTER

    @property
    def figures(self) -> Figures:
        """What was counted; nothing before the closing."""
        return Figures(
            self.satisfied or 0,
            self.mostly or 0,
            self.not_satisfied or 0,
            self.solved or 0,
            self.unsolved or 0,
        )

    @property
    def result(self) -> Result:
        """The same, and what may be told of it."""
        return Result(self.figures, self.figures.answers, self.online)

    def close(self, figures: Figures, online: int, at: datetime) -> None:
        """Its time is over: what was answered is its result, if enough people answered."""
        self._move(RoundState.CLOSED)
        self.closed_at, self.online = at, online
        self.satisfied, self.mostly = figures.satisfied, figures.mostly
        self.not_satisfied = figures.not_satisfied
        self.solved, self.unsolved = figures.solved, figures.unsolved
        is_enough = figures.answers >= self.min_answers
        self.outcome = RoundOutcome.COUNTED if is_enough else RoundOutcome.TOO_FEW

    def require_open(self, at: datetime) -> None:
        """Raises WrongState unless answers may still come."""
        if self.state is not RoundState.OPEN or at >= self.closes_at:
            raise self.wrong_state()


class EvaluationAnswer(Base):
    """What one resident says. The id is random, and no time is kept: neither tells in which order
    people answered."""

    __tablename__ = "evaluation_answers"
    __table_args__ = (
        UniqueConstraint("round_id", "resident_id"),
        Index(None, "round_id", "id"),
        UNNUMBERED,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_rounds.id"))
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    solved: Mapped[bool | None]
    satisfaction: Mapped[Satisfaction] = mapped_column(enum_type(Satisfaction, "satisfaction"))
    comment: Mapped[str | None] = mapped_column(Text)


class PaperCount(Base):
    """What the returned paper sheets of a round say, counted by one person and confirmed by
    another; unconfirmed they do not count."""

    __tablename__ = "evaluation_paper_counts"
    __table_args__ = (
        CheckConstraint(
            "satisfied >= 0 AND mostly >= 0 AND not_satisfied >= 0 AND solved >= 0"
            " AND unsolved >= 0",
            name="counts_are_numbers",
        ),
        CheckConstraint(
            "(solved IS NULL) = (unsolved IS NULL) AND (solved IS NULL"
            " OR solved + unsolved = satisfied + mostly + not_satisfied)",
            name="each_sheet_answers_both",
        ),
        CheckConstraint("confirmed_by_id <> entered_by_id", name="confirmed_by_somebody_else"),
        CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name="confirmation_has_its_time"
        ),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation_rounds.id"), primary_key=True)
    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    satisfied: Mapped[int] = mapped_column(Integer)
    mostly: Mapped[int] = mapped_column(Integer)
    not_satisfied: Mapped[int] = mapped_column(Integer)
    solved: Mapped[int | None] = mapped_column(Integer)
    unsolved: Mapped[int | None] = mapped_column(Integer)
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"))
    entered_at: Mapped[datetime]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    confirmed_at: Mapped[datetime | None]

    @property
    def figures(self) -> Figures:
        return Figures(
            self.satisfied,
            self.mostly,
            self.not_satisfied,
            self.solved or 0,
            self.unsolved or 0,
        )

    def require_unconfirmed(self) -> None:
        """Raises WrongState where another person has confirmed the count."""
        if self.confirmed_by_id is not None:
            raise WrongState(zh="纸质票数已经确认", en="The paper count was confirmed already")

    def confirm(self, by_id: UUID, at: datetime) -> None:
        """Somebody else counted the same."""
        self.require_unconfirmed()
        self.confirmed_by_id, self.confirmed_at = by_id, at
