"""Words that a convention may not have: flagged at submission, decided by a reviewer."""

import pytest

from app.people.models import Role
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.conventions.steps import FINED, PACT, SELF, Desk
from tests.resolutions.stage import PUBLISHED, Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def _submitted(desk: Desk, legal_type: str = SELF, **changes: object) -> dict:
    version = desk.draft(legal_type, clauses=FINED, **changes)
    return body_of(desk.do(version, "submit"))


@pytest.mark.parametrize("legal_type", [SELF, PACT])
def test_open_flag_holds_the_version(desk: Desk, legal_type: str):
    version = _submitted(desk, legal_type)
    before = desk.rows()
    assert refusal(desk.approve(version)) == (409, "flags_open")
    assert refusal(desk.do(version, "publish")) == (409, "flags_open")
    assert desk.rows() == before
    cleared = body_of(desk.decide(version))["flags"][0]
    assert (cleared["decision"], cleared["decision_reason"]) == ("CLEARED", "只是声明")
    assert cleared["decided_at"]
    body_of(desk.approve(version))


def test_refusal_names_the_words(desk: Desk):
    version = desk.draft(title="罚款规约", clauses=[{"text": "不停车。"}, *FINED])
    body_of(desk.do(version, "submit"))
    assert desk.approve(version).json["detail"] == "标题「罚款」、第二条「罚款」。"


@pytest.mark.parametrize("legal_type", [SELF, PACT])
def test_upheld_flag_returns_the_version_to_be_rewritten(desk: Desk, legal_type: str):
    """As its operation says; the other flag of this text need not be decided any more."""
    version = desk.draft(legal_type, title="罚款规约", clauses=FINED)
    version = body_of(desk.do(version, "submit"))
    upheld = body_of(desk.decide(version, "uphold"))
    assert [flag["decision"] for flag in upheld["flags"]] == ["UPHELD", None]
    advice = f"标题「罚款」：{upheld['flags'][0]['decision_reason']}"
    seen = (upheld["state"], upheld["opinion"], upheld["advice"])
    assert seen == ("DRAFT", "RETURNED", advice)
    moves = [(move.verb, move.to_state) for move in moves_of(desk.cast.app, version["id"])]
    assert moves[-1] == ("review", "DRAFT")
    assert refusal(desk.approve(version)) == (409, "wrong_state")
    assert refusal(desk.do(version, "publish")) == (409, "flags_open")


def test_returned_version_is_rewritten(desk: Desk):
    version = _submitted(desk)
    body_of(desk.decide(version, "uphold"))

    words = desk.words(clauses=[{"text": "乱停车的先劝导。"}])
    body_of(desk.secretary.put(f"/convention-versions/{version['id']}", words))
    again = body_of(desk.do(version, "submit"))
    assert (again["flags"], again["opinion"]) == ([], None)
    body_of(desk.approve(version))
    desk.go(PUBLISHED)
    assert body_of(desk.do(version, "publish"))["state"] == "NOTICED"
    assert len(desk.rows()["convention_flags"]) == 1  # what was decided stays


def test_same_words_again_are_decided_again(desk: Desk):
    version = _submitted(desk)
    body_of(desk.decide(version))
    body_of(desk.do(version, "review", desk.community, opinion="RETURNED", advice="改标题"))
    again = body_of(desk.do(version, "submit"))
    assert [flag["decision"] for flag in again["flags"]] == [None]
    assert refusal(desk.approve(version)) == (409, "flags_open")


def test_flag_is_decided_once(desk: Desk):
    version = _submitted(desk)
    body_of(desk.decide(version))
    before = desk.rows()
    for verb in ("clear", "uphold"):
        assert refusal(desk.decide(version, verb)) == (409, "wrong_state")
    assert desk.rows() == before


def test_flag_of_another_version_is_not_found(desk: Desk):
    version, other = _submitted(desk), desk.draft()
    flag = version["flags"][0]["id"]
    answer = desk.do(other, f"flags/{flag}/clear", desk.community, reason="只是声明")
    assert refusal(answer) == (404, "not_found")


def test_decision_is_logged(desk: Desk):
    version = _submitted(desk)
    body_of(desk.decide(version))
    (move,) = moves_of(desk.cast.app, version["flags"][0]["id"])
    assert (move.verb, move.to_state, move.by) == ("decide", "CLEARED", desk.community.id)
    assert move.reason == "第一条「罚款」：只是声明"


def test_return_needs_advice(desk: Desk):
    version = _submitted(desk)
    before = desk.rows()
    answer = desk.do(version, "review", desk.community, opinion="RETURNED")
    assert refusal(answer) == (422, "return_needs_advice")
    assert desk.rows() == before


def test_nobody_reviews_what_he_wrote(desk: Desk):
    """Neither who drafted it nor who revised it, whatever offices they hold."""
    desk.cast.appoint(desk.secretary, Role.COMMUNITY_SECRETARY, level="community")
    version = _submitted(desk)
    flag = version["flags"][0]["id"]
    before = desk.rows()
    answers = [
        desk.do(version, f"flags/{flag}/clear", reason="只是声明"),
        desk.do(version, f"flags/{flag}/uphold", reason="须改"),
        desk.approve(version, by=desk.secretary),
    ]
    assert {refusal(answer) for answer in answers} == {(403, "own_draft")}
    assert desk.rows() == before

    body_of(desk.do(version, "review", desk.community, opinion="RETURNED", advice="改为劝导"))
    desk.cast.appoint(desk.community, Role.BRANCH_SECRETARY)
    words = desk.words(clauses=FINED)
    body_of(desk.community.put(f"/convention-versions/{version['id']}", words))
    body_of(desk.do(version, "submit"))
    assert refusal(desk.decide(version)) == (403, "own_draft")


def test_only_the_street_reviews_a_pact(desk: Desk):
    version = _submitted(desk, PACT)
    flag = version["flags"][0]["id"]
    before = desk.rows()
    for verb, body in (
        (f"flags/{flag}/clear", {"reason": "只是声明"}),
        ("review", {"opinion": "APPROVED"}),
    ):
        assert refusal(desk.do(version, verb, desk.community, **body)) == (403, "forbidden")
    assert desk.rows() == before


def test_whoever_revised_it_once_does_not_review_it(desk: Desk):
    """Not even when somebody else has touched it since."""
    both = desk.cast.officer(Role.BRANCH_SECRETARY)
    desk.cast.appoint(both, Role.COMMUNITY_SECRETARY, level="community")
    version = desk.draft(clauses=[{"text": "消防通道不停车。"}])
    path = f"/convention-versions/{version['id']}"
    for by, title in ((both, "停车规约"), (desk.secretary, "停车规约（二）")):
        words = desk.words(title=title, clauses=[{"text": "消防通道不停车。"}])
        body_of(by.put(path, words))
    body_of(desk.do(version, "submit"))
    assert refusal(desk.approve(version, by=both)) == (403, "own_draft")
