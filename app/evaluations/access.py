"""What is seen of rounds, of judgements and of the rates, and by whom."""

from collections.abc import Iterable
from typing import Any

from app.compounds.models import Compound
from app.evaluations.limits import MIN_FOR_COMMENTS
from app.evaluations.models import MatterEvaluation
from app.evaluations.rates import Work, rates_of
from app.evaluations.rounds.models import EvaluationRound, RoundOutcome
from app.people.guards import current_actor
from app.people.models import Role

# Those who answer for how work is done, or look over it; none of those who carry it out as a firm.
OFFICERS = frozenset(
    {
        Role.BUILDING_HEAD,
        Role.GRID_WORKER,
        Role.BRANCH_SECRETARY,
        Role.COMMUNITY_SECRETARY,
        Role.SUBDISTRICT_OFFICER,
        Role.AUDITOR,
    }
)


def is_officer_of(compound: Compound) -> bool:
    """Whether whoever asks may see what fewer than ten people said there."""
    return not current_actor().roles_in(compound).isdisjoint(OFFICERS)


def round_as_seen(asked: EvaluationRound) -> dict[str, Any]:
    """The round as its schema writes it: a result when it has closed and enough answered."""
    is_counted = asked.outcome is RoundOutcome.COUNTED
    result = asked.result.told(to_officer=is_officer_of(asked.compound)) if is_counted else None
    return {
        "round": asked,
        "answers": None if asked.closed_at is None else asked.figures.answers,
        "result": result,
    }


def shows_comments(asked: EvaluationRound) -> bool:
    """Whether comments may be read: in a result, and never those of fewer than three people."""
    return asked.outcome is RoundOutcome.COUNTED and (asked.online or 0) >= MIN_FOR_COMMENTS


def evaluation_as_seen(evaluation: MatterEvaluation) -> dict[str, Any]:
    """The judgement as `MatterEvaluationSchema` writes it."""
    to_officer = is_officer_of(evaluation.compound)
    return {
        "evaluation": evaluation,
        "why": evaluation.why(to_officer=to_officer),
        "result": evaluation.result.told(to_officer=to_officer),
    }


def rates_as_seen(works: Iterable[Work], compound: Compound) -> dict[str, Any]:
    """The rates of ordinary work, and beside them those of emergencies."""
    works, to_officer = list(works), is_officer_of(compound)
    ordinary = rates_of(each for each in works if not each.is_emergency)
    emergencies = rates_of(each for each in works if each.is_emergency)
    return {
        **ordinary.told(to_officer=to_officer),
        "emergencies": emergencies.told(to_officer=to_officer),
    }
