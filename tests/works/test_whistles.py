"""Whistles: who asks, blows, signs, reports and closes, and the terms of each step."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kit.extensions import db
from app.people.models import Role
from app.works.whistles.models import Whistle, WhistleState
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.works.site import Site, Travel, body_of, id_of

S = WhistleState


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def test_whistle_from_request_to_closing(cast: Cast, site: Site):
    matter = site.matter("WHISTLED", "1号路积水")
    whistle = site.whistle(matter=matter)
    assert (whistle["label"], whistle["ground"]) == ("哨1", "CARED_UNSOLVED")
    assert site.state_of(matter) == "WHISTLED"
    body_of(site.do(whistle, "blow"))
    assert site.state_of(matter) == "EXECUTING"
    for to, verb in (
        ("2026-03-04T09:40:00+08:00", "sign"),
        ("2026-03-04T10:00:00+08:00", "contact"),
        ("2026-03-05T09:00:00+08:00", "report"),
        ("2026-03-10T09:00:00+08:00", "feed-back"),
        ("2026-03-20T09:00:00+08:00", "verify-close"),
    ):
        site.go(to)
        whistle = body_of(site.do(whistle, verb))
    assert (whistle["state"], whistle["is_in_time"]) == ("VERIFIED_CLOSED", True)
    assert (whistle["report"], whistle["feedback"]) == ("已到现场", "已清淤")
    assert site.state_of(matter) == "DONE"
    (notice,) = site.notices("WHISTLE_CLOSED")
    assert notice["title"] == "推进哨（哨1）「1号路积水」按期办结"
    assert "区水务局于 2026-03-10 09:00 反馈" in notice["content_text"]
    assert notice["_yueyuetan"]["session_id"] is None
    assert [(move.verb, move.to_state) for move in moves_of(cast.app, whistle["id"])] == [
        ("request", "COLLECTED"),
        ("blow", "BLOWN"),
        ("sign", "SIGNED"),
        ("contact", "SIGNED"),
        ("report", "REPORTED"),
        ("feed_back", "FED_BACK"),
        ("verify_close", "VERIFIED_CLOSED"),
    ]


@pytest.mark.parametrize(
    ("kind", "report_due_at"),
    # 03-04 is a Wednesday, and not counted: Thursday, Friday, then Monday, or Wednesday.
    [("PUSH", "2026-03-10T00:00:00+08:00"), ("HARD", "2026-03-12T00:00:00+08:00")],
)
def test_terms_of_a_whistle(site: Site, kind: str, report_due_at: str):
    blown = body_of(site.do(site.whistle(), "blow", kind=kind))
    assert blown["sign_due_at"] == blown["blown_at"].replace("T09:", "T10:")
    assert blown["contact_due_at"] == blown["blown_at"].replace("-04T", "-05T")
    assert blown["report_due_at"] == report_due_at
    assert blown["due_at"] == "2026-03-19T00:00:00+08:00"  # ten working days


def test_department_objects_once_and_cannot_pass_on(cast: Cast, site: Site):
    whistle = site.whistle(S.BLOWN)
    objected = body_of(site.do(whistle, "object"))
    assert (objected["state"], objected["objection"]) == ("COLLECTED", "不归水务管")
    site.go("2026-03-05T09:00:00+08:00")
    blown = body_of(site.do(whistle, "blow"))
    assert blown["sign_due_at"][:16] == "2026-03-05T10:00"
    assert refusal(site.do(whistle, "object")) == (409, "objected_already")
    assert site.read(whistle)["state"] == "BLOWN"
    body_of(site.do(whistle, "sign"))


def test_only_the_department_that_was_called_answers(cast: Cast, site: Site):
    other = cast.officer(Role.DEPARTMENT, level="subdistrict")
    site.people["other"] = other
    whistle = site.whistle(S.BLOWN)
    for verb in ("sign", "object"):
        assert refusal(site.do(whistle, verb, by=other)) == (403, "not_the_doer")
    # Called as a whole: whoever signs leads, and nobody else acts for it any more.
    whole = site.whistle()
    body_of(site.do(whole, "blow", receiver_id=None))
    body_of(site.do(whole, "sign", by=other))
    for verb in ("contact", "report", "feed-back"):
        assert refusal(site.do(whole, verb)) == (403, "not_the_doer")
    body_of(site.do(whole, "report", by=other))


def test_receiver_holds_the_office(cast: Cast, site: Site):
    whistle = site.whistle()
    for person in (site.resident, site.grid, site.street):
        answer = site.do(whistle, "blow", receiver_id=id_of(person))
        assert refusal(answer) == (422, "invalid_doer")
    assert site.read(whistle)["state"] == "COLLECTED"


def test_doer_never_closes(cast: Cast, site: Site):
    cast.appoint(site.department, Role.GRID_WORKER)  # who may check by another office
    whistle = site.whistle(S.FED_BACK)
    before = site.read(whistle), moves_of(cast.app, whistle["id"])
    for verb in ("verify-close", "rework"):
        assert refusal(site.do(whistle, verb, by=site.department)) == (403, "doer_cannot_verify")
    assert (site.read(whistle), moves_of(cast.app, whistle["id"])) == before
    with cast.app.app_context():
        row = db.session.scalars(select(Whistle)).one()
        assert row.fed_back_at is not None
        row.verify_close(site.department.id, row.fed_back_at)
        with pytest.raises(IntegrityError, match="closed_by_somebody_else"):
            db.session.flush()
        db.session.rollback()


def test_rework_has_a_new_term(site: Site):
    whistle = site.whistle(S.FED_BACK)
    assert refusal(site.do(whistle, "rework", due_on="2026-03-03")) == (422, "due_day_passed")
    reworked = body_of(site.do(whistle, "rework"))
    assert (reworked["rework_count"], reworked["reason"]) == (1, "仍有积水")
    assert reworked["due_at"] == "2026-05-01T00:00:00+08:00"
    site.go("2026-05-02T09:00:00+08:00")
    body_of(site.do(whistle, "feed-back"))
    closed = body_of(site.do(whistle, "verify-close"))
    assert (closed["state"], closed["is_in_time"]) == ("VERIFIED_CLOSED", False)
    assert site.notices("WHISTLE_CLOSED")[0]["title"].endswith("逾期办结")


def test_matter_waits_for_orders_and_whistles(site: Site):
    matter = site.matter("WHISTLED")
    first, spare = site.whistle(S.FED_BACK, matter), site.whistle(matter=matter)
    body = {"title": "围挡", "text": "先围起来", "doer_kind": "COMMUNITY", "doer_name": "社区"}
    order = body_of(site.secretary.post(f"/matters/{matter}/orders", body), 201)
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(site.do(order, verb))
    assert site.state_of(matter) == "EXECUTING"
    body_of(site.do(first, "verify-close"))
    assert site.state_of(matter) == "EXECUTING"
    body_of(site.do(spare, "withdraw"))
    assert site.state_of(matter) == "DONE"


def test_list_is_filtered(cast: Cast, site: Site):
    matter = site.matter("WHISTLED")
    for state in (S.COLLECTED, S.BLOWN, S.SIGNED, S.FED_BACK):
        site.whistle(state, matter)
    site.go("2026-03-04T10:01:00+08:00")

    def labels(**query: Any) -> list[str]:
        page = body_of(site.resident.get(f"{site.home}/whistles", query_string=query))
        return [each["label"] for each in page["items"]]

    assert labels() == ["哨4", "哨3", "哨2", "哨1"]
    assert labels(state="SIGNED") == ["哨3"]
    assert labels(overdue="true") == ["哨2"]
    site.go("2026-03-10T00:00:00+08:00")
    assert labels(overdue="true") == ["哨3", "哨2"]
    assert len(stored(cast.app, select(Whistle))) == 4
