"""The next version: drafted from the one in force, and what changed is said everywhere."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import CLAUSES, NEXT_MONTH, NEXT_TERM_END, Desk
from tests.resolutions.stage import Travel, body_of

LONGER = "消防通道和黄线内任何时候不停车。"
CHANGED = [{"text": LONGER}, CLAUSES[1], {"text": "访客车登记入内。"}]


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def _amended(desk: Desk, old: dict[str, Any], clauses: list[dict[str, Any]]) -> dict[str, Any]:
    """A draft of the next version with these clauses."""
    draft = body_of(desk.amend(old), 201)
    ids = [each["id"] for each in draft["resolutions"]]
    words = desk.words(clauses=clauses, resolution_ids=ids)
    path = f"/convention-versions/{draft['id']}"
    revised: dict[str, Any] = body_of(desk.secretary.put(path, words))
    return revised


def test_amendment_takes_the_place_of_what_was_in_force(desk: Desk):
    old = desk.in_force()
    draft = body_of(desk.amend(old), 201)
    assert (draft["number"], draft["state"], draft["amends_id"]) == (2, "DRAFT", old["id"])
    texts = [(clause["text"], clause["owner_vote_item"]) for clause in draft["clauses"]]
    assert texts == [(clause["text"], clause["owner_vote_item"]) for clause in old["clauses"]]
    assert draft["difference"] == []
    assert [each["label"] for each in draft["resolutions"]] == ["决议1", "决议2"]

    ids = [each["id"] for each in draft["resolutions"]]
    words = desk.words(clauses=CHANGED, resolution_ids=ids)
    revised = body_of(desk.secretary.put(f"/convention-versions/{draft['id']}", words))
    assert [change["change"] for change in revised["difference"]] == ["CHANGED", "ADDED"]
    desk.go(NEXT_MONTH)
    desk.carry(draft)
    noticed = body_of(desk.do(draft, "publish"))
    (item, _) = desk.notices("CONVENTION_NOTICED")
    assert "与第1版相比：" in item["content_text"]
    assert "第一条修改：消防通道和黄线内〔增：任何时候〕不停车。" in item["content_text"]
    assert "新增第三条：访客车登记入内。" in item["content_text"]
    data = item["_yueyuetan"]["data"]
    assert (data["version"], data["amends_id"]) == (2, old["id"])
    assert data["difference"] == noticed["difference"] == revised["difference"]
    assert data["difference"][0]["parts"] == [
        {"op": "equal", "text": "消防通道和黄线内"},
        {"op": "insert", "text": "任何时候"},
        {"op": "equal", "text": "不停车。"},
    ]
    assert desk.read(old)["state"] == "IN_FORCE"

    desk.go(NEXT_TERM_END)
    new, old = desk.read(draft), desk.read(old)
    assert (old["state"], old["amended_by_id"]) == ("AMENDED", new["id"])
    assert (new["state"], new["amends_id"]) == ("IN_FORCE", old["id"])
    (item, _) = desk.notices("CONVENTION_IN_FORCE")
    assert "《停车规约》第1版同时失效。" in item["content_text"]
    assert moves_of(desk.cast.app, old["id"])[-1].reason == new["id"]
    convention = body_of(desk.secretary.get(f"/conventions/{old['convention_id']}"))
    assert convention["current"]["id"] == new["id"]
    states = [(version["number"], version["state"]) for version in convention["versions"]]
    assert states == [(1, "AMENDED"), (2, "IN_FORCE")]
    # What was published stands as it was.
    texts = [clause["text"] for clause in old["clauses"]]
    assert texts == [clause["text"] for clause in CLAUSES]


def test_difference_of_two_versions(desk: Desk):
    old = desk.in_force()
    draft = _amended(desk, old, CHANGED)
    path = f"/conventions/{old['convention_id']}/difference"
    found = body_of(desk.secretary.get(f"{path}?from=1&to=2"))
    assert (found["from"], found["to"]) == (1, 2)
    assert found["changes"] == draft["difference"]
    back = body_of(desk.secretary.get(f"{path}?from=2&to=1"))["changes"]
    assert [change["change"] for change in back] == ["CHANGED", "REMOVED"]
    assert body_of(desk.secretary.get(f"{path}?from=2&to=2"))["changes"] == []
    assert refusal(desk.secretary.get(f"{path}?from=1&to=3")) == (404, "not_found")
    assert body_of(desk.secretary.get(path)) == found  # the first and the newest


def test_amendment_needs_a_new_resolution(desk: Desk):
    old = desk.in_force()
    before = desk.rows()
    for ids in ([], [desk.resolution]):
        assert refusal(desk.amend(old, resolution_ids=ids)) == (422, "resolution_missing")
    assert desk.rows() == before
    draft = body_of(desk.amend(old), 201)
    path = f"/convention-versions/{draft['id']}"
    assert refusal(desk.secretary.put(path, desk.words())) == (422, "resolution_missing")


def test_one_amendment_at_a_time(desk: Desk):
    old = desk.in_force()
    draft = body_of(desk.amend(old), 201)
    before = desk.rows()
    assert refusal(desk.amend(old, resolution_ids=[])) == (409, "version_open")
    body = {"resolution_id": desk.resolution, "reason": "已代替"}
    repeal = desk.secretary.post(f"/conventions/{old['convention_id']}/repeal", body)
    assert refusal(repeal) == (409, "version_open")
    assert desk.rows() == before
    body_of(desk.do(draft, "withdraw", reason="并入下月"))
    again = body_of(desk.amend(old), 201)
    assert again["number"] == 3


def test_what_is_not_in_force_is_not_amended(desk: Desk):
    draft = desk.draft()
    before = desk.rows()
    assert refusal(desk.amend(draft, resolution_ids=[])) == (409, "wrong_state")
    assert desk.rows() == before


def test_owners_vote_counts_on_for_the_same_words_only(desk: Desk):
    old = desk.in_force()
    body_of(desk.attach(old["clauses"][1]))
    draft = body_of(desk.amend(old), 201)
    assert [clause["is_active"] for clause in draft["clauses"]] == [True, True]

    ids = [each["id"] for each in draft["resolutions"]]
    path = f"/convention-versions/{draft['id']}"
    for clause, active in (
        ({"text": "花坛改车位。", "owner_vote_item": 8}, True),
        ({"text": "花坛改车位。", "owner_vote_item": 7}, False),
        ({"text": "花坛改二十个车位。", "owner_vote_item": 8}, False),
    ):
        words = desk.words(clauses=[clause], resolution_ids=ids)
        revised = body_of(desk.secretary.put(path, words))
        assert revised["clauses"][0]["is_active"] is active


def test_owners_vote_reaches_the_amendment_on_its_way(desk: Desk):
    old = desk.in_force()
    draft = body_of(desk.amend(old), 201)
    assert not draft["clauses"][1]["is_active"]
    body_of(desk.attach(old["clauses"][1]))
    assert desk.read(draft)["clauses"][1]["is_active"]
