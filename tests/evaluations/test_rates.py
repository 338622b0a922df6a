"""The four rates: counted from what was answered, over HTTP; printed with both numbers."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import counted, refused_fields
from tests.evaluations.desk import GOOD, POOR, UNSOLVED, Desk
from tests.resolutions.stage import Stage
from tests.works.site import Travel, body_of
from tests.works.test_worked_example import (
    LINES,
    TITLES,
    assigned_orders,
    blown_whistle,
    done_before,
)

MOSTLY = {"solved": True, "satisfaction": "MOSTLY"}
# What the raiser answers, by the table of section 11 of the domain notes.
ANSWERS = {"W1": GOOD, "W2": MOSTLY, "W3": POOR, "W4": GOOD, "W5": GOOD, "W6": GOOD, "W7": GOOD}
NOTHING = {"numerator": 0, "denominator": 0, "text": "–"}


def texts(rates: dict[str, Any]) -> dict[str, str]:
    names = ("response", "solved_rate", "satisfaction", "in_time")
    return {name: rates[name]["text"] for name in names}


def rates(desk: Desk, **query: str) -> dict[str, Any]:
    """As an officer sees them."""
    return dict(body_of(desk.grid.get(f"{desk.home}/rates", query_string=query)))


def test_worked_example(cast: Cast, travel: Travel):
    """Section 11: response 7/8, resolution 7/8, satisfaction 6/8, finished in time 6/8. What they
    think is for officers: eight answers come from one raiser."""
    desk = Desk(cast, travel)
    lamps = done_before(desk)
    body_of(desk.say(lamps, **ANSWERS["W7"]), 201)
    stage = Stage(cast, travel, titles=TITLES)
    resolutions = [stage.passed(matter=i) for i in range(3)]
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))

    def go(to: str) -> None:
        desk.go(to)
        stage.go(to)

    def finish(*names: str) -> None:
        for name in names:
            go(f"2026-{LINES[name].done}T18:00:00+08:00")
            doer = desk.people[LINES[name].doer]
            body_of(desk.do(orders[name], "submit", by=doer))
            body_of(desk.do(orders[name], "verify"))
            body_of(desk.say(orders[name], stage.voters[0], **ANSWERS[name]), 201)

    go("2026-03-30T10:00:00+08:00")
    orders = assigned_orders(desk, resolutions)
    go("2026-04-01T10:00:00+08:00")
    body_of(desk.do(orders["W3"], "accept"))  # the first contact is late
    finish("W5")
    whistle = blown_whistle(desk, stage)
    go("2026-04-15T09:00:00+08:00")
    body_of(desk.do(whistle, "report"))
    finish("W1", "W3")
    go("2026-04-27T15:00:00+08:00")
    body_of(desk.do(whistle, "feed-back"))
    body_of(desk.say(whistle, stage.voters[0], **UNSOLVED), 201)
    assert desk.read(whistle)["state"] == "REWORK"
    finish("W2", "W6", "W4")

    all_months = rates(desk, **{"from": "2026-03-01", "to": "2026-05-31"})
    assert texts(all_months) == {
        "response": "7/8 = 87.5%",
        "solved_rate": "7/8 = 87.5%",
        "satisfaction": "6/8 = 75.0%",
        "in_time": "6/8 = 75.0%",
    }
    assert texts(all_months["emergencies"]) == dict.fromkeys(texts(all_months), "–")
    # By the day of assignment: W8 alone in April; W7 alone until the 29th of March.
    april = rates(desk, **{"from": "2026-04-01", "to": "2026-04-30"})
    assert texts(april) == {
        "response": "1/1 = 100.0%",
        **dict.fromkeys(["solved_rate", "satisfaction", "in_time"], "0/1 = 0.0%"),
    }
    until = rates(desk, **{"from": "2026-03-01", "to": "2026-03-29"})
    assert until["in_time"] == {"numerator": 1, "denominator": 1, "text": "1/1 = 100.0%"}
    # The session's own: all but W7, whose matter was dispatched and on no list.
    assert body_of(desk.resident.get(f"{stage.path}/rates"))["satisfaction"] is None
    of_session = body_of(desk.grid.get(f"{stage.path}/rates"))
    assert texts(of_session) == {
        "response": "6/7 = 85.7%",
        "solved_rate": "6/7 = 85.7%",
        "satisfaction": "5/7 = 71.4%",
        "in_time": "5/7 = 71.4%",
    }


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_nothing_done_prints_a_dash(desk: Desk):
    seen = rates(desk)
    assert (seen["from"], seen["to"]) == ("2026-03-01", "2026-03-04")  # the month so far
    assert [seen[name] for name in texts(seen)] == [NOTHING] * 4


def test_what_is_not_due_counts_in_neither_number(desk: Desk):
    order = desk.order()
    body_of(desk.do(order, "assign"))
    assert rates(desk)["response"] == rates(desk)["in_time"] == NOTHING
    desk.go("2026-03-05T09:01:00+08:00")  # a day later, and no contact
    assert texts(rates(desk))["response"] == "0/1 = 0.0%"
    body_of(desk.do(order, "accept"))
    assert texts(rates(desk))["response"] == "0/1 = 0.0%"
    desk.go("2026-03-11T08:59:00+08:00")
    body_of(desk.do(order, "submit"))
    desk.go("2026-03-12T09:00:00+08:00")
    assert rates(desk)["in_time"] == NOTHING  # handed in in time, and not checked yet
    body_of(desk.do(order, "verify"))
    assert texts(rates(desk))["in_time"] == "1/1 = 100.0%"


def test_overdue_work_is_not_finished_in_time(desk: Desk):
    order = desk.order()
    body_of(desk.do(order, "assign"))
    desk.go("2026-03-11T09:01:00+08:00")
    assert texts(rates(desk))["in_time"] == "0/1 = 0.0%"


def test_emergencies_are_listed_apart(desk: Desk):
    order = desk.verified(urgency="EMERGENCY")
    body_of(desk.say(order), 201)
    seen = rates(desk)
    assert [seen[name] for name in texts(seen)] == [NOTHING] * 4
    assert texts(seen["emergencies"]) == dict.fromkeys(texts(seen), "1/1 = 100.0%")


def test_only_the_raiser_counts_and_the_last_answer(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    assert texts(rates(desk))["solved_rate"] == "0/1 = 0.0%"
    reason = {"reason": "还是不亮"}
    body_of(desk.secretary.post(f"/orders/{order['id']}/reopen", reason))
    assert texts(rates(desk))["in_time"] == "0/1 = 0.0%"  # due, and not finished
    for verb in ("submit", "verify"):
        body_of(desk.do(order, verb))
    body_of(desk.say(order), 201)
    assert texts(rates(desk)) == dict.fromkeys(texts(rates(desk)), "1/1 = 100.0%")


def test_days_are_those_of_the_compound(desk: Desk):
    desk.go("2026-03-05T00:30:00+08:00")  # still the 4th in UTC
    desk.verified()
    assert rates(desk, **{"from": "2026-03-04", "to": "2026-03-04"})["response"] == NOTHING
    on_the_day = rates(desk, **{"from": "2026-03-05", "to": "2026-03-05"})
    assert texts(on_the_day)["response"] == "1/1 = 100.0%"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "yesterday"}, "query.from"),
        ({"to": "2026-02-30"}, "query.to"),
        ({"from": "0001-01-01"}, "query.from"),
    ],
)
def test_days_that_are_none(desk: Desk, query: dict[str, str], field: str):
    answer = desk.resident.get(f"{desk.home}/rates", query_string=query)
    assert refused_fields(answer) == [field]


def test_rates_make_as_many_queries_for_much_work_as_for_little(desk: Desk):
    matter, sizes = desk.matter(), []
    desk.order(matter=matter)  # so that the matter is never done meanwhile
    for number in (1, 6):
        for _ in range(number):
            desk.verified(matter)
        with counted(desk.cast.app) as sent:
            rates(desk)
        sizes.append(len(sent))
    assert sizes[0] == sizes[1] <= 8
