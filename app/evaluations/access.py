"""Obtaining rounds on somebody's behalf, and what is seen of them and of judgements."""

from typing import Any

from app.evaluations.limits import MIN_FOR_COMMENTS
from app.evaluations.models import MatterEvaluation
from app.evaluations.results import Result
from app.evaluations.rounds.models import EvaluationRound, RoundOutcome


def round_as_seen(asked: EvaluationRound) -> dict[str, Any]:
    """The round as its schema writes it: a result when it has closed and enough answered."""
    is_counted = asked.outcome is RoundOutcome.COUNTED
    return {
        "round": asked,
        "answers": None if asked.closed_at is None else asked.figures.answers,
        "result": Result(asked.figures, asked.online) if is_counted else None,
    }


def shows_comments(asked: EvaluationRound) -> bool:
    """Whether comments may be read: in a result, and never those of fewer than three people."""
    return asked.outcome is RoundOutcome.COUNTED and (asked.online or 0) >= MIN_FOR_COMMENTS


def evaluation_as_seen(evaluation: MatterEvaluation) -> dict[str, Any]:
    """The judgement as `MatterEvaluationSchema` writes it."""
    return {"evaluation": evaluation, "result": evaluation.result}
