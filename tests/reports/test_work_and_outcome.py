"""Figures of work by whom it was for, and what became of resolutions and of judged matters."""

import pytest

from app.people.models import Role
from tests.cast import Cast
from tests.conventions.steps import Desk as Pacts
from tests.evaluations.desk import UNSOLVED, Desk
from tests.reports.test_figures import figures, table
from tests.resolutions.stage import Stage
from tests.works.site import Travel, body_of, id_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_whistles_by_department(desk: Desk):
    """Water signs late and reports in time, and is sent back once; 城管 has not signed yet."""
    water, guards = desk.whistle(), desk.whistle()
    body_of(desk.do(water, "blow"))
    desk.go("2026-03-04T10:01:00+08:00")
    body_of(desk.do(guards, "blow", department="区城管局"))
    for verb in ("sign", "contact", "report", "feed-back", "rework"):
        body_of(desk.do(water, verb))
    work = figures(desk.street, f"/subdistricts/{desk.cast.subdistrict.id}")["work"]
    lines = {
        line["department"]: (
            line["whistles"],
            line["signed_in_time"]["text"],
            line["reported_in_time"]["text"],
        )
        for line in work["by_department"]
    }
    assert lines == {"区城管局": (1, "–", "–"), "区水务局": (1, "0/1 = 0.0%", "1/1 = 100.0%")}
    assert work["rework"] == 1
    assert work["orders"]["number"] == 0
    rows = {row[1]: row[2:] for row in table(desk.resident, desk.home)}
    assert rows["吹哨 Whistles：区水务局：按时签收 Signed in time"] == ["0/1 = 0.0%", "0", "1"]


def test_orders_by_doer_and_minutes(desk: Desk):
    desk.verified()
    body = {"doer_kind": "SEATED_MEMBER", "doer_name": "下沉党员"}
    order = desk.order(**body)
    body_of(desk.do(order, "assign", doer_ids=[id_of(desk.member)]))
    body_of(desk.do(order, "accept", by=desk.member))
    logged = [
        body_of(
            desk.member.post(
                f"/orders/{order['id']}/hours", {"worked_on": "2026-03-04", "minutes": minutes}
            ),
            201,
        )
        for minutes in (60, 45)
    ]
    body_of(desk.member.post(f"/hours/{logged[0]['id']}/reverse", {"reason": "记错"}), 201)
    work = figures(desk.resident, desk.home)["work"]
    assert [(line["doer_kind"], line["number"]) for line in work["by_doer"]] == [
        ("PROPERTY_FIRM", 1),
        ("SEATED_MEMBER", 1),
    ]
    assert work["by_doer"][0]["finished_in_time"]["text"] == "1/1 = 100.0%"
    assert work["by_doer"][1]["finished_in_time"]["text"] == "–"  # may still come
    assert work["member_minutes"] == 45
    assert figures(desk.resident, desk.home, month="2026-02")["work"]["member_minutes"] == 0
    desk.go("2026-04-01T09:00:00+08:00")  # the orders stay in the month of their assignment
    assert figures(desk.resident, desk.home)["work"]["orders"]["number"] == 0
    march = figures(desk.resident, desk.home, month="2026-03")["work"]
    assert march["by_doer"][1]["finished_in_time"]["text"] == "0/1 = 0.0%"


def test_ends_of_resolutions(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    twice, shelved, handed_on = (stage.draft(matter=number) for number in range(3))
    stage.table(twice)
    body_of(stage.do(twice, "count", yes=0, no=0, abstain=0))
    stage.arrive(*stage.voters)
    stage.table(twice)
    body_of(stage.do(twice, "count", yes=1, no=2, abstain=0))
    for resolution in (shelved, handed_on):
        body_of(stage.do(resolution, "shelve", reason="等报告"))
    body_of(stage.do(handed_on, "escalate", forum="COMMUNITY", reason="意见相持"))
    wanted = {"passed": 0, "failed": 1, "no_quorum": 1, "shelved": 2, "escalated": 1}
    for path in (stage.path, f"/compounds/{cast.home.id}"):
        assert figures(stage.secretary, path)["outcome"]["resolutions"] == wanted


def test_solved_and_reopened(desk: Desk):
    for answer in (None, UNSOLVED):
        matter = desk.done(answer)
    desk.go("2026-03-20T09:00:00+08:00")
    orders = body_of(desk.secretary.get(f"{desk.home}/orders"))["items"]
    (silent,) = [order for order in orders if order["matter_id"] != matter]
    body_of(desk.secretary.post(f"/orders/{silent['id']}/close"))
    body_of(desk.secretary.post(f"/matters/{silent['matter_id']}/close"))
    outcome = figures(desk.resident, desk.home)["outcome"]
    assert (outcome["solved"], outcome["reopened"]) == (1, 1)
    assert outcome["raised_to_closed"] == {"count": 1, "median": 16, "p90": 16}


def test_merged_matters_count_when_they_were_screened(desk: Desk):
    kept = desk.cast.matters(desk.secretary, desk.resident, ["路灯"])[0]
    raised = {"title": "灯", "body": "不亮", "category": "LIGHTING"}
    other = body_of(desk.resident.post(f"{desk.home}/matters", raised), 201)["id"]
    desk.go("2026-04-01T00:00:00+08:00")
    body_of(desk.secretary.post(f"/matters/{other}/screen", {"outcome": "MERGED", "into": kept}))
    for month, numbers in (("2026-03", (2, 0)), ("2026-04", (0, 1))):
        seen = figures(desk.resident, desk.home, month=month)["participation"]
        assert (seen["raised"], seen["merged"]) == numbers


def test_recorded_votes_of_owners(cast: Cast, travel: Travel):
    pacts = Pacts(cast, travel)
    pacts.voted("OWNER_COVENANT")
    reader = cast.officer(Role.AUDITOR, level="community")
    outcome = figures(reader, f"/communities/{cast.community.id}", month="2026-03")["outcome"]
    assert (outcome["owner_votes_valid"], outcome["owner_votes_passed"]) == (1, 1)
    assert figures(reader, pacts.stage.path)["outcome"]["owner_votes_passed"] is None
