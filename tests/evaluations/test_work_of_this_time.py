"""A matter is done by work of this time, not by what was done before it was judged unsolved."""

from typing import Any

import pytest

from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.evaluations.desk import GOOD, UNSOLVED, Desk
from tests.works.site import WORDS, Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def judged_unsolved(desk: Desk, kind: str) -> dict[str, Any]:
    """An order or a whistle, closed, whose matter is opened again since its raiser says so."""
    if kind == "whistle":
        whistle = desk.whistle(WhistleState.VERIFIED_CLOSED)
        body_of(desk.say(whistle, **UNSOLVED), 201)
        return whistle
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    if kind == "closed order":
        body_of(desk.secretary.post(f"/orders/{order['id']}/close"))
    return order


def given_up(desk: Desk, matter: str, kind: str) -> None:
    """Other work for the matter, which is withdrawn before anybody did anything."""
    if kind == "whistle":
        desk.whistle(WhistleState.WITHDRAWN, matter)
        return
    state = OrderState.DECLINED if kind == "declined order" else OrderState.REQUESTED
    body_of(desk.do(desk.order(state, matter), "withdraw"))


@pytest.mark.parametrize("newer", ["order", "declined order", "whistle"])
@pytest.mark.parametrize("earlier", ["order", "closed order", "whistle"])
def test_unsolved_matter_is_not_done_by_the_work_before(desk: Desk, earlier: str, newer: str):
    matter = judged_unsolved(desk, earlier)["matter_id"]
    assert desk.state_of(matter) == "REOPENED"
    given_up(desk, matter, newer)
    assert desk.state_of(matter) == "REOPENED"
    assert refusal(desk.secretary.post(f"/matters/{matter}/close")) == (409, "wrong_state")
    assert [each["verdict"] for each in desk.evaluations(matter)] == ["REOPENED"]
    assert desk.notices("MATTER_CLOSED") == []


def test_new_work_does_it(desk: Desk):
    matter = judged_unsolved(desk, "closed order")["matter_id"]
    desk.verified(matter)
    assert desk.state_of(matter) == "DONE"


def test_the_same_work_done_anew_does_it(desk: Desk):
    order = judged_unsolved(desk, "order")
    body_of(desk.secretary.post(f"/orders/{order['id']}/reopen", {"reason": "没办好"}))
    given_up(desk, order["matter_id"], "order")
    assert desk.state_of(order["matter_id"]) == "EXECUTING"
    for verb in ("submit", "verify"):
        body_of(desk.do(order, verb))
    assert desk.state_of(order["matter_id"]) == "DONE"
    body_of(desk.say(order, **GOOD), 201)


def test_matter_whose_new_work_was_given_up_waits_for_the_next_list(cast: Cast, desk: Desk):
    matter = judged_unsolved(desk, "closed order")["matter_id"]
    given_up(desk, matter, "order")
    assert [(m.verb, m.to_state) for m in moves_of(cast.app, matter)][-2:] == [
        ("execute", "EXECUTING"),
        ("give_up_work", "REOPENED"),
    ]
    assert [each["id"] for each in freeze(cast, desk)["matters"]] == [matter]
    assert desk.state_of(matter) == "LISTED"


def test_first_work_that_is_given_up_leaves_the_matter_to_other_work(desk: Desk):
    matter = desk.matter()
    given_up(desk, matter, "order")
    assert desk.state_of(matter) == "EXECUTING"
    desk.verified(matter)
    assert desk.state_of(matter) == "DONE"


def freeze(cast: Cast, desk: Desk) -> dict[str, Any]:
    session = cast.session(desk.secretary)
    for step in ("start-collecting", "freeze-list"):
        frozen = body_of(desk.secretary.post(f"/sessions/{session['id']}/{step}"))
    return dict(frozen)


def proposed(desk: Desk, matter: str) -> dict[str, Any]:
    """An order that a seated member proposes."""
    return dict(body_of(desk.member.post(f"/matters/{matter}/orders", WORDS), 201))


@pytest.mark.parametrize(
    ("ask", "verb"), [(proposed, "assign"), (lambda desk, m: desk.whistle(matter=m), "blow")]
)
def test_what_stands_on_a_list_is_voted_on_before_anybody_works_on_it(
    cast: Cast, desk: Desk, ask: Any, verb: str
):
    matter = judged_unsolved(desk, "order")["matter_id"]
    work = ask(desk, matter)
    assert desk.state_of(matter) == "REOPENED"
    freeze(cast, desk)
    assert desk.state_of(matter) == "LISTED"
    assert refusal(desk.do(work, verb)) == (409, "wrong_state")
    assert desk.read(work)["state"] in ("REQUESTED", "COLLECTED")
    body_of(desk.do(work, "withdraw"))
    assert desk.state_of(matter) == "LISTED"


def test_evaluation_needs_no_holidays_of_a_year_to_come(cast: Cast, travel: Travel):
    """Until its table is there, days of that year are counted by weekends (domain notes, 14)."""
    desk = Desk(cast, travel, begin="2098-12-29T09:00:00+08:00")  # a Monday
    whistle = desk.whistle(WhistleState.FED_BACK)
    body_of(desk.say(whistle, **UNSOLVED), 201)
    sent_back = desk.read(whistle)
    assert (sent_back["state"], sent_back["due_at"]) == ("REWORK", "2099-01-13T00:00:00+08:00")
    for verb in ("feed-back", "verify-close"):
        body_of(desk.do(whistle, verb))
    body_of(desk.say(whistle, **GOOD), 201)
    desk.ask(whistle["matter_id"])
    desk.go("2099-01-06T09:00:00+08:00")
    judged = body_of(desk.secretary.post(f"/matters/{whistle['matter_id']}/close"))
    assert judged["verdict"] == "CLOSED"
