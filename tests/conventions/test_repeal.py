"""A repeal stands on the board first; until its notice has ended the convention stays in force."""

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import COVENANT, NEXT_MONTH, NEXT_TERM_END, PACT, Desk
from tests.resolutions.stage import Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_repeal(desk: Desk):
    version = desk.in_force()
    desk.go(NEXT_MONTH)
    announced = body_of(desk.repeal(version))
    assert (announced["state"], announced["repeal_ends_at"]) == ("IN_FORCE", NEXT_TERM_END)
    (item,) = desk.notices("CONVENTION_REPEAL_NOTICED")
    assert "决议2「夜间停车与消防通道」，拟废止本规约。理由：已由新规约代替" in item["content_text"]
    assert "公示期至 2026-05-27 24:00" in item["content_text"]
    extension = item["_yueyuetan"]
    assert (extension["about_id"], extension["session_id"]) == (version["id"], None)
    assert extension["term_ends_at"] == NEXT_TERM_END
    assert extension["data"]["repeal_reason"] == "已由新规约代替"

    desk.go("2026-05-27T23:59:59+08:00")
    assert desk.read(version)["state"] == "IN_FORCE"
    desk.go(NEXT_TERM_END)
    repealed = desk.read(version)
    assert (repealed["state"], repealed["repealed_at"]) == ("REPEALED", NEXT_TERM_END)
    (item,) = desk.notices("CONVENTION_REPEALED")
    assert "自 2026-05-28 00:00 起废止" in item["content_text"]
    moves = [(move.verb, move.to_state) for move in moves_of(desk.cast.app, version["id"])]
    assert moves[-2:] == [("announce_repeal", "IN_FORCE"), ("be_repealed", "REPEALED")]
    assert body_of(desk.secretary.get(f"{desk.path}?in_force=true"))["items"] == []


def test_objection_holds_the_repeal(desk: Desk):
    version = desk.in_force()
    desk.go(NEXT_MONTH)
    notice = body_of(desk.repeal(version))["repeal_notice_id"]
    voter = desk.stage.voters[0]
    objection = body_of(voter.post(f"/notices/{notice}/objections", {"text": "留着好"}), 201)
    desk.go(NEXT_TERM_END)
    assert desk.read(version)["state"] == "IN_FORCE"
    desk.go("2026-05-29T09:00:00+08:00")
    answer = {"answer": "新规约写得更全"}
    answered = body_of(desk.secretary.post(f"/objections/{objection['id']}/answer", answer))
    assert desk.read(version)["repealed_at"] == answered["answered_at"]


def test_while_the_repeal_is_on_the_board_nothing_else_begins(desk: Desk):
    version = desk.in_force()
    body_of(desk.repeal(version))
    before = desk.rows()
    repeal = {"resolution_id": desk.resolution, "reason": "再来"}
    path = f"/conventions/{version['convention_id']}"
    assert refusal(desk.secretary.post(f"{path}/repeal", repeal)) == (409, "repeal_pending")
    amend = desk.secretary.post(f"{path}/amend", {"resolution_ids": [desk.resolution]})
    assert refusal(amend) == (409, "repeal_pending")
    assert desk.rows() == before


def test_repeal_needs_another_passed_resolution(desk: Desk):
    version = desk.in_force()
    open_draft = desk.stage.draft(matter=1)["id"]
    before = desk.rows()
    for resolution_id in (desk.resolution, open_draft, desk.stage.id):
        answer = desk.repeal(version, resolution_id=resolution_id)
        assert refusal(answer) == (422, "invalid_resolutions")
    assert desk.rows() == before


def test_round_table_cannot_repeal_what_it_did_not_make(desk: Desk):
    for legal_type in (PACT, COVENANT):
        version = desk.draft(legal_type)
        assert refusal(desk.repeal(version)) == (409, "wrong_legal_type")
    assert refusal(desk.repeal(desk.draft())) == (409, "wrong_state")
