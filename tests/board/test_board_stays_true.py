"""What the board said of a thing that moved on: each sequence that once left a false notice."""

import pytest

from app.resolutions.models import ResolutionState
from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast
from tests.resolutions.stage import Stage, staged
from tests.works.site import Site, Travel, body_of

S, W = OrderState, WhistleState


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def told(site: Site, kind: str) -> tuple[str, str]:
    """Title and last words of the only notice of a kind."""
    (item,) = site.notices(kind)
    en = item["_yueyuetan"]["en"]
    revised = item["_yueyuetan"]["revision"] > 1
    assert revised == ("更正" in item["content_text"]) == ("Corrected at" in en["content_text"])
    return item["title"], item["content_text"]


def test_reassigned_order_names_its_new_doer(site: Site):
    order = site.order(S.DECLINED, due_on="2026-03-11")
    assert told(site, "ORDER_ASSIGNED")[0] == "任务单 W1「换路灯6盏」待重新派单"
    body_of(site.do(order, "assign", doer_kind="DEPARTMENT", doer_name="路灯所"))
    title, text = told(site, "ORDER_ASSIGNED")
    assert title == "任务单 W1「换路灯6盏」已派单"
    assert text.endswith("现由路灯所（职能部门）承办，期限：2026-03-11 24:00。")
    (item,) = site.notices("ORDER_ASSIGNED")
    assert item["_yueyuetan"]["data"]["doer_name"] == "路灯所"


def test_withdrawn_order_is_no_longer_assigned(site: Site):
    order = site.order(S.DECLINED, due_on="2026-03-05")
    site.go("2026-03-06T09:00:00+08:00")
    body_of(site.do(order, "withdraw"))
    for kind in ("ORDER_ASSIGNED", "ORDER_OVERDUE"):
        title, text = told(site, kind)
        assert title == "任务单 W1「换路灯6盏」已撤销"
        assert text.endswith("不再办理。理由：与另一张重复")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (S.REQUESTED, "尚未派单"),
        (S.DECLINED, "原承办人没有接单，尚未重新派单"),
        (S.ASSIGNED, "已派给物业，尚未接单"),
        (S.ACCEPTED, "承办：物业"),
        (S.RETURNED, "承办：物业"),
    ],
)
def test_overdue_notice_says_whose_it_is(site: Site, state: OrderState, words: str):
    site.order(state, due_on="2026-03-05")
    site.go("2026-03-06T09:00:00+08:00")
    title, text = told(site, "ORDER_OVERDUE")
    assert title == "任务单 W1「换路灯6盏」逾期未办结"
    assert text == f"议题1「路灯不亮」。{words}，期限：2026-03-05 24:00，尚未办结，已报社区。"


def test_order_that_is_done_late_after_all_says_so(site: Site):
    order = site.order(S.ACCEPTED, due_on="2026-03-05")
    site.go("2026-03-06T09:00:00+08:00")
    assert told(site, "ORDER_OVERDUE")[0].endswith("逾期未办结")
    body_of(site.do(order, "submit"))
    assert told(site, "ORDER_OVERDUE")[0].endswith("待核实")
    body_of(site.do(order, "verify"))
    assert told(site, "ORDER_OVERDUE")[0] == "任务单 W1「换路灯6盏」逾期办结"


def test_new_term_that_is_missed_again_is_told_again(site: Site):
    order = site.order(S.SUBMITTED, due_on="2026-03-05")
    body_of(site.do(order, "return", due_on="2026-03-06"))
    site.go("2026-03-07T09:00:00+08:00")
    assert told(site, "ORDER_OVERDUE")[0].endswith("逾期未办结")
    body_of(site.do(order, "submit"))
    body_of(site.do(order, "return", due_on="2026-03-10"))
    assert told(site, "ORDER_OVERDUE")[0].endswith("退回重办")
    site.go("2026-03-11T09:00:00+08:00")
    assert told(site, "ORDER_OVERDUE")[0].endswith("逾期未办结")


def test_whistle_that_goes_to_another_department(site: Site):
    """An objection within the two hours to sign, and a receiver who is late."""
    whistle = site.whistle(W.BLOWN)
    site.go("2026-03-04T10:00:01+08:00")
    assert told(site, "WHISTLE_ESCALATED")[0].endswith("逾期未签收")
    body_of(site.do(whistle, "object"))
    title, text = told(site, "WHISTLE_ESCALATED")
    assert title == "推进哨（哨1）「1号路积水」待重新吹哨"
    body_of(site.do(whistle, "blow", department="区城管局"))
    title, text = told(site, "WHISTLE_ESCALATED")
    assert title == "推进哨（哨1）「1号路积水」待签收"
    assert "已派给区城管局" in text
    site.go("2026-03-04T12:00:01+08:00")
    title, text = told(site, "WHISTLE_ESCALATED")
    assert title == "推进哨（哨1）「1号路积水」逾期未签收"
    assert "区城管局应于 2026-03-04 11:00 前签收，逾期未办" in text


def test_whistle_that_is_withdrawn_is_overdue_no_more(site: Site):
    whistle = site.whistle(W.BLOWN)
    site.go("2026-03-04T10:00:01+08:00")
    body_of(site.do(whistle, "object"))
    body_of(site.do(whistle, "withdraw"))
    title, text = told(site, "WHISTLE_ESCALATED")
    assert title == "推进哨（哨1）「1号路积水」已撤销"
    assert text.endswith("街道决定不吹这声哨。理由：街道已解决")


def test_two_matters_of_one_title_can_be_told_apart(site: Site):
    for _ in range(2):
        site.order(S.ASSIGNED, matter=site.matter(title="路灯不亮"))
    told = {item["content_text"].partition("。")[0] for item in site.notices("ORDER_ASSIGNED")}
    assert told == {"议题1「路灯不亮」", "议题2「路灯不亮」"}


def test_resolution_that_was_handed_on_is_not_called_passed(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    passed, failed = stage.passed(), stage.draft(1, [stage.card(matter=1)])
    stage.table(failed)
    body_of(stage.do(failed, "count", yes=0, no=3, abstain=0))
    body_of(stage.do(failed, "escalate", forum="COMMUNITY", reason="意见相持"))
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    assert stage.read(passed)["state"] == ResolutionState.PASSED
    (item,) = stage.notices("MEETING_CONCLUDED")
    assert item["title"].endswith("圆桌会结果：通过1项、未决并提请他处决定1项")
    assert f"决议2「{failed['title']}」未决并提请他处决定：意见相持" in item["content_text"]
    (item,) = stage.notices("RESOLUTION_ESCALATED")
    assert "圆桌会未能决定" not in item["content_text"]
    assert "这项决议草案在圆桌会上没有通过" in item["content_text"]


def test_what_was_superseded_says_by_what(cast: Cast, travel: Travel):
    at = staged(cast, travel, ResolutionState.SUPERSEDED)
    older = at.stage.read(at.resolution)
    newer = at.stage.read({"id": older["superseded_by_id"]})
    for kind in ("RESOLUTION_NOTICED", "RESOLUTION_EFFECTIVE"):
        item = next(
            each for each in at.stage.notices(kind) if each["_yueyuetan"]["about_id"] == older["id"]
        )
        assert "已被取代" in item["title"]
        assert newer["title"] in item["content_text"].rpartition("更正")[2]
