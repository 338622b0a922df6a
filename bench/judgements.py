"""What people said of a month's work: follow-ups, evaluation rounds, and what became of matters."""

from uuid import UUID

from app.board.models import NoticeKind
from app.evaluations.models import FollowUp, FollowUpChannel, MatterEvaluation
from app.evaluations.outcome import Satisfaction, Verdict
from app.evaluations.rounds.models import (
    EvaluationAnswer,
    EvaluationRound,
    RoundOutcome,
    RoundState,
    SubjectKind,
)
from app.works.orders.models import DONE, WorkOrder
from bench.decade import DAY, WORDS, Decade, Session

ANSWERS = 60


def add_judgements(decade: Decade, session: Session) -> UUID:
    """Each finished order of the month is judged by its raiser, each decided matter by a round;
    answers the id of the last round."""
    _add_follow_ups(decade, session)
    round_id = decade.secretary
    for matter_id in session.matters[: len(session.resolutions)]:
        round_id = _add_round(decade, matter_id)
    return round_id


def _add_follow_ups(decade: Decade, session: Session) -> None:
    made = decade.rows.of(WorkOrder)
    for number, order in enumerate(made[-decade.plan.orders // decade.plan.sessions - 1 :]):
        if order["matter_id"] in session.matters and order["state"] in DONE:
            decade.rows.add(
                FollowUp,
                compound_id=decade.place.compound_id,
                matter_id=order["matter_id"],
                order_id=order["id"],
                resident_id=decade.voter(number),
                attempt=0,
                is_raiser=True,
                solved=True,
                satisfaction=Satisfaction.MOSTLY,
                comment=WORDS,
                channel=FollowUpChannel.APP,
                answered_at=decade.at + 8 * DAY,
            )


def _add_round(decade: Decade, matter_id: UUID) -> UUID:
    rows, compound_id, at = decade.rows, decade.place.compound_id, decade.at
    answers = min(ANSWERS, len(decade.place.residents))
    figures = {
        "satisfied": answers,
        "mostly": 0,
        "not_satisfied": 0,
        "solved": answers,
        "unsolved": 0,
    }
    round_id = rows.add(
        EvaluationRound,
        compound_id=compound_id,
        subject_kind=SubjectKind.MATTER,
        subject_id=matter_id,
        title="夜间停车难",
        state=RoundState.CLOSED,
        opened_by_id=decade.secretary,
        opened_at=at + 10 * DAY,
        closes_at=at + 17 * DAY,
        min_answers=5,
        closed_at=at + 17 * DAY,
        outcome=RoundOutcome.COUNTED,
        online=answers,
        **figures,
    )
    for voter in range(answers):
        rows.add(
            EvaluationAnswer,
            round_id=round_id,
            compound_id=compound_id,
            resident_id=decade.voter(voter),
            solved=True,
            satisfaction=Satisfaction.SATISFIED,
            comment="停车顺了。",
        )
    judged = rows.add(
        MatterEvaluation,
        compound_id=compound_id,
        matter_id=matter_id,
        round_id=round_id,
        verdict=Verdict.CLOSED,
        raiser_says_unsolved=False,
        people=answers,
        online=answers,
        explanation_zh="办结。",
        explanation_en="Closed.",
        concluded_at=at + 17 * DAY,
        **figures,
    )
    decade.notice(NoticeKind.EVALUATION_CLOSED, round_id)
    decade.notice(NoticeKind.MATTER_CLOSED, judged)
    return round_id
