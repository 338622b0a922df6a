"""回访: who is asked about an order or a whistle, once, and what the raiser's answer does."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.evaluations.models import FollowUp
from app.kit.extensions import db
from app.matters.models import Endorsement, Matter, MatterState
from app.people.models import Role
from app.works.whistles.models import WhistleState
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.evaluations.desk import POOR, UNSOLVED, Desk
from tests.works.site import Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def verbs(desk: Desk, thing: str) -> list[tuple[str, str | None]]:
    return [(move.verb, move.to_state) for move in moves_of(desk.cast.app, thing)]


def test_good_answer_of_the_raiser_closes_the_order(desk: Desk):
    order = desk.verified()
    answer = body_of(desk.say(order, comment="都亮了"), 201)
    assert (answer["label"], answer["is_raiser"], answer["channel"]) == ("W1", True, "APP")
    assert desk.read(order)["state"] == "CLOSED"
    assert verbs(desk, order["id"])[-2:] == [("rate", "RATED"), ("close", "CLOSED")]
    assert moves_of(desk.cast.app, answer["id"])[0].by == desk.resident.id
    assert desk.state_of(order["matter_id"]) == "DONE"


def test_dissatisfied_raiser_leaves_the_order_to_the_branch(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **POOR), 201)
    assert desk.read(order)["state"] == "RATED"
    assert body_of(desk.secretary.post(f"/orders/{order['id']}/close"))["state"] == "CLOSED"


def test_unsolved_opens_a_done_matter_again_at_once(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    assert desk.read(order)["state"] == "RATED"
    assert desk.state_of(order["matter_id"]) == "REOPENED"
    assert verbs(desk, order["matter_id"])[-2:] == [
        ("evaluate", "EVALUATED"),
        ("reopen", "REOPENED"),
    ]
    (evaluation,) = desk.evaluations(order["matter_id"])
    assert (evaluation["verdict"], evaluation["round_id"]) == ("REOPENED", None)
    assert "回访时，提出人认为没有解决" in evaluation["explanation"]
    (notice,) = desk.notices("MATTER_REOPENED")
    assert notice["content_text"].endswith(
        "重新办理。\n由党支部安排重新办理；下一期定题单前没有开始办理的，列入本小区下一期月月谈题单。"
    )
    assert notice["_yueyuetan"]["en"]["title"].startswith("Matter 1 opened again: ")
    assert notice["_yueyuetan"]["data"]["matter_id"] == order["matter_id"]


def test_unsolved_while_other_work_goes_on_waits_for_it(desk: Desk):
    matter = desk.matter()
    other = desk.order(matter=matter)
    order = desk.verified(matter)
    body_of(desk.say(order, **UNSOLVED), 201)
    assert desk.state_of(matter) == "EXECUTING"
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(desk.do(other, verb))
    assert desk.state_of(matter) == "DONE"
    judged = body_of(desk.secretary.post(f"/matters/{matter}/close"))
    assert (judged["verdict"], desk.state_of(matter)) == ("REOPENED", "REOPENED")


def test_supporters_answer_too_and_move_nothing(desk: Desk):
    order = desk.order()
    matter = order["matter_id"]
    merged_raiser, endorser, stranger = desk.people_move_in(3)
    # Support was given while that could be: the matter is dispatched by now.
    _endorsed(desk, matter, endorser.id)
    _merged(desk, matter, merged_raiser)
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(desk.do(order, verb))
    assert body_of(desk.say(order, endorser, **UNSOLVED), 201)["is_raiser"] is False
    assert desk.read(order)["state"] == "VERIFIED"
    body_of(desk.say(order), 201)
    body_of(desk.say(order, merged_raiser), 201)  # also when it has closed
    assert desk.read(order)["state"] == "CLOSED"
    assert refusal(desk.say(order, stranger)) == (403, "not_asked")
    judged = body_of(desk.secretary.post(f"/matters/{matter}/close"))
    assert judged["verdict"] == "CLOSED"
    result = judged["result"]
    assert result["answers"] == 3
    assert result["satisfaction"]["text"] == result["solved_rate"]["text"] == "2/3 = 66.7%"
    assert result["breakdown"] == {"satisfied": 2, "mostly": 0, "not_satisfied": 1}


def _endorsed(desk: Desk, matter: str, by: Any) -> None:
    with desk.cast.app.app_context():
        db.session.add(
            Endorsement(matter_id=UUID(matter), resident_id=by, endorsed_at=datetime.now(UTC))
        )
        db.session.commit()


def _merged(desk: Desk, matter: str, raiser: Any) -> None:
    body = {"title": "路灯也不亮", "body": "5栋", "category": "LIGHTING"}
    other = body_of(raiser.post(f"{desk.home}/matters", body), 201)["id"]
    with desk.cast.app.app_context():
        row = db.session.get_one(Matter, UUID(other))
        row.state, row.merged_into_id = MatterState.MERGED, UUID(matter)
        db.session.commit()


def test_each_is_asked_once_for_each_time_that_the_work_is_done(desk: Desk):
    order = desk.verified()
    body_of(desk.say(order, **UNSOLVED), 201)
    assert refusal(desk.say(order)) == (409, "answered_already")
    assert len(stored(desk.cast.app, select(FollowUp))) == 1
    path = f"/orders/{order['id']}/reopen"
    body_of(desk.secretary.post(path, {"reason": "还是不亮"}))
    for verb in ("submit", "verify"):
        body_of(desk.do(order, verb))
    assert body_of(desk.say(order), 201)["attempt"] == 1
    assert (desk.read(order)["state"], desk.state_of(order["matter_id"])) == ("CLOSED", "DONE")


def test_same_key_answers_once(desk: Desk):
    order = desk.verified()
    path, key = f"/orders/{order['id']}/follow-ups", {"Idempotency-Key": "once"}
    first = body_of(desk.resident.post(path, UNSOLVED, headers=key), 201)
    assert body_of(desk.resident.post(path, UNSOLVED, headers=key), 201) == first


def test_clerk_enters_what_the_raiser_said(desk: Desk):
    order = desk.verified()
    entered = body_of(desk.enter(order, desk.secretary, channel="VISIT", **POOR), 201)
    assert (entered["is_raiser"], entered["channel"]) == (True, "VISIT")
    (row,) = stored(desk.cast.app, select(FollowUp))
    assert (row.resident_id, row.entered_by_id) == (desk.resident.id, desk.secretary.id)
    (move,) = moves_of(desk.cast.app, entered["id"])
    assert (move.verb, move.to_state, move.by) == ("answer", "VISIT", desk.secretary.id)
    assert desk.read(order)["state"] == "RATED"
    assert refusal(desk.say(order)) == (409, "answered_already")
    (seen,) = body_of(desk.secretary.get(f"/matters/{order['matter_id']}/follow-ups"))["items"]
    assert (seen["label"], seen["satisfaction"]) == ("W1", "NOT")


def test_doers_neither_answer_nor_enter(desk: Desk):
    order = desk.order()
    raised = {"title": "路灯", "body": "3栋", "category": "LIGHTING"}
    doer = desk.cast.officer(Role.BUILDING_HEAD)
    matter = body_of(doer.post(f"{desk.home}/matters", raised), 201)["id"]
    body_of(desk.secretary.post(f"/matters/{matter}/screen", {"outcome": "DISPATCHED"}))
    order = desk.order(matter=matter)
    body_of(desk.do(order, "assign", doer_ids=[str(doer.id)]))
    for verb in ("accept", "submit"):
        body_of(desk.do(order, verb, by=doer))
    body_of(desk.do(order, "verify"))
    assert refusal(desk.say(order, doer)) == (403, "doer_cannot_rate")
    assert refusal(desk.enter(order, doer)) == (403, "doer_cannot_rate")
    assert stored(desk.cast.app, select(FollowUp)) == []
    assert desk.read(order)["state"] == "VERIFIED"


def test_clerk_who_raised_it_answers_for_himself(desk: Desk):
    clerk = desk.cast.officer(Role.BUILDING_HEAD)
    raised = {"title": "路灯", "body": "3栋", "category": "LIGHTING"}
    matter = body_of(clerk.post(f"{desk.home}/matters", raised), 201)["id"]
    body_of(desk.secretary.post(f"/matters/{matter}/screen", {"outcome": "DISPATCHED"}))
    order = desk.verified(matter)
    assert refusal(desk.enter(order, clerk)) == (409, "answer_yourself")
    assert body_of(desk.say(order, clerk), 201)["is_raiser"] is True


def test_unsolved_whistle_goes_back_with_a_new_term(desk: Desk):
    whistle = desk.whistle(WhistleState.FED_BACK)
    body_of(desk.say(whistle, **UNSOLVED), 201)
    seen = desk.read(whistle)
    assert seen["state"] == "REWORK"
    assert seen["due_at"] == "2026-03-19T00:00:00+08:00"  # ten working days after 03-04
    assert verbs(desk, whistle["id"])[-1] == ("rework", "REWORK")
    assert refusal(desk.say(whistle)) == (409, "wrong_state")
    body_of(desk.do(whistle, "feed-back"))
    assert body_of(desk.say(whistle), 201)["attempt"] == 1
    assert desk.read(whistle)["state"] == "FED_BACK"
    body_of(desk.do(whistle, "verify-close"))
    matter = seen["matter_id"]
    assert body_of(desk.secretary.post(f"/matters/{matter}/close"))["verdict"] == "CLOSED"
    assert desk.read(whistle)["state"] == "EVALUATED"


@pytest.mark.parametrize(("words", "state"), [({}, "DONE"), (UNSOLVED, "REOPENED")])
def test_answer_on_a_closed_whistle_evaluates_it(desk: Desk, words: Any, state: str):
    whistle = desk.whistle(WhistleState.VERIFIED_CLOSED)
    body_of(desk.say(whistle, **words), 201)
    assert desk.read(whistle)["state"] == "EVALUATED"
    assert desk.state_of(whistle["matter_id"]) == state


def test_whistle_goes_back_also_where_the_holidays_of_its_new_term_are_unknown(
    cast: Cast, travel: Travel
):
    desk = Desk(cast, travel)
    whistle = desk.whistle(WhistleState.FED_BACK)
    desk.go("2098-12-30T09:00:00+08:00")
    body_of(desk.say(whistle, **UNSOLVED), 201)
    seen = desk.read(whistle)
    assert (seen["state"], seen["due_at"]) == ("REWORK", "2099-01-14T00:00:00+08:00")


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"entered_by_id": "resident", "channel": "VISIT"}, "taken_by_somebody_else"),
        ({"channel": "VISIT"}, "what_was_taken_names_its_clerk"),
        ({"entered_by_id": "grid"}, "what_was_taken_names_its_clerk"),
        (
            {"entered_by_id": "grid", "channel": "VISIT", "is_raiser": False},
            "only_the_raiser_s_is_taken",
        ),
        ({"order_id": None}, "about_one_thing"),
    ],
)
def test_rows_keep_the_rules(desk: Desk, rows: Session, changes: Any, constraint: str):
    body_of(desk.say(desk.verified()), 201)
    row = rows.scalars(select(FollowUp)).one()
    for name, value in changes.items():
        person = {"resident": desk.resident, "grid": desk.grid}.get(str(value))
        setattr(row, name, person.id if person else value)
    with pytest.raises(IntegrityError, match=constraint):
        rows.flush()
