"""Section 11 of the domain notes: 21 of 24 present, the votes as printed there, and the notice."""

from typing import Any

import pytest

from app.resolutions.models import ResolutionState
from tests.cast import Cast, Person
from tests.resolutions.stage import (
    LAST_MOMENT,
    PUBLISHED,
    TERM_END,
    Stage,
    Travel,
    body_of,
    staged,
)

FIGURES = [
    (18, 2, 1, "PASSED"),
    (19, 1, 1, "PASSED"),
    (15, 4, 2, "PASSED"),
    (10, 9, 2, "FAILED"),
    (11, 10, 0, "PASSED"),
]


@pytest.fixture
def round_table(cast: Cast, travel: Travel) -> Stage:
    """A roll of 24 of whom 12 have come."""
    stage = Stage(cast, travel, roll=24)
    stage.arrive(*stage.voters[:12])
    return stage


def _voted(stage: Stage, figures: tuple[int, int, int, str], **changes: Any) -> dict[str, Any]:
    yes, no, abstain, _ = figures
    resolution = stage.draft(**changes)
    stage.table(resolution)
    count = stage.do(resolution, "count", yes=yes, no=no, abstain=abstain)
    voted: dict[str, Any] = body_of(count)
    return voted


def test_worked_example(round_table: Stage):
    stage = round_table
    early = _voted(stage, (12, 0, 0, "NO_QUORUM"))
    assert (early["state"], early["present"], early["roll"]) == ("NO_QUORUM", 12, 24)
    assert "13人以上，未达到" in early["explanation"]

    stage.arrive(*stage.voters[12:21])
    found = [_voted(stage, figures, matter=i % 3) for i, figures in enumerate(FIGURES)]
    assert [each["state"] for each in found] == [figures[3] for figures in FIGURES]
    assert {(each["present"], each["roll"]) for each in found} == {(21, 24)}
    assert "11人以上，未通过" in found[3]["explanation"]
    assert "11 at least; passed" in found[4]["explanation_en"]

    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    (item,) = stage.notices("MEETING_CONCLUDED")
    published = item["_yueyuetan"]["data"]["resolutions"]
    assert [(r["yes"], r["no"], r["abstain"], r["state"]) for r in published] == [
        (12, 0, 0, "SHELVED"),
        *FIGURES,
    ]
    assert item["title"].endswith("通过4项、未通过1项、暂缓1项")
    assert "赞成10人，反对9人，弃权2人" in item["content_text"]


def test_notice_of_30_march_ends_on_7_april(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    cards = [stage.card("清理僵尸车 8 辆"), stage.card("消防通道划黄线")]
    resolution = stage.passed(cards=cards)
    assert resolution["publish_due_at"] == "2026-04-02T00:00:00+08:00"  # 03-30, 03-31, 04-01
    stage.go(PUBLISHED)
    noticed = body_of(stage.do(resolution, "publish"))
    assert noticed["notice_ends_at"] == TERM_END

    (item,) = stage.notices("RESOLUTION_NOTICED")
    assert item["id"] == f"urn:uuid:{noticed['notice_id']}"
    assert "公示期至 2026-04-07 24:00" in item["content_text"]
    assert "C1 清理僵尸车 8 辆" in item["content_text"]
    assert "赞成3人" in item["content_text"]
    extension = item["_yueyuetan"]
    assert extension["term_ends_at"] == TERM_END
    assert extension["about_id"] == resolution["id"]
    assert extension["session_id"] is None
    assert extension["data"]["session_id"] == stage.id
    assert [card["label"] for card in extension["data"]["cards"]] == ["C1", "C2"]

    stage.go(LAST_MOMENT)
    assert stage.read(resolution)["state"] == "NOTICED"
    stage.go(TERM_END)
    effective = stage.read(resolution)
    assert (effective["state"], effective["effective_at"]) == ("EFFECTIVE", TERM_END)
    (item,) = stage.notices("RESOLUTION_EFFECTIVE")
    assert "自 2026-04-08 00:00 起生效" in item["content_text"]


def test_notice_page_tells_until_when_to_object(round_table: Stage, client: Any):
    stage = round_table
    stage.arrive(*stage.voters[12:13])
    resolution = _voted(stage, (13, 0, 0, "PASSED"))
    stage.go(PUBLISHED)
    noticed = body_of(stage.do(resolution, "publish"))
    page = client.get(f"/board/notices/{noticed['notice_id']}")
    assert "2026-04-07 24:00" in page.text


def test_resolution_is_read_by_everyone_there(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    resolution = stage.passed()
    neighbour: Person = cast.resident()
    assert neighbour.get(f"/resolutions/{resolution['id']}").json == stage.read(resolution)


def test_what_failed_is_handed_on_and_told(cast: Cast, travel: Travel):
    """Unresolved or disputed: the residents' meeting (domain notes, section 7)."""
    on = staged(cast, travel, ResolutionState.FAILED)
    seen = body_of(on.stage.do(on.resolution, "escalate", forum="RESIDENTS_MEETING", reason="相持"))
    assert (seen["state"], seen["escalated_to"], seen["escalated_why"]) == (
        "ESCALATED",
        "RESIDENTS_MEETING",
        "相持",
    )
    (item,) = on.stage.notices("RESOLUTION_ESCALATED")
    assert "提请居民会议" in item["title"]
    assert item["_yueyuetan"]["data"]["escalated_to"] == "RESIDENTS_MEETING"
