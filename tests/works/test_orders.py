"""Orders: who makes, gets, does and checks them, and what each refusal leaves behind."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kit.extensions import db
from app.matters.models import Matter, MatterState
from app.people.models import Role
from app.works.orders.models import OrderDoer, OrderState, WorkOrder
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.works.site import WORDS, Site, Travel, body_of, id_of

S = OrderState


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def test_order_from_request_to_verification(cast: Cast, site: Site):
    matter = site.matter()
    order = body_of(site.secretary.post(f"/matters/{matter}/orders", WORDS), 201)
    assert (order["label"], order["state"], order["way"]) == ("W1", "REQUESTED", "ASSIGN")
    assert (order["due_at"], order["doers"], order["resolution_id"]) == (None, [], None)
    assert site.state_of(matter) == "EXECUTING"

    order = body_of(site.do(order, "assign", due_on="2026-03-08"))
    assert order["doers"] == [{"id": id_of(site.manager), "masked_name": "P" + "○" * 15}]
    assert order["due_at"] == "2026-03-09T00:00:00+08:00"
    (notice,) = site.notices("ORDER_ASSIGNED")
    assert notice["title"] == "任务单 W1「换路灯6盏」已派单"
    assert "承办：物业（物业），期限：2026-03-08 24:00" in notice["content_text"]
    assert notice["_yueyuetan"]["about_id"] == order["id"]
    assert notice["_yueyuetan"]["session_id"] is None

    site.go("2026-03-05T08:59:00+08:00")
    order = body_of(site.do(order, "accept"))
    assert order["contacted_at"] == order["accepted_at"]
    assert order["is_contacted_in_time"] is True
    entry = body_of(site.do(order, "progress", kind="BEFORE"), 201)
    assert (entry["kind"], entry["text"], entry["by"]) == ("BEFORE", "已换3盏", "P" + "○" * 15)
    site.go("2026-03-06T16:00:00+08:00")
    order = body_of(site.do(order, "submit"))
    site.go("2026-03-09T10:00:00+08:00")
    assert site.state_of(matter) == "EXECUTING"
    order = body_of(site.do(order, "verify"))
    # The day of the check is not the day of the work.
    assert order["finished_at"] == order["submitted_at"] < order["due_at"] < order["verified_at"]
    assert order["is_in_time"] is True
    assert site.state_of(matter) == "DONE"
    (notice,) = site.notices("ORDER_VERIFIED")
    assert notice["title"].endswith("按期办结")
    assert notice["_yueyuetan"]["data"]["is_in_time"] is True
    assert [each["text"] for each in site.read(order)["progress"]] == ["已换3盏"]

    moves = [(move.verb, move.to_state, move.by) for move in moves_of(cast.app, order["id"])]
    manager = site.manager.id
    assert moves == [
        ("request", "REQUESTED", site.secretary.id),
        ("assign", "ASSIGNED", site.secretary.id),
        ("accept", "ACCEPTED", manager),
        ("progress", "ACCEPTED", manager),
        ("submit", "SUBMITTED", manager),
        ("verify", "VERIFIED", site.grid.id),
    ]
    assert [move.verb for move in moves_of(cast.app, matter)][-2:] == ["execute", "finish"]


@pytest.mark.parametrize(
    ("urgency", "due_at"),
    [
        ("EMERGENCY", "2026-03-04T11:00"),
        ("UTILITY", "2026-03-05T09:00"),
        ("NORMAL", "2026-03-11T09:00"),
        ("COMPLEX", "2026-03-19T09:00"),
    ],
)
def test_term_follows_from_urgency(site: Site, urgency: str, due_at: str):
    order = site.order(S.ASSIGNED, urgency=urgency)
    assert order["due_at"][:16] == due_at
    assert order["accept_due_at"] == order["contact_due_at"]
    assert order["accept_due_at"][:16] == "2026-03-05T09:00"


def test_order_done_at_the_last_moment_is_in_time(site: Site):
    orders = [site.order(S.ACCEPTED, due_on="2026-03-05") for _ in range(2)]
    site.go("2026-03-05T23:59:59+08:00")
    body_of(site.do(orders[0], "submit"))
    site.go("2026-03-06T00:00:00+08:00")
    body_of(site.do(orders[1], "submit"))
    done = [body_of(site.do(order, "verify")) for order in orders]
    assert [order["is_in_time"] for order in done] == [True, False]
    assert site.notices("ORDER_VERIFIED")[0]["title"].endswith("逾期办结")


def test_late_answer_is_no_contact_in_time_unless_it_was_noted(site: Site):
    orders = [site.order(S.ASSIGNED) for _ in range(3)]
    body_of(site.do(orders[0], "contact"))
    site.go("2026-03-05T09:01:00+08:00")
    found = [body_of(site.do(order, "accept"))["is_contacted_in_time"] for order in orders[:2]]
    assert (found, site.read(orders[2])["is_contacted_in_time"]) == ([True, False], None)


def test_declined_order_is_assigned_again(cast: Cast, site: Site):
    order = site.order(S.DECLINED)
    assert order["reason"] == "不在合同范围"
    site.go("2026-03-06T09:00:00+08:00")
    changes = {"doer_kind": "SEATED_MEMBER", "doer_name": "下沉党员", "due_on": "2026-03-20"}
    order = body_of(site.do(order, "assign", doer_ids=[id_of(site.member)], **changes))
    assert (order["doer_kind"], order["doer_name"]) == ("SEATED_MEMBER", "下沉党员")
    assert [doer["id"] for doer in order["doers"]] == [id_of(site.member)]
    assert order["accept_due_at"][:16] == "2026-03-07T09:00"
    assert order["reason"] is None
    # Who lost the order may not act for it any more, and stays in the rows.
    assert refusal(site.do(order, "accept")) == (403, "not_the_doer")
    assert len(stored(cast.app, select(OrderDoer))) == 2
    body_of(site.do(order, "accept", by=site.member))
    assert len(site.notices("ORDER_ASSIGNED")) == 1


def test_silent_doer_loses_the_order(site: Site):
    order = site.order(S.ASSIGNED)
    order = body_of(site.do(order, "assign", doer_ids=[id_of(site.member)]))
    assert refusal(site.do(order, "accept")) == (403, "not_the_doer")
    body_of(site.do(order, "assign"))
    assert body_of(site.do(order, "accept"))["state"] == "ACCEPTED"


def test_open_order_is_taken(site: Site):
    order = site.order(is_open=True, doer_kind="SEATED_MEMBER", doer_name="下沉党员")
    taken = body_of(site.do(order, "take"))
    assert (taken["way"], taken["state"]) == ("TAKE", "ACCEPTED")
    assert [doer["id"] for doer in taken["doers"]] == [id_of(site.member)]
    assert taken["is_contacted_in_time"] is True
    assert len(site.notices("ORDER_ASSIGNED")) == 1
    assert refusal(site.do(order, "take", by=site.manager)) == (409, "wrong_state")


def test_order_that_is_not_open_is_not_taken(site: Site):
    assert refusal(site.do(site.order(), "take")) == (409, "wrong_state")


def test_proposed_order_is_confirmed_by_assigning(cast: Cast, site: Site):
    matter = site.matter()
    path = f"/matters/{matter}/orders"
    assert refusal(site.member.post(path, {**WORDS, "is_open": True})) == (403, "forbidden")
    order = body_of(site.member.post(path, WORDS), 201)
    assert (order["way"], order["state"]) == ("PROPOSE", "REQUESTED")
    assert site.state_of(matter) == "DISPATCHED"
    assert refusal(site.do(order, "take")) == (409, "wrong_state")
    assert refusal(site.do(order, "assign", by=site.member)) == (403, "forbidden")
    body_of(site.do(order, "assign", doer_ids=[id_of(site.member)]))
    assert site.state_of(matter) == "EXECUTING"


def test_proposal_that_is_not_wanted_is_withdrawn(site: Site):
    matter = site.matter()
    order = body_of(site.member.post(f"/matters/{matter}/orders", WORDS), 201)
    assert body_of(site.do(order, "withdraw"))["reason"] == "与另一张重复"
    assert site.state_of(matter) == "DISPATCHED"


def test_returned_order_is_done_again(site: Site):
    order = site.order(S.RETURNED, due_on="2026-03-08")
    assert (order["return_count"], order["reason"]) == (1, "还有1盏不亮")
    assert order["due_at"] == "2026-03-09T00:00:00+08:00"
    site.go("2026-03-10T09:00:00+08:00")
    body_of(site.do(order, "submit"))
    order = body_of(site.do(order, "return", due_on="2026-03-12"))
    assert (order["return_count"], order["due_at"]) == (2, "2026-03-13T00:00:00+08:00")
    site.go("2026-03-12T09:00:00+08:00")
    body_of(site.do(order, "submit"))
    order = body_of(site.do(order, "verify"))
    assert (order["is_in_time"], order["finished_at"][:10]) == (True, "2026-03-12")


def test_doer_never_verifies(cast: Cast, site: Site):
    # Somebody who may check by another office.
    cast.appoint(site.manager, Role.GRID_WORKER)
    helper = cast.officer(Role.BUILDING_HEAD)
    site.people["helper"] = helper
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[id_of(site.manager), id_of(helper)]))
    body_of(site.do(order, "accept"))
    body_of(site.do(order, "submit"))
    before = site.read(order), moves_of(cast.app, order["id"])
    for person in (site.manager, helper):
        for verb in ("verify", "return"):
            answer = site.do(order, verb, by=person)
            assert refusal(answer) == (403, "doer_cannot_verify")
    assert (site.read(order), moves_of(cast.app, order["id"])) == before
    assert body_of(site.do(order, "verify", by=site.leader))["state"] == "VERIFIED"


def test_secretary_writes_for_a_doer_who_has_no_account_and_does_not_verify(site: Site):
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[]))
    for verb in ("accept", "submit"):
        assert refusal(site.do(order, verb, by=site.member)) == (403, "not_the_doer")
        body_of(site.do(order, verb, by=site.secretary))
    assert refusal(site.do(order, "verify", by=site.secretary)) == (403, "doer_cannot_verify")
    assert body_of(site.do(order, "verify"))["state"] == "VERIFIED"


def test_database_refuses_a_check_by_the_doer(cast: Cast, site: Site):
    order = site.order(S.SUBMITTED)
    with cast.app.app_context():
        row = db.session.scalars(select(WorkOrder)).one()
        assert str(row.id) == order["id"]
        row.verify(site.manager.id, row.submitted_at)
        with pytest.raises(IntegrityError, match="verified_by_somebody_else"):
            db.session.flush()
        db.session.rollback()


@pytest.mark.parametrize("verb", ["accept", "decline", "contact", "progress", "submit"])
def test_only_the_doer_acts(cast: Cast, site: Site, verb: str):
    order = site.order(S.ASSIGNED)
    before = site.read(order)
    for person in (site.secretary, site.member, site.leader):
        assert refusal(site.do(order, verb, by=person)) == (403, "not_the_doer")
    assert site.read(order) == before


def test_who_acts_for_a_doer_holds_an_office_in_the_place(cast: Cast, site: Site):
    order = site.order()
    elsewhere = cast.officer(Role.PROPERTY_MANAGER, cast.neighbour)
    auditor = cast.officer(Role.AUDITOR)
    for person in (site.resident, elsewhere, auditor):
        ids = [id_of(site.manager), id_of(person)]
        assert refusal(site.do(order, "assign", doer_ids=ids)) == (422, "invalid_doer")
    assert site.read(order)["state"] == "REQUESTED"
    assert stored(cast.app, select(OrderDoer)) == []
    for person in (site.leader, site.department):  # whose offices reach the compound from above
        body_of(site.do(order, "assign", doer_ids=[id_of(person)]))


def test_due_day_before_today_is_refused(cast: Cast, site: Site):
    matter, order = site.matter(), site.order(S.SUBMITTED)
    late = {"due_on": "2026-03-03"}
    path = f"/matters/{matter}/orders"
    assert refusal(site.secretary.post(path, {**WORDS, **late})) == (422, "due_day_passed")
    assert refusal(site.do(site.order(), "assign", **late)) == (422, "due_day_passed")
    assert refusal(site.do(order, "return", **late)) == (422, "due_day_passed")
    assert site.read(order)["state"] == "SUBMITTED"
    assert site.state_of(matter) == "DISPATCHED"
    assert body_of(site.secretary.post(path, {**WORDS, "due_on": "2026-03-04"}), 201)


def test_matter_is_done_when_all_its_orders_are(site: Site):
    matter = site.matter()
    first, second, third = (site.order(S.ACCEPTED, matter) for _ in range(3))
    spare = site.order(matter=matter)
    for order in (first, second):
        body_of(site.do(order, "submit"))
        body_of(site.do(order, "verify"))
        assert site.state_of(matter) == "EXECUTING"
    body_of(site.do(third, "submit"))
    body_of(site.do(third, "verify"))
    assert site.state_of(matter) == "EXECUTING"  # the fourth is still wanted
    body_of(site.do(spare, "withdraw"))
    assert site.state_of(matter) == "DONE"
    again = site.secretary.post(f"/matters/{matter}/orders", WORDS)
    assert refusal(again) == (409, "wrong_state")


def test_matter_without_any_work_left_is_not_done(site: Site):
    matter = site.matter()
    body_of(site.do(site.order(matter=matter), "withdraw"))
    assert site.state_of(matter) == "EXECUTING"


def test_orders_are_numbered_within_the_compound(cast: Cast, site: Site):
    labels = [site.order(matter=site.matter())["label"] for _ in range(3)]
    assert labels == ["W1", "W2", "W3"]


def test_same_request_makes_one_order(cast: Cast, site: Site):
    path, key = f"/matters/{site.matter()}/orders", {"Idempotency-Key": "once"}
    made = [body_of(site.secretary.post(path, WORDS, headers=key), 201) for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    other = site.secretary.post(path, {**WORDS, "title": "别的"}, headers=key)
    assert refusal(other) == (409, "idempotency_key_reused")
    assert len(stored(cast.app, select(WorkOrder))) == 1


# From which matters orders and whistles come, by the domain notes, sections 3 and 8.
M = MatterState
ORDER_FROM = {M.DISPATCHED, M.RESOLVED, M.EXECUTING, M.REOPENED}
WHISTLE_FROM = {M.WHISTLED, M.EXECUTING, M.REOPENED}


def test_work_begins_from_matters_of_its_states_only(cast: Cast, site: Site):
    def put(matter: str, state: MatterState) -> None:
        with cast.app.app_context():
            row = db.session.get_one(Matter, UUID(matter))
            row.state, row.reason = state, "说明"
            row.merged_into_id = other if state is M.MERGED else None
            db.session.commit()

    other = UUID(site.matter())
    matter = site.matter()
    found: dict[str, set[Any]] = {"orders": set(), "whistles": set()}
    for state in M:
        for kind, by, body in (
            ("orders", site.secretary, WORDS),
            ("whistles", site.leader, {"ground": "EMERGENCY", "text": "塌陷"}),
        ):
            put(matter, state)
            answer = by.post(f"/matters/{matter}/{kind}", body)
            if answer.status_code == 201:
                found[kind].add(state)
            else:
                assert refusal(answer) == (409, "wrong_state")
                assert site.state_of(matter) == state
    assert found == {"orders": ORDER_FROM, "whistles": WHISTLE_FROM}


def test_list_is_filtered_and_paged(site: Site):
    matter = site.matter()
    due = {"due_on": "2026-03-05"}
    orders = [
        site.order(S.ASSIGNED, matter, **due),
        site.order(S.ACCEPTED, matter, doer_kind="PARTY_GROUP", **due),
        site.order(S.SUBMITTED, matter, **due),
        site.order(matter=matter, is_open=True, **due),
        site.order(matter=matter),
    ]
    site.go("2026-03-06T09:00:00+08:00")
    path = f"{site.home}/orders"

    def labels(**query: Any) -> list[str]:
        page = body_of(site.resident.get(path, query_string=query))
        return [order["label"] for order in page["items"]]

    assert labels() == ["W5", "W4", "W3", "W2", "W1"]
    assert labels(state="REQUESTED") == ["W5", "W4"]
    assert labels(doer_kind="PARTY_GROUP") == ["W2"]
    assert labels(overdue="true") == ["W4", "W2", "W1"]
    assert labels(overdue="true", state="ASSIGNED") == ["W1"]
    overdue = [site.read(order)["is_overdue"] for order in orders]
    assert overdue == [True, True, False, True, False]
    page = body_of(site.resident.get(path, query_string={"limit": 2}))
    rest = labels(limit=10, cursor=page["next_cursor"])
    assert [order["label"] for order in page["items"]] + rest == labels()
