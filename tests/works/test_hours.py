"""工时: seated members log their own minutes; rows are taken back, never edited."""

from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.people.models import Role
from app.works.hours.models import WorkHours
from tests.cast import Cast, Person, stored
from tests.checks import moves_of, pages, refusal
from tests.works.site import Site, Travel, body_of, id_of


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


@pytest.fixture
def order(cast: Cast, site: Site) -> dict[str, Any]:
    """An order of two seated members: one has accepted it, the other helps."""
    site.people["helper"] = cast.officer(Role.SEATED_MEMBER)
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[id_of(site.member), id_of(site.helper)]))
    return dict(body_of(site.do(order, "accept", by=site.member)))


def log(
    by: Person, order: dict[str, Any], minutes: int = 90, day: str = "2026-03-04", **kwargs: Any
) -> TestResponse:
    body = {"worked_on": day, "minutes": minutes}
    return by.post(f"/orders/{order['id']}/hours", body, **kwargs)


def test_member_and_helper_log_their_own(cast: Cast, site: Site, order: dict[str, Any]):
    first = body_of(log(site.member, order), 201)
    assert (first["order"], first["minutes"], first["reverses_id"]) == ("W1", 90, None)
    assert first["member_id"] == id_of(site.member)
    body_of(log(site.helper, order, 15), 201)
    rows = stored(cast.app, select(WorkHours).order_by(WorkHours.id))
    assert [(row.member_id, row.minutes) for row in rows] == [
        (site.member.id, 90),
        (site.helper.id, 15),
    ]
    assert [move.verb for move in moves_of(cast.app, first["id"])] == ["log"]


def test_others_log_nothing(cast: Cast, site: Site, order: dict[str, Any]):
    stranger = cast.officer(Role.SEATED_MEMBER)
    assert refusal(log(stranger, order)) == (403, "not_the_doer")
    assert refusal(log(site.secretary, order)) == (403, "forbidden")
    # Who does the work for another body gives no hours of a seated member.
    assert refusal(log(site.manager, order)) == (403, "forbidden")
    body_of(site.do(order, "submit", by=site.member))
    body_of(log(site.member, order), 201)
    assert len(stored(cast.app, select(WorkHours))) == 1


def test_order_that_nobody_took_on_has_no_hours(cast: Cast, site: Site):
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[id_of(site.member)]))
    assert refusal(log(site.member, order)) == (409, "wrong_state")
    assert stored(cast.app, select(WorkHours)) == []


def test_day_lies_between_acceptance_and_today(cast: Cast, site: Site, order: dict[str, Any]):
    site.go("2026-03-06T09:00:00+08:00")
    for day in ("2026-03-03", "2026-03-07"):
        assert refusal(log(site.member, order, day=day)) == (422, "invalid_day")
    for day in ("2026-03-04", "2026-03-06"):
        body_of(log(site.member, order, day=day), 201)
    assert len(stored(cast.app, select(WorkHours))) == 2


def test_day_has_720_minutes_over_all_orders(site: Site, order: dict[str, Any]):
    other = site.order()
    body_of(site.do(other, "assign", doer_ids=[id_of(site.member)]))
    body_of(site.do(other, "accept", by=site.member))
    for minutes in (14, 721, 0, -60):
        assert refusal(log(site.member, order, minutes)) == (422, "invalid_input")
    first = body_of(log(site.member, order, 700), 201)
    assert refusal(log(site.member, other, 21)) == (422, "too_many_minutes")
    body_of(log(site.member, other, 20), 201)
    body_of(log(site.helper, order, 720), 201)  # another member's day
    reason = {"reason": "日期记错"}
    body_of(site.member.post(f"/hours/{first['id']}/reverse", reason), 201)
    body_of(log(site.member, other, 700), 201)


def test_hours_are_taken_back_once(cast: Cast, site: Site, order: dict[str, Any]):
    mine, other = (body_of(log(by, order), 201) for by in (site.member, site.helper))
    reason = {"reason": "日期记错"}
    path = f"/hours/{mine['id']}/reverse"
    assert refusal(site.helper.post(path, reason)) == (403, "not_the_doer")
    reversal = body_of(site.member.post(path, reason), 201)
    assert (reversal["minutes"], reversal["reverses_id"]) == (-90, mine["id"])
    assert reversal["reason"] == "日期记错"
    assert refusal(site.member.post(path, reason)) == (409, "hours_reversed_already")
    again = site.member.post(f"/hours/{reversal['id']}/reverse", reason)
    assert refusal(again) == (409, "wrong_state")
    body_of(site.secretary.post(f"/hours/{other['id']}/reverse", reason), 201)
    minutes = stored(cast.app, select(WorkHours.minutes).order_by(WorkHours.id))
    assert minutes == [90, 90, -90, -90]


def test_ledger_is_read_by_those_who_need_it(cast: Cast, site: Site, order: dict[str, Any]):
    for by in (site.member, site.helper, site.member):
        body_of(log(by, order, 30), 201)
    path = f"{site.home}/hours"
    everything = body_of(site.secretary.get(path))["items"]
    assert len(everything) == 3
    assert {row["member"] for row in everything} == {"S" + "○" * 12}
    assert len(body_of(site.member.get(path))["items"]) == 2
    assert [len(page) for page in pages(site.leader, path, "id", limit=2)] == [2, 1]
    assert refusal(site.manager.get(path)) == (403, "forbidden")
