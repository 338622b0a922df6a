"""结项、退回重办: an order ends with its follow-up, or goes back to its doer."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.evaluations.desk import GOOD, POOR, UNSOLVED, Desk
from tests.works.site import Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def end(desk: Desk, order: dict[str, Any], verb: str = "close", **body: Any) -> Any:
    return desk.secretary.post(f"/orders/{order['id']}/{verb}", body or None)


def test_raiser_has_a_week_before_an_order_closes_without_an_answer(desk: Desk):
    order = desk.verified()
    desk.go("2026-03-11T08:59:00+08:00")
    assert refusal(end(desk, order)) == (409, "raiser_not_asked")
    desk.go("2026-03-11T09:01:00+08:00")
    assert body_of(end(desk, order))["state"] == "CLOSED"
    assert refusal(desk.say(order)) == (409, "wrong_state")
    judged = body_of(desk.secretary.post(f"/matters/{order['matter_id']}/close"))
    assert judged["verdict"] == "CLOSED"
    assert judged["result"]["satisfaction"] == {"numerator": 0, "denominator": 0, "text": "–"}


def test_what_its_raiser_calls_unsolved_is_not_closed(desk: Desk):
    matter = desk.matter()
    desk.order(matter=matter)  # so that the matter is not done yet
    order = desk.verified(matter)
    body_of(desk.say(order, **UNSOLVED), 201)
    before = desk.read(order), moves_of(desk.cast.app, order["id"])
    assert refusal(end(desk, order)) == (409, "raiser_says_unsolved")
    assert (desk.read(order), moves_of(desk.cast.app, order["id"])) == before


def test_order_of_a_reopened_matter_may_close_for_another_order(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    assert body_of(end(desk, order))["state"] == "CLOSED"
    matter = order["matter_id"]
    another = desk.verified(matter)
    assert desk.state_of(matter) == "DONE"
    body_of(desk.say(another), 201)
    assert body_of(desk.secretary.post(f"/matters/{matter}/close"))["verdict"] == "CLOSED"
    assert [each["verdict"] for each in desk.evaluations(matter)] == ["CLOSED", "REOPENED"]


def test_reopened_order_is_done_anew(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    reopened = body_of(end(desk, order, "reopen", reason="还有1盏不亮", due_on="2026-03-20"))
    assert (reopened["state"], reopened["return_count"]) == ("RETURNED", 1)
    assert reopened["due_at"] == "2026-03-21T00:00:00+08:00"
    assert reopened["verified_at"] is reopened["finished_at"] is reopened["is_in_time"] is None
    assert desk.state_of(order["matter_id"]) == "EXECUTING"
    last = moves_of(desk.cast.app, order["id"])[-1]
    assert (last.verb, last.from_state, last.reason) == ("reopen", "RATED", "还有1盏不亮")
    (notice,) = desk.notices("ORDER_VERIFIED")
    assert notice["title"] == "任务单 W1「换路灯6盏」退回重办"
    assert notice["content_text"].endswith("退回重办。")
    desk.go("2026-03-06T09:00:00+08:00")
    for verb in ("submit", "verify"):
        body_of(desk.do(order, verb))
    assert (desk.read(order)["is_in_time"], desk.state_of(order["matter_id"])) == (True, "DONE")
    (again,) = desk.notices("ORDER_VERIFIED")
    assert again["id"] == notice["id"]
    assert again["title"] == "任务单 W1「换路灯6盏」按期办结"
    assert "2026-03-06 09:00 办结" in again["content_text"].splitlines()[-1]


def test_without_a_day_the_term_begins_anew(desk: Desk):
    matter = desk.matter()
    desk.order(matter=matter)
    order = desk.verified(matter)
    body_of(desk.say(order, **POOR), 201)
    assert refusal(end(desk, order, "reopen", reason="慢", due_on="2026-03-03")) == (
        422,
        "due_day_passed",
    )
    assert desk.read(order)["state"] == "RATED"
    reopened = body_of(end(desk, order, "reopen", reason="慢"))
    assert reopened["due_at"][:13] == "2026-03-11T09"  # seven days for a normal one
    assert desk.state_of(matter) == "EXECUTING"


def test_order_of_a_done_matter_goes_back_only_when_it_was_judged(desk: Desk):
    order = desk.verified()
    assert refusal(end(desk, order, "reopen", reason="慢")) == (409, "wrong_state")
    assert desk.read(order)["state"] == "VERIFIED"
    assert len(desk.notices("ORDER_VERIFIED")) == 1


@pytest.mark.parametrize(("words", "verdict"), [(GOOD, "CLOSED"), (POOR, "REOPENED")])
def test_matter_is_judged_by_its_follow_ups(desk: Desk, words: dict[str, Any], verdict: str):
    order = desk.verified()
    matter = order["matter_id"]
    close = f"/matters/{matter}/close"
    assert refusal(desk.secretary.post(close)) == (409, "orders_are_open")
    body_of(desk.say(order, **words), 201)
    if words is POOR:
        assert refusal(desk.secretary.post(close)) == (409, "orders_are_open")
        body_of(end(desk, order))
    judged = body_of(desk.secretary.post(close))
    assert (judged["verdict"], desk.state_of(matter)) == (verdict, verdict)
    assert len(desk.notices(f"MATTER_{verdict}")) == 1
    assert refusal(desk.secretary.post(close)) == (409, "wrong_state")
