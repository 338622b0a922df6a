"""The end of the round table: leftovers are shelved, chosen matters settled, and all is told."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.resolutions.stage import Stage, Travel, body_of


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    stage = Stage(cast, travel)
    stage.arrive(*stage.voters)
    return stage


def _vote(stage: Stage, resolution: dict[str, Any], *, passes: bool) -> None:
    stage.table(resolution)
    count = {"yes": 3, "no": 0} if passes else {"yes": 0, "no": 3}
    body_of(stage.do(resolution, "count", **count, abstain=0))


def _conclude(stage: Stage) -> dict[str, Any]:
    session: dict[str, Any] = body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    return session


def test_it_is_refused_while_a_resolution_is_tabled(stage: Stage):
    draft = stage.draft()
    stage.table(draft)
    answer = stage.secretary.post(f"{stage.path}/conclude-meeting")
    assert refusal(answer) == (409, "resolution_still_tabled")
    assert stage.session()["state"] == "MEETING"


def test_it_ends_once(cast: Cast, stage: Stage):
    assert _conclude(stage)["state"] == "RESOLVED"
    answer = stage.secretary.post(f"{stage.path}/conclude-meeting")
    assert refusal(answer) == (409, "wrong_state")
    assert moves_of(cast.app, stage.id)[-1][:3] == ("conclude_meeting", "MEETING", "RESOLVED")


def test_passed_resolution_resolves_its_matter_at_once(stage: Stage):
    card = stage.card()
    assert stage.matter() == "DELIBERATED"
    _vote(stage, stage.draft(cards=[card]), passes=True)
    assert stage.matter() == "RESOLVED"
    _conclude(stage)
    assert [stage.matter(i) for i in range(3)] == ["RESOLVED", "SHELVED", "SHELVED"]


@pytest.mark.parametrize("passes", [True, False])
def test_matter_without_a_card_can_be_decided_too(stage: Stage, passes: bool):
    _vote(stage, stage.draft(), passes=passes)
    _conclude(stage)
    assert stage.matter() == ("RESOLVED" if passes else "SHELVED")


def test_matter_with_a_successor_to_a_failed_resolution_is_resolved(stage: Stage):
    card = stage.card()
    _vote(stage, stage.draft(cards=[card]), passes=False)
    assert stage.matter() == "DELIBERATED"
    _vote(stage, stage.draft(cards=[card]), passes=True)
    _conclude(stage)
    assert stage.matter() == "RESOLVED"


def test_what_is_the_owners_alone_is_left_to_them(stage: Stage):
    """Left to them: by a passed resolution (0), or without any (1). Not where it failed (2)."""
    for matter in range(3):
        stage.card("花坛改车位", matter=matter, item=8)
    resolutions = {m: stage.draft(m, [stage.card("另划车位", m, item=8)]) for m in (0, 2)}
    _vote(stage, resolutions[0], passes=True)
    _vote(stage, resolutions[2], passes=False)
    assert stage.matter(0) == "DELIBERATED"
    _conclude(stage)
    assert [stage.matter(i) for i in range(3)] == ["OWNER_VOTE", "OWNER_VOTE", "SHELVED"]


@pytest.mark.parametrize("forum", ["OWNERS_ASSEMBLY", "RESIDENTS_MEETING", "COMMUNITY"])
@pytest.mark.parametrize("cards", ["no card", "an ordinary card", "a card for the owners"])
@pytest.mark.parametrize("came", ["failed", "shelved"])
def test_what_was_handed_on_is_settled(stage: Stage, forum: str, cards: str, came: str):
    """Left to the owners where it was handed on to them; another forum is no owners' vote."""
    item = 8 if cards == "a card for the owners" else None
    draft = stage.draft(cards=[] if cards == "no card" else [stage.card(item=item)])
    if came == "failed":
        _vote(stage, draft, passes=False)
    else:
        body_of(stage.do(draft, "shelve", reason="等报告"))
    body_of(stage.do(draft, "escalate", forum=forum, reason="意见相持"))
    _conclude(stage)
    assert stage.matter() == ("OWNER_VOTE" if forum == "OWNERS_ASSEMBLY" else "SHELVED")


def test_one_card_that_needs_no_owners_resolves_the_matter(stage: Stage):
    cards = [stage.card("花坛改车位", item=8), stage.card("划黄线")]
    _vote(stage, stage.draft(cards=cards), passes=True)
    assert stage.matter() == "RESOLVED"


def test_drafts_and_what_had_no_quorum_are_shelved(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    draft, without_quorum = stage.draft(0), stage.draft(1)
    stage.table(without_quorum)
    body_of(stage.do(without_quorum, "count", yes=0, no=0, abstain=0))
    _conclude(stage)
    assert "未付表决" in stage.read(draft)["shelved_why"]
    assert "到会人数不足" in stage.read(without_quorum)["shelved_why"]
    (item,) = stage.notices("MEETING_CONCLUDED")
    assert item["title"].endswith("暂缓2项")
    extension = item["_yueyuetan"]
    assert (extension["about_id"], extension["session_id"]) == (stage.id, stage.id)
    assert extension["data"]["state"] == "RESOLVED"
    assert {matter["state"] for matter in extension["data"]["matters"]} == {"SHELVED"}


def test_card_that_nobody_took_up_is_dropped(cast: Cast, stage: Stage):
    put = {"matter_id": stage.matters[0], "text": "再划几个车位"}
    card = body_of(stage.voters[0].post(f"{stage.path}/cards", put), 201)
    adopted = stage.card()
    _conclude(stage)
    states = {
        id_: body_of(stage.secretary.get(f"/cards/{id_}"))["state"] for id_ in (card["id"], adopted)
    }
    assert states == {card["id"]: "DROPPED", adopted: "ADOPTED"}
    move = moves_of(cast.app, card["id"])[-1]
    assert (move.verb, move.by) == ("drop", stage.secretary.id)
    assert "没有采纳" in str(move.reason)


def test_round_table_without_a_resolution_ends_too(stage: Stage):
    _conclude(stage)
    (item,) = stage.notices("MEETING_CONCLUDED")
    assert item["title"].endswith("没有决议")


def test_matter_that_a_later_session_chose_is_left_alone(cast: Cast, travel: Travel):
    """What a session carried over may be on the next one's table when it ends at last."""
    cast.community, cast.home = cast.other_community()  # of one compound, so it hosts each month
    first = Stage(cast, travel, titles=("停车", "充电", "电梯", "积水"))
    carried_over = first.matters[3]
    body_of(first.secretary.post(f"/matters/{carried_over}/screen", {"outcome": "LISTED"}))
    later = "2026-04-10T19:00+08:00"
    second = Stage(cast, travel, period="2026-04", begin=later, after=first)
    assert second.matters[0] == carried_over
    first.go(later)
    _conclude(first)
    assert [second.matter(i) for i in range(3)] == ["SELECTED"] * 3
    assert [first.matter(i) for i in range(3)] == ["SHELVED"] * 3


def test_resolution_is_published_after_the_round_table_too(stage: Stage):
    passed = stage.passed()
    _conclude(stage)
    assert body_of(stage.do(passed, "publish"))["state"] == "NOTICED"


def test_notice_of_the_end_is_not_withdrawn(stage: Stage):
    _conclude(stage)
    (item,) = stage.notices("MEETING_CONCLUDED")
    path = f"/notices/{item['id'].removeprefix('urn:uuid:')}/withdraw"
    answer = stage.secretary.post(path, {"reason": "写错"})
    assert refusal(answer) == (409, "result_is_final")
