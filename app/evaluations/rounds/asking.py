"""民评 of a subject: opened for a time, answered by residents and on paper, then counted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.board.posting import post
from app.conventions.models import Convention
from app.evaluations import judging, notices, refusals
from app.evaluations.limits import LONGEST_ROUND
from app.evaluations.outcome import Figures, Satisfaction
from app.evaluations.rounds.models import (
    EvaluationAnswer,
    EvaluationRound,
    PaperCount,
    RoundOutcome,
    RoundState,
    SubjectKind,
)
from app.evaluations.schemas import EvaluationResultSchema
from app.kit import locks
from app.kit.clock import read_database_clock
from app.kit.errors import WrongState
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id, table_of
from app.kit.web.api import refused
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.models import Resident


class Subject(NamedTuple):
    """A kind of subject: what must hold when a round on it opens (raises WrongState), and what
    follows from the round when it has closed."""

    require_ready: Callable[[Session, Any], None]
    follow: Callable[[Session, EvaluationRound, datetime], None]


def _require_done(session: Session, matter: Matter) -> None:
    locks.hold_alone(session, matter.id)
    hold_matter(session, matter.id).require_state(MatterState.DONE)


def _require_in_force(session: Session, convention: Convention) -> None:
    if convention.in_force is None:
        raise WrongState(zh="这份规约还没有生效", en="This convention is not in force")


def _follow_nothing(session: Session, closed: EvaluationRound, at: datetime) -> None:
    """Whether a convention is amended or repealed is decided where it was made."""


def _follow_matter(session: Session, closed: EvaluationRound, at: datetime) -> None:
    if closed.outcome is RoundOutcome.COUNTED:
        judging.follow_the_round(session, closed, at)
    else:
        judging.follow_too_few(session, closed, at)


SUBJECTS: dict[SubjectKind, Subject] = {
    SubjectKind.MATTER: Subject(_require_done, _follow_matter),
    SubjectKind.CONVENTION: Subject(_require_in_force, _follow_nothing),
}


def open_round(
    session: Session,
    subject: Matter | Convention,
    by: Resident,
    kind: SubjectKind,
    *,
    closes_at: datetime,
    min_answers: int,
    sheets_out: int | None,
) -> EvaluationRound:
    """Ask the residents of the subject's compound until `closes_at`.

    Raises WrongState, ClosingTimePassed, RoundTooLong, RoundOpenAlready.
    """
    SUBJECTS[kind].require_ready(session, subject)
    at = read_database_clock(session)
    if closes_at <= at:
        raise refusals.ClosingTimePassed
    if closes_at > at + LONGEST_ROUND:
        raise refusals.RoundTooLong
    opened = EvaluationRound(
        id=new_id(),
        compound_id=subject.compound_id,
        compound=subject.compound,
        subject_kind=kind,
        subject_id=subject.id,
        title=subject.title,
        state=RoundState.OPEN,
        opened_by_id=by.id,
        opened_at=at,
        closes_at=closes_at,
        min_answers=min_answers,
        sheets_out=sheets_out,
    )
    try:
        with session.begin_nested():
            session.add(opened)
    except IntegrityError:
        raise refusals.RoundOpenAlready from None
    record_move(session, opened, "open", by, at)
    post(session, notices.EVALUATION_OPENED, opened, at)
    return opened


def answer_round(
    session: Session,
    asked: EvaluationRound,
    by: Resident,
    *,
    solved: bool | None,
    satisfaction: Satisfaction,
    comment: str | None,
) -> None:
    """Answer, or answer anew, until the closing; the last answer counts, and the log keeps none.

    Raises WrongState, and InvalidInput for `solved` where nothing was to be solved.
    """
    locks.share(session, asked.id)
    session.refresh(asked)
    asked.require_open(read_database_clock(session))
    if (solved is None) is asked.asks_whether_solved:
        raise _wrong_solved(asked)
    values = {
        "id": uuid4(),
        "round_id": asked.id,
        "compound_id": asked.compound_id,
        "resident_id": by.id,
        "solved": solved,
        "satisfaction": satisfaction,
        "comment": comment,
    }
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if is_postgresql else sqlite.insert
    statement = insert(table_of(EvaluationAnswer)).values(values)
    names = ("solved", "satisfaction", "comment")
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["round_id", "resident_id"],
            set_={name: getattr(statement.excluded, name) for name in names},
        )
    )


def count_paper(
    session: Session,
    asked: EvaluationRound,
    by: Resident,
    *,
    satisfied: int,
    mostly: int,
    not_satisfied: int,
    solved: int | None,
    unsolved: int | None,
) -> PaperCount:
    """Enter what the returned sheets say, or enter it anew until it is confirmed.

    Raises WrongState, NoSheetsOut, SheetsDisagree, MoreSheetsThanOut, and InvalidInput for
    `solved` where nothing was to be solved.
    """
    at = _begin_writing(session, asked)
    if asked.sheets_out is None:
        raise refusals.NoSheetsOut
    if (solved is None or unsolved is None) is asked.asks_whether_solved:
        raise _wrong_solved(asked)
    sheets = satisfied + mostly + not_satisfied
    if solved is not None and unsolved is not None and solved + unsolved != sheets:
        raise refusals.SheetsDisagree
    if sheets > asked.sheets_out:
        raise refusals.MoreSheetsThanOut
    paper = session.get(PaperCount, asked.id, populate_existing=True)
    if paper is None:
        paper = PaperCount(round_id=asked.id, compound_id=asked.compound_id)
        session.add(paper)
    paper.require_unconfirmed()
    paper.satisfied, paper.mostly, paper.not_satisfied = satisfied, mostly, not_satisfied
    paper.solved, paper.unsolved = solved, unsolved
    paper.entered_by_id, paper.entered_at = by.id, at
    record_move(session, asked, "count_paper", by, at, reason=_words(paper.figures))
    return paper


def confirm_paper(session: Session, asked: EvaluationRound, by: Resident) -> PaperCount:
    """Somebody else counted the same. Raises WrongState, NotCountedYet, ConfirmedByTheSame."""
    at = _begin_writing(session, asked)
    paper = session.get(PaperCount, asked.id, populate_existing=True)
    if paper is None:
        raise refusals.NotCountedYet
    if paper.entered_by_id == by.id:
        raise refusals.ConfirmedByTheSame
    paper.confirm(by.id, at)
    record_move(session, asked, "confirm_paper", by, at, reason=_words(paper.figures))
    return paper


def close_round(session: Session, asked: EvaluationRound) -> None:
    """Count a round whose time is over by the database's clock, and let its subject follow; the
    caller commits."""
    at = begin_move(session, asked)
    if asked.state is not RoundState.OPEN or at < asked.closes_at:
        return
    figures, online = _count_answers(session, asked)
    paper = session.get(PaperCount, asked.id, populate_existing=True)
    if paper is not None and paper.confirmed_by_id is not None:
        figures = figures + paper.figures
    asked.close(figures, online, at)
    session.flush()
    record_move(session, asked, "close", None, at)
    _tell_result(session, asked, at)
    SUBJECTS[asked.subject_kind].follow(session, asked, at)


def _tell_result(session: Session, asked: EvaluationRound, at: datetime) -> None:
    """Of too few answers only their number is told."""
    result = asked.result.told()
    is_counted = asked.outcome is RoundOutcome.COUNTED
    data = EvaluationResultSchema(only=None if is_counted else ["answers"]).dump(result)
    post(session, notices.EVALUATION_CLOSED, asked, at, result=result, data={"result": data})


def _begin_writing(session: Session, asked: EvaluationRound) -> datetime:
    at = begin_move(session, asked)
    asked.require_open(at)
    return at


def _count_answers(session: Session, asked: EvaluationRound) -> tuple[Figures, int]:
    rows = session.execute(
        select(EvaluationAnswer.satisfaction, EvaluationAnswer.solved, func.count())
        .where(EvaluationAnswer.round_id == asked.id)
        .group_by(EvaluationAnswer.satisfaction, EvaluationAnswer.solved)
    ).all()
    graded = {grade: sum(n for said, _, n in rows if said is grade) for grade in Satisfaction}
    figures = Figures(
        satisfied=graded[Satisfaction.SATISFIED],
        mostly=graded[Satisfaction.MOSTLY],
        not_satisfied=graded[Satisfaction.NOT],
        solved=sum(n for _, solved, n in rows if solved is True),
        unsolved=sum(n for _, solved, n in rows if solved is False),
    )
    return figures, figures.answers


def _wrong_solved(asked: EvaluationRound) -> Exception:
    if asked.asks_whether_solved:
        return refused("solved", "required", "请说明是否解决", "Say whether it is solved")
    return refused("solved", "not_asked", "规约不评是否解决", "A convention is not solved")


def _words(figures: Figures) -> str:
    return (
        f"满意 {figures.satisfied}，基本满意 {figures.mostly}，不满意 {figures.not_satisfied}，"
        f"已解决 {figures.solved}，未解决 {figures.unsolved}"
    )
