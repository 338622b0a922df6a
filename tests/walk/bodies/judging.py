"""Follow-ups, rounds, cases and rating lists."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.evaluations.rounds.models import EvaluationRound, PaperCount
from app.kit.clock import local
from app.matters.models import Endorsement, Matter
from app.works.orders.models import WorkOrder
from tests.cast import Person
from tests.walk.bodies.meeting import in_force
from tests.walk.turn import NotNow, Turn, column, json, people, says

GRADES = ("SATISFIED", "SATISFIED", "SATISFIED", "MOSTLY", "NOT")


def those_asked(turn: Turn) -> list[Person]:
    """Whoever raised the matter, now and then those who supported it."""
    matter_id = turn.about.of
    raiser = turn.rows(select(Matter.raised_by_id).where(Matter.id == matter_id))
    query = select(Endorsement.resident_id).where(
        Endorsement.matter_id == matter_id, Endorsement.withdrawn_at.is_(None)
    )
    supporters = turn.rows(query.order_by(Endorsement.endorsed_at, Endorsement.resident_id))
    asks_supporters = turn.happens(0.3) and not turn.world.is_tidy
    return people(turn, supporters if asks_supporters else raiser)


def answer_words(turn: Turn) -> dict[str, Any]:
    is_tidy = turn.world.is_tidy
    return {
        "solved": is_tidy or turn.happens(0.7),
        "satisfaction": "SATISFIED" if is_tidy else turn.pick(GRADES),
        "comment": turn.words() if turn.happens(0.3) else ...,
    }


@says(
    "POST /orders/{order_id}/follow-ups",
    "POST /whistles/{whistle_id}/follow-ups",
    who=those_asked,
    crowd=1.0,
)
def follow_up(turn: Turn) -> dict[str, Any]:
    return json(**answer_words(turn))


@says(
    "POST /orders/{order_id}/follow-ups/taken",
    "POST /whistles/{whistle_id}/follow-ups/taken",
)
def taken(turn: Turn) -> dict[str, Any]:
    return json(channel=turn.pick(("PHONE_CALL", "VISIT")), **answer_words(turn))


@says("POST /orders/{order_id}/reopen")
def reopen(turn: Turn) -> dict[str, Any]:
    matter_id = column(turn, WorkOrder.matter_id)
    (state,) = [each.state for each in turn.things["matter_id"] if each.id == matter_id]
    if state not in ("EXECUTING", "REOPENED"):
        raise NotNow
    return json(reason=turn.words(), due_on=turn.day(0, 9) if turn.happens(0.3) else ...)


@says("POST /matters/{matter_id}/evaluation-rounds")
@says("POST /conventions/{convention_id}/evaluation-rounds")
def open_round(turn: Turn) -> dict[str, Any]:
    closes = turn.now + timedelta(hours=turn.chance.randint(20, 120))
    return json(
        closes_at=closes.isoformat(), sheets_out=turn.pick((8, 14)) if turn.happens(0.6) else ...
    )


@says("PUT /evaluation-rounds/{round_id}/answer", crowd=0.75)
def answer_round(turn: Turn) -> dict[str, Any]:
    words = answer_words(turn)
    if turn.about.name != "MATTER":
        words["solved"] = ...
    return json(**words)


@says("PUT /evaluation-rounds/{round_id}/paper")
def count_paper(turn: Turn) -> dict[str, Any]:
    sheets_out = column(turn, EvaluationRound.sheets_out)
    if sheets_out is None:
        raise NotNow
    sheets = turn.chance.randint(1, sheets_out)
    satisfied = turn.chance.randint(0, sheets)
    mostly = turn.chance.randint(0, sheets - satisfied)
    solved = turn.chance.randint(0, sheets)
    asks = turn.about.name == "MATTER"
    return json(
        satisfied=satisfied,
        mostly=mostly,
        not_satisfied=sheets - satisfied - mostly,
        solved=solved if asks else ...,
        unsolved=sheets - solved if asks else ...,
    )


def other_clerks(turn: Turn) -> list[Person]:
    first = turn.rows(select(PaperCount.entered_by_id).where(PaperCount.round_id == turn.about.id))
    roles = ("BRANCH_SECRETARY", "GRID_WORKER", "BUILDING_HEAD")
    found = [each for role in roles for each in turn.world.holders(role, turn.ground.compound)]
    return [each for each in dict.fromkeys(found) if first and each.id != first[0]]


@says("POST /evaluation-rounds/{round_id}/paper/confirm", who=other_clerks)
def confirm_paper(turn: Turn) -> dict[str, Any]:
    return {}


# Cases


def _case(turn: Turn) -> dict[str, Any]:
    conventions = in_force(turn)
    return {
        "title": f"这样解决{turn.world.memory.next()}",
        "problem": turn.words(),
        "solution": turn.words() if turn.happens(0.5) else ...,
        "convention_id": str(turn.pick(conventions)) if conventions and turn.happens(0.9) else ...,
    }


@says("POST /matters/{matter_id}/cases", "PUT /cases/{case_id}")
def case_words(turn: Turn) -> dict[str, Any]:
    return json(**_case(turn))


@says("POST /cases/{case_id}/withdraw")
def withdraw_case(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


# Rating lists


def _entries(turn: Turn) -> list[dict[str, Any]]:
    grounds = [
        each for each in turn.world.grounds.values() if each.community == turn.ground.community
    ]
    return [
        {
            "compound_id": str(each.compound.id),
            "firm_name": turn.pick(("安居物业", "和顺物业")),
            "manager": "陈经理" if turn.happens(0.5) else None,
            "colour": turn.pick(("RED", "BLACK")),
            "reason": turn.words(),
            "figures": turn.words() if turn.happens(0.5) else None,
        }
        for each in grounds
    ]


@says("POST /communities/{community_id}/rating-lists")
def rating_list(turn: Turn) -> dict[str, Any]:
    month = f"{local(turn.now) - timedelta(days=28 * turn.chance.randint(0, 3)):%Y-%m}"
    return json(period=month, entries=_entries(turn))


@says("PUT /rating-lists/{list_id}")
def rewrite_list(turn: Turn) -> dict[str, Any]:
    return json(entries=_entries(turn))


@says("POST /rating-entries/{entry_id}/strike")
def strike(turn: Turn) -> dict[str, Any]:
    return json(reason=turn.words())


@says("POST /rating-entries/{entry_id}/recolour")
def recolour(turn: Turn) -> dict[str, Any]:
    return json(colour=turn.pick(("RED", "BLACK")), reason=turn.words())
