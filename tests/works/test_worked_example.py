"""The eight orders of section 11 of the domain notes: seven orders and a whistle, over HTTP."""

from typing import Any, NamedTuple

from sqlalchemy import select

from app.works.orders.models import WorkOrder
from tests.cast import Cast, stored
from tests.resolutions.stage import Stage
from tests.works.site import Site, Travel, body_of, id_of

TITLES = (
    "夜间停车难、消防通道被占",
    "电动车飞线充电、车棚不足",
    "3栋2单元加装电梯",
    "1号路雨后积水",
)


class Line(NamedTuple):
    """One line of the table: from which chosen matter, doer, due day, and when it was done."""

    title: str
    matter: int
    doer_kind: str
    doer_name: str
    doer: str
    due_on: str
    done: str


LINES = {
    "W1": Line(
        "清僵尸车8辆、划黄线", 0, "PARTY_BRANCH", "党支部、物业", "manager", "2026-04-17", "04-15"
    ),
    "W2": Line("错时车位40个", 0, "SEATED_MEMBER", "下沉党员", "member", "2026-04-30", "04-28"),
    "W3": Line("车位编号、访客登记", 0, "PROPERTY_FIRM", "物业", "manager", "2026-04-20", "04-24"),
    "W4": Line(
        "充电棚60口", 1, "OWNERS_COMMITTEE", "业委会、物业", "manager", "2026-05-15", "05-12"
    ),
    "W5": Line("清飞线17处", 1, "PARTY_GROUP", "楼栋党小组", "member", "2026-04-10", "04-09"),
    "W6": Line(
        "组织单元表决", 2, "OWNERS_COMMITTEE", "业委会、社区", "leader", "2026-04-30", "04-30"
    ),
}


def done_before(site: Site) -> dict[str, Any]:
    """W7: six street lamps of M11, which was dispatched without a vote."""
    order = site.order(due_on="2026-03-08")
    body_of(site.do(order, "assign"))
    body_of(site.do(order, "accept"))
    site.go("2026-03-06T17:00:00+08:00")
    body_of(site.do(order, "submit"))
    return dict(body_of(site.do(order, "verify")))


def assigned_orders(site: Site, resolutions: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """W1 to W6 on 30 March; all but W3 are accepted at once."""
    orders = {}
    for name, line in LINES.items():
        words = {
            "title": line.title,
            "text": line.title,
            "doer_kind": line.doer_kind,
            "doer_name": line.doer_name,
            "due_on": line.due_on,
        }
        path = f"/resolutions/{resolutions[line.matter]['id']}/orders"
        order = body_of(site.secretary.post(path, words), 201)
        doer = site.people[line.doer]
        body_of(site.do(order, "assign", doer_ids=[id_of(doer)]))
        if name != "W3":
            body_of(site.do(order, "accept", by=doer))
        orders[name] = order
    return orders


def blown_whistle(site: Site, stage: Stage) -> dict[str, Any]:
    """W8: M05 was deferred, then whistled; signed after 40 minutes, reported on working day 2."""
    deferred = stage.matters[3]
    screened = {"outcome": "WHISTLED", "reason": "管网改造街道无力办理"}
    body_of(site.secretary.post(f"/matters/{deferred}/screen", screened))
    site.go("2026-04-13T09:00:00+08:00")
    whistle = site.whistle(matter=deferred)
    body_of(site.do(whistle, "blow", kind="HARD", due_on="2026-04-30"))
    site.go("2026-04-13T09:40:00+08:00")
    body_of(site.do(whistle, "sign"))
    body_of(site.do(whistle, "contact"))
    return whistle


def test_worked_example(cast: Cast, travel: Travel):
    site = Site(cast, travel)
    done = {"W7": done_before(site)}
    stage = Stage(cast, travel, titles=TITLES)
    resolutions = [stage.passed(matter=i) for i in range(3)]
    assert [stage.matter(i) for i in range(4)] == ["RESOLVED"] * 3 + ["DEFERRED"]
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))

    site.go("2026-03-30T10:00:00+08:00")
    stage.go("2026-03-30T10:00:00+08:00")
    orders = assigned_orders(site, resolutions)
    assert stage.session()["state"] == "EXECUTING"
    assert [stage.matter(i) for i in range(3)] == ["EXECUTING"] * 3
    site.go("2026-04-01T10:00:00+08:00")
    body_of(site.do(orders["W3"], "accept"))

    def finish(*names: str) -> None:
        for name in sorted(names, key=lambda each: LINES[each].done):
            site.go(f"2026-{LINES[name].done}T18:00:00+08:00")
            body_of(site.do(orders[name], "submit", by=site.people[LINES[name].doer]))
            done[name] = body_of(site.do(orders[name], "verify"))

    finish("W5")
    whistle = blown_whistle(site, stage)
    site.go("2026-04-15T09:00:00+08:00")
    body_of(site.do(whistle, "report"))
    finish("W1", "W3")
    site.go("2026-04-27T15:00:00+08:00")
    fed_back = body_of(site.do(whistle, "feed-back"))
    assert fed_back["signed_at"][:16] == "2026-04-13T09:40"
    assert fed_back["sign_due_at"][:16] == "2026-04-13T10:00"
    assert fed_back["reported_at"] < fed_back["report_due_at"] == "2026-04-21T00:00:00+08:00"
    assert fed_back["fed_back_at"] < fed_back["due_at"] == "2026-05-01T00:00:00+08:00"
    whistle = body_of(site.do(whistle, "rework", due_on="2026-05-29"))
    finish("W2", "W6", "W4")

    everything = body_of(site.resident.get(f"{site.home}/orders"))["items"]
    whistles = body_of(site.resident.get(f"{site.home}/whistles"))["items"]
    assert len(everything) + len(whistles) == 8
    in_time = {name: each["is_in_time"] for name, each in done.items()}
    assert in_time == {**dict.fromkeys(["W1", "W2", "W4", "W5", "W6", "W7"], True), "W3": False}
    assert [each["is_in_time"] for each in (*everything, *whistles)].count(True) == 6
    assert whistles[0]["state"] == "REWORK"
    rows = stored(cast.app, select(WorkOrder).where(WorkOrder.finished_at < WorkOrder.due_at))
    assert {row.title for row in rows} == {
        *(line.title for name, line in LINES.items() if name != "W3"),
        "换路灯6盏",
    }
    # Response: first contact within 24 hours, 7 of 8.
    late = [each["title"] for each in everything if not each["is_contacted_in_time"]]
    assert late == ["车位编号、访客登记"]
    assert whistles[0]["contacted_at"] < whistles[0]["contact_due_at"]
    # Only the matter of the whistle is still being carried out.
    stage.go("2026-05-13T09:00:00+08:00")
    assert [stage.matter(i) for i in range(4)] == ["DONE"] * 3 + ["EXECUTING"]
    assert stage.session()["state"] == "EXECUTING"
    titles = [item["title"] for item in site.notices("ORDER_VERIFIED")]
    assert sum(title.endswith("按期办结") for title in titles) == 6
    assert [item["title"] for item in site.notices("ORDER_OVERDUE")] == [
        "任务单 W4「车位编号、访客登记」逾期办结"
    ]


def test_orders_of_a_decided_matter_come_from_its_resolution(cast: Cast, travel: Travel):
    site, stage = Site(cast, travel), Stage(cast, travel)
    passed = stage.passed()
    failed = stage.draft(matter=1)
    stage.table(failed)
    body_of(stage.do(failed, "count", yes=1, no=2, abstain=0))
    for people in (site, stage):
        people.go("2026-03-27T20:00:00+08:00")
    words = {"title": "清车", "text": "清车", "doer_kind": "PARTY_BRANCH", "doer_name": "党支部"}

    def order_from(path: str) -> tuple[int, str]:
        answer = site.secretary.post(f"{path}/orders", words)
        return answer.status_code, answer.json.get("code", answer.json.get("state"))

    # The round table is still on; its end comes first.
    assert order_from(f"/resolutions/{passed['id']}") == (409, "wrong_state")
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    assert order_from(f"/resolutions/{failed['id']}") == (409, "wrong_state")
    assert order_from(f"/matters/{stage.matters[0]}") == (409, "order_from_resolution")
    assert stage.session()["state"] == "RESOLVED"
    assert stored(cast.app, select(WorkOrder)) == []

    path = f"/resolutions/{passed['id']}/orders"
    proposal = body_of(site.member.post(path, words), 201)
    assert (stage.session()["state"], stage.matter()) == ("RESOLVED", "RESOLVED")
    body_of(site.do(proposal, "assign"))
    assert (stage.session()["state"], stage.matter()) == ("EXECUTING", "EXECUTING")
    assert order_from(f"/resolutions/{passed['id']}") == (201, "REQUESTED")
    assert order_from(f"/matters/{stage.matters[0]}") == (409, "order_from_resolution")
    (notice,) = site.notices("ORDER_ASSIGNED")
    assert notice["_yueyuetan"]["data"]["session_id"] == stage.id
    # A later resolution has taken its place, or it stands on the board: it is carried out still.
    stage.go("2026-03-30T10:00:00+08:00")
    site.go("2026-03-30T10:00:00+08:00")
    body_of(stage.do(passed, "publish"))
    assert order_from(f"/resolutions/{passed['id']}") == (201, "REQUESTED")
