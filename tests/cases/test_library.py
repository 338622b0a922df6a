"""Finding cases, adopting one with its lineage, and the categories that come up again."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.cases.models import ConventionLineage
from app.conventions.models import Convention, ConventionVersion
from app.matters.models import Category, Matter, MatterState
from tests.cases.shelf import CLAUSES, Shelf
from tests.cast import Cast, stored
from tests.checks import counted, pages, refusal, refused_fields
from tests.resolutions.stage import Stage
from tests.works.site import Travel, body_of

M = MatterState


@pytest.fixture
def shelf(cast: Cast, travel: Travel) -> Shelf:
    return Shelf(cast, travel)


def test_words_are_found_anywhere_and_mean_themselves(shelf: Shelf):
    shelf.published(title="消防通道", convention_id=shelf.convention(), problem="LED 灯 100%亮")
    shelf.published(title="充电棚", category="EBIKE", problem="飞线充电 led_x", solution="建棚")
    both = ["充电棚", "消防通道"]
    assert shelf.find() == both
    for q, found in {
        "消防": ["消防通道"],
        "黄线内": ["消防通道"],  # stands in the convention alone
        "led": both,
        "ＬＥＤ": both,
        "led 棚": ["充电棚"],
        "棚 消防": [],
        "100%": ["消防通道"],
        "0%亮": ["消防通道"],
        "%": ["消防通道"],
        "d_x": ["充电棚"],
        "_": ["充电棚"],
        "/": [],
        "\\": [],
        "'": [],
        "一 二 三 四 五": [],
    }.items():
        assert (q, shelf.find(q=q)) == (q, found)
    assert shelf.find(category="EBIKE") == ["充电棚"]
    assert shelf.find(category="EBIKE", q="消防") == []
    answer = shelf.stranger.get("/cases", query_string={"q": "一 二 三 四 五 六"})
    assert refusal(answer) == (422, "too_many_words")


def test_ugly_searches_are_refused(shelf: Shelf):
    for query, field in (
        ({"q": "长" * 101}, "q"),
        ({"q": " "}, "q"),
        ({"category": "parking"}, "category.0"),
        ({"limit": 0}, "limit"),
    ):
        answer = shelf.stranger.get("/cases", query_string=query)
        assert refused_fields(answer) == [f"query.{field}"]
    answer = shelf.stranger.get("/cases", query_string={"cursor": "x"})
    assert refusal(answer) == (422, "invalid_cursor")


def test_lists_cost_the_same_for_thirty(shelf: Shelf):
    own = f"/compounds/{shelf.cast.home.id}/cases"
    asked = {"/cases?q=棚 充电 线&category=EBIKE": shelf.stranger, own: shelf.secretary}
    sent = []
    for more in (3, 27):
        shelf.many_published(more)
        for path, reader in asked.items():
            with counted(shelf.cast.app) as statements:
                items = body_of(reader.get(path))["items"]
            sent.append((len(items), len(statements)))
    assert [items for items, _ in sent] == [3, 3, 30, 30]
    assert (sent[0][1], sent[1][1]) == (sent[2][1], sent[3][1])
    assert max(count for _, count in sent) <= 6
    found = pages(shelf.stranger, "/cases", "title", limit=20)
    assert [len(page) for page in found] == [20, 10]
    drafts = body_of(shelf.secretary.get(f"{own}?state=DRAFT"))["items"]
    assert drafts == []


def test_case_is_adopted_as_a_draft_with_its_lineage(shelf: Shelf):
    case = shelf.published(convention_id=shelf.convention())
    adopted = body_of(shelf.adopt(case["id"]), 201)
    version, source = adopted["version"], adopted["adopted_from"]
    assert (version["state"], version["name"]) == ("DRAFT", "停车规约（试行）")
    assert version["compound_id"] == str(shelf.cast.neighbour.id)
    assert [(c["text"], c["owner_vote_item"]) for c in version["clauses"]] == list(CLAUSES)
    assert [c["is_active"] for c in version["clauses"]] == [True, False]
    assert version["resolutions"] == []
    assert (source["case_id"], source["source_version_id"]) == (case["id"], case["version_id"])
    assert source["compound"] == shelf.cast.home.name
    path = f"/conventions/{version['convention_id']}/lineage"
    assert shelf.neighbour.get(path).json["adopted_from"] == source
    assert refusal(shelf.stranger.get(path)) == (404, "not_found")
    assert shelf.stranger.get(f"/cases/{case['id']}").json["adoptions"] == 1
    own = f"/conventions/{case['convention_id']}/lineage"
    assert shelf.secretary.get(own).json["adopted_from"] is None
    (row,) = stored(shelf.cast.app, select(ConventionLineage))
    assert (row.case_id, row.adopted_by_id) == (UUID(case["id"]), shelf.neighbour.id)


def test_adopted_draft_needs_a_resolution_of_its_own_before_it_is_approved(
    shelf: Shelf, cast: Cast, travel: Travel
):
    case = shelf.published(convention_id=shelf.convention())
    draft = body_of(shelf.adopt(case["id"]), 201)["version"]
    path = f"/convention-versions/{draft['id']}"
    body_of(shelf.neighbour.post(f"{path}/submit"))
    answer = shelf.leader.post(f"{path}/review", {"opinion": "APPROVED"})
    assert refusal(answer) == (422, "resolution_missing")
    assert shelf.leader.get(path).json["state"] == "REVIEW"
    returned = {"opinion": "RETURNED", "advice": "写明本小区的决议"}
    body_of(shelf.leader.post(f"{path}/review", returned))
    words = {"title": "停车规约", "clauses": [{"text": CLAUSES[0][0]}]}
    assert refusal(shelf.neighbour.put(path, words)) == (422, "resolution_missing")

    host = {"compound_id": str(cast.neighbour.id), "reason": "先议停车"}
    body_of(shelf.leader.post(f"/communities/{cast.community.id}/rotation/swap", host))
    here, cast.home = cast.home, cast.neighbour  # the round table of those who adopt it
    stage = Stage(cast, travel)
    resolution = stage.passed()["id"]
    cast.home = here
    secretary, leader = (cast.logged_in_anew(each) for each in (shelf.neighbour, shelf.leader))
    body_of(secretary.put(path, {**words, "resolution_ids": [resolution]}))
    body_of(secretary.post(f"{path}/submit"))
    assert body_of(leader.post(f"{path}/review", {"opinion": "APPROVED"}))["state"] == "VOTED"


def test_what_cannot_be_adopted_leaves_nothing(shelf: Shelf):
    drafted, plain = shelf.draft(), shelf.published()
    withdrawn = shelf.published(convention_id=shelf.convention())
    body_of(shelf.withdraw(withdrawn))
    before = shelf.rows()
    for case_id, code in (
        (str(uuid4()), "case_not_published"),
        (drafted["id"], "case_not_published"),
        (withdrawn["id"], "case_not_published"),
        (plain["id"], "case_has_no_convention"),
    ):
        assert refusal(shelf.adopt(case_id)) == (409, code)
    own = f"/compounds/{shelf.cast.home.id}/conventions/from-case"
    answer = shelf.secretary.post(own, {"case_id": plain["id"]})
    assert refusal(answer) == (409, "case_of_same_compound")
    ugly: list[Any] = [None, "", "x", 1, []]
    for case_id in ugly:
        answer = shelf.secretary.post(own, {"case_id": case_id})
        assert refused_fields(answer) == ["case_id"]
    assert shelf.rows() == before


def test_same_key_adopts_once(shelf: Shelf):
    case = shelf.published(convention_id=shelf.convention())
    path = f"/compounds/{shelf.cast.neighbour.id}/conventions/from-case"
    body, once = {"case_id": case["id"]}, {"Idempotency-Key": "once"}
    first, again = (shelf.neighbour.post(path, body, headers=once) for _ in range(2))
    assert body_of(first, 201) == body_of(again, 201)
    assert len(stored(shelf.cast.app, select(Convention))) == 2
    assert len(stored(shelf.cast.app, select(ConventionVersion))) == 2


def test_frequent_categories_of_twelve_months(shelf: Shelf):
    """Now is 2026-03-04 09:00 in the compound, so the first day that counts is 2025-03-04."""
    first = datetime.fromisoformat("2025-03-04T00:00:00+08:00")
    late, now = datetime.fromisoformat("2025-03-03T23:59:59+08:00"), datetime.now(UTC)
    shelf.raised(1, Category.PARKING, first, M.SUBMITTED)
    shelf.raised(3, Category.PARKING, now, M.CLOSED)
    shelf.raised(3, Category.LIGHTING, now, M.SHELVED, compound_id=shelf.cast.neighbour.id)
    shelf.raised(2, Category.ACCESS, now, M.LISTED)
    shelf.raised(1, Category.ACCESS, late, M.LISTED)
    shelf.raised(3, Category.ELDERLY, now, M.REFUSED, reason="重复")
    far = shelf.cast.other_community()[1]
    shelf.raised(3, Category.CHILDCARE, now, M.LISTED, compound_id=far.id)
    path = f"/communities/{shelf.cast.community.id}/frequent-categories"
    found = body_of(shelf.resident.get(path))
    assert found["since"] == "2025-03-04"
    counts = [(each["category"], each["matters"]) for each in found["items"]]
    assert counts == [("PARKING", 4), ("LIGHTING", 3)]


def test_merged_matters_are_not_counted(shelf: Shelf):
    now = datetime.now(UTC)
    shelf.raised(2, Category.PARKING, now, M.LISTED)
    (target, _) = stored(shelf.cast.app, select(Matter.id).order_by(Matter.id))
    shelf.raised(2, Category.PARKING, now, M.MERGED, merged_into_id=target)
    path = f"/communities/{shelf.cast.community.id}/frequent-categories"
    assert body_of(shelf.resident.get(path))["items"] == []


def test_frequent_categories_show_five_cases_each_at_the_same_cost(shelf: Shelf):
    path = f"/communities/{shelf.cast.community.id}/frequent-categories"
    sent = []
    shelf.many_published(3, Category.PARKING)
    for more in (3, 30):
        shelf.many_published(more)
        with counted(shelf.cast.app) as statements:
            items = {each["category"]: each for each in body_of(shelf.resident.get(path))["items"]}
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 6
    assert [case["title"] for case in items["EBIKE"]["cases"]] == [
        f"充电棚{i}" for i in (29, 28, 27, 26, 25)
    ]
    assert (items["EBIKE"]["matters"], len(items["PARKING"]["cases"])) == (33, 3)
