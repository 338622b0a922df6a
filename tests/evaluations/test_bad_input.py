"""Input that is none is refused by its field, and leaves nothing behind."""

from typing import Any

import pytest
from sqlalchemy import select

from app.evaluations.models import FollowUp
from app.evaluations.rounds.models import EvaluationAnswer, EvaluationRound, PaperCount
from tests.cast import Cast, stored
from tests.checks import refused_fields
from tests.evaluations.desk import GOOD, Desk
from tests.works.site import Travel

NOT_BOOLEANS: list[Any] = [None, "maybe", 2, [], {}]
NOT_GRADES: list[Any] = [None, "", "satisfied", "FINE", 1, [], {}]
NOT_TEXT: list[Any] = ["", " \n ", 5, True, [], {}, "a\x00b", "长" * 501]
NOT_PEOPLE: list[Any] = [-1, 100_001, 1.5, "1", True, [], {}, 10**30]
NOT_INSTANTS: list[Any] = [None, "", "2026-03-12", "2026-03-12T00:00:00", 5, [], {}, "soon"]
ANSWER = {"solved": NOT_BOOLEANS, "satisfaction": NOT_GRADES, "comment": NOT_TEXT}
PAPER = {"satisfied": 1, "mostly": 1, "not_satisfied": 1, "solved": 2, "unsolved": 1}

# Where the body goes -> a valid body, and for each field what must be refused.
FIELDS: dict[str, tuple[dict[str, Any], dict[str, list[Any]]]] = {
    "follow-ups": (dict(GOOD), ANSWER),
    "follow-ups/taken": (
        {**GOOD, "channel": "VISIT"},
        {**ANSWER, "channel": [None, "", "APP", "phone", 1, [], {}]},
    ),
    "reopen": (
        {"reason": "没办好"},
        {"reason": [None, *NOT_TEXT], "due_on": ["", "2026-02-30", "tomorrow", 5, [], {}]},
    ),
    "evaluation-rounds": (
        {"closes_at": "2026-03-11T09:00:00+08:00"},
        {
            "closes_at": NOT_INSTANTS,
            "min_answers": [0, None, *NOT_PEOPLE],
            "sheets_out": [0, *NOT_PEOPLE],
        },
    ),
    "answer": (dict(GOOD), ANSWER),
    "paper": (PAPER, dict.fromkeys(PAPER, NOT_PEOPLE)),
}


@pytest.mark.parametrize("where", FIELDS)
def test_each_field_is_refused_by_its_name(cast: Cast, travel: Travel, where: str):
    desk = Desk(cast, travel)
    order = desk.verified()
    path, by = f"/orders/{order['id']}/{where}", desk.resident
    if where in ("answer", "paper"):
        opened = desk.ask(order["matter_id"], sheets_out=10)
        path = f"/evaluation-rounds/{opened['id']}/{where}"
    elif where == "evaluation-rounds":
        path = f"/matters/{order['matter_id']}/{where}"
    if where in ("follow-ups/taken", "paper"):
        by = desk.grid
    elif where in ("reopen", "evaluation-rounds"):
        by = desk.secretary
    good, fields = FIELDS[where]
    method = "PUT" if where in ("answer", "paper") else "POST"
    wrong = []
    for name, values in fields.items():
        for value in values:
            found = refused_fields(by.call(method, path, {**good, name: value}))
            if found != [name]:
                wrong.append((name, value, found))
    assert wrong == []
    assert refused_fields(by.call(method, path, {**good, "extra": 1})) == ["extra"]
    kinds = (FollowUp, EvaluationAnswer, PaperCount)
    assert [stored(cast.app, select(kind)) for kind in kinds] == [[], [], []]
    rounds = 1 if where in ("answer", "paper") else 0
    assert len(stored(cast.app, select(EvaluationRound))) == rounds
    assert desk.read(order)["state"] == "VERIFIED"
