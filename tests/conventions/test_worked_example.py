"""Section 11 of the domain notes: the whole convention, from its draft to its first day."""

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import Desk
from tests.resolutions.stage import LAST_MOMENT, PUBLISHED, TERM_END, Travel, body_of

TITLE = "香樟苑小区停车与电动车充电解题规约"
TEXTS = [
    "为解决夜间停车乱、电动车充电险的问题，经三月「月月谈」商议，本小区居民自愿订立本规约。",
    "消防通道、单元门口和黄线内不停车；发现占用，先电话提醒，十五分钟未移的由物业上门劝导，"
    "仍不改的报有关部门依法处理。",
    "车位统一编号，先到先停，不私装地锁、不以杂物占位。访客车登记入内，一般不超过两小时。",
    "连续九十天不动且无人认领的车辆，张贴通知十五天，再由业委会商有关部门依法处置。",
    "与学校商定的错时车位，每日十九时至次日七时使用，登记轮换，老弱病残孕优先。",
    "电动车不进楼道、不进电梯、不拉飞线。充电到充电棚，充满及时移开。",
    "充电按度计价，价格、电量、收支每月五日前在公告栏和小程序公布。",
    "邻里先劝导、后调解；楼栋党小组与志愿者每晚巡一次，记入台账。",
    "本规约不设罚款，不限制任何人正常通行和用水用电。遵守好的家庭可记积分，积分不影响任何表决。",
    "花坛改车位（卡片C5）属业主共同决定事项，未经依法表决不实施。",
    "对本规约有意见的，公示期内向小区党支部提出，三个工作日内答复。",
    "试行六个月，期满由「月月谈」评议，决定修改、续行或废止。",
]
NUMERALS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
INACTIVE = "（未经业主依法表决，不实施）"


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_worked_example(desk: Desk):
    parking, charging = desk.resolution, desk.pass_another()
    clauses = [
        {
            "text": text,
            "owner_vote_item": 8 if number == 10 else None,
            "resolution_id": {2: parking, 6: charging}.get(number),
        }
        for number, text in enumerate(TEXTS, start=1)
    ]
    draft = desk.draft(
        title=TITLE + "（试行）", is_trial=True, clauses=clauses, resolution_ids=[parking, charging]
    )
    assert (draft["state"], draft["number"], draft["review_months"]) == ("DRAFT", 1, 6)
    assert (draft["title"], draft["name"]) == (TITLE, TITLE + "（试行）")

    submitted = body_of(desk.do(draft, "submit"))
    (flag,) = submitted["flags"]
    assert (flag["clause_label"], flag["word"], flag["position"]) == ("第九条", "罚款", 5)
    assert "行政处罚法" in flag["source"]
    assert refusal(desk.approve(draft)) == (409, "flags_open")
    body_of(desk.decide(draft))
    assert body_of(desk.approve(draft))["state"] == "VOTED"

    desk.go(PUBLISHED)
    desk.publish_resolution(parking)
    noticed = body_of(desk.do(draft, "publish"))
    assert (noticed["state"], noticed["notice_ends_at"]) == ("NOTICED", TERM_END)
    (item,) = desk.notices("CONVENTION_NOTICED")
    lines = item["content_text"].splitlines()
    assert item["title"] == f"《{TITLE}（试行）》第1版公示"
    assert lines[0] == TITLE + "（试行）"
    assert lines[1:13] == [
        f"第{numeral}条 {text}{INACTIVE if numeral == '十' else ''}"
        for numeral, text in zip(NUMERALS, TEXTS, strict=True)
    ]
    assert "公示期至 2026-04-07 24:00" in item["content_text"]
    assert "最早自 2026-04-08 起施行，试行期满前，最迟 2026-10-08 评议" in item["content_text"]
    assert "决议1" in lines[13]
    assert "文字审查：第九条「罚款」可以保留。理由：只是声明" in lines

    extension = item["_yueyuetan"]
    data = extension["data"]
    assert (extension["about_id"], extension["session_id"]) == (draft["id"], None)
    assert extension["term_ends_at"] == TERM_END
    assert data["text"].splitlines() == lines[:13]
    assert [clause["text"] for clause in data["clauses"]] == TEXTS
    assert [c["number"] for c in data["clauses"] if c["needs_owner_vote"]] == [10]
    assert [c["number"] for c in data["clauses"] if not c["is_active"]] == [10]
    assert data["clauses"][1]["resolution"].endswith("3月 · 月月谈决议1")
    assert [each["label"][-3:] for each in data["resolutions"]] == ["决议1", "决议2"]
    assert (data["legal_type"], data["version"], data["is_trial"]) == ("SELF_DISCIPLINE", 1, True)
    assert (data["in_force_on"], data["review_by"]) == ("2026-04-08", "2026-10-08")
    assert data["difference"] == []

    desk.go(LAST_MOMENT)
    assert desk.read(draft)["state"] == "NOTICED"
    desk.go(TERM_END)
    in_force = desk.read(draft)
    assert (in_force["state"], in_force["in_force_at"]) == ("IN_FORCE", TERM_END)
    assert in_force["review_by"] == "2026-10-08"
    (item,) = desk.notices("CONVENTION_IN_FORCE")
    assert "自 2026-04-08 00:00 起施行" in item["content_text"]
    assert item["_yueyuetan"]["data"]["review_by"] == "2026-10-08"
    assert [(move.verb, move.to_state) for move in moves_of(desk.cast.app, draft["id"])] == [
        ("draft", "DRAFT"),
        ("submit", "REVIEW"),
        ("review", "VOTED"),
        ("publish", "NOTICED"),
        ("enter_force", "IN_FORCE"),
    ]


def test_list_says_what_is_in_force_and_due_for_review(desk: Desk):
    in_force, draft = desk.in_force(), desk.draft()
    path = desk.path

    def found(query: str) -> list[str]:
        items = body_of(desk.secretary.get(path + query))["items"]
        return [item["current"]["id"] for item in items]

    assert found("") == [draft["id"], in_force["id"]]
    assert found("?in_force=true") == [in_force["id"]]
    assert found("?in_force=false") == [draft["id"]]
    assert found("?review_due_by=2026-10-07") == []
    assert found("?review_due_by=2026-10-08") == [in_force["id"]]


def test_notice_page_shows_the_text(desk: Desk, client):
    noticed = desk.noticed()
    page = client.get(f"/board/notices/{noticed['notice_id']}").text
    assert "第一条 消防通道和黄线内不停车。" in page
    assert "第二条 花坛改车位。" + INACTIVE in page
    assert "2026-04-07 24:00" in page


def test_board_alone_brings_it_into_force(desk: Desk):
    desk.noticed()
    desk.go(TERM_END)
    (item,) = desk.notices("CONVENTION_IN_FORCE")
    assert item["date_published"].startswith("2026-04-08")


def test_finalise_brings_it_into_force(desk: Desk):
    noticed = desk.noticed()
    desk.go(TERM_END)
    run = desk.cast.app.test_cli_runner().invoke(args=["finalise"])
    assert "conventions moved: 1" in run.output
    assert [move.verb for move in moves_of(desk.cast.app, noticed["id"])][-1] == "enter_force"
