"""支部先议: an opinion with a term of five working days, never a veto."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.resolutions.stage import PUBLISHED, Stage, Travel, body_of

# Requested on Friday 2026-03-27: counted are 03-30, 03-31, 04-01, 04-02 and 04-03.
LAPSES = "2026-04-04T00:00:00+08:00"
ADVICE = "先征求一楼住户意见"


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


@pytest.fixture
def draft(stage: Stage) -> dict[str, Any]:
    """A draft whose review was requested."""
    draft = stage.draft()
    requested: dict[str, Any] = body_of(stage.do(draft, "review-request"))
    return requested


def test_review_has_a_term_of_five_working_days(draft: dict[str, Any]):
    review = draft["review"]
    assert (review["lapses_at"], review["has_lapsed"]) == (LAPSES, False)
    assert (review["opinion"], review["given_at"]) == (None, None)


def test_pending_review_holds_tabling_and_revision(stage: Stage, draft: dict[str, Any]):
    table = stage.do(draft, "table", method="HANDS", secrecy="NAMED")
    assert refusal(table) == (409, "review_pending")
    words = {"title": "改", "text": "改"}
    revise = stage.secretary.put(f"/resolutions/{draft['id']}", words)
    assert refusal(revise) == (409, "review_pending")


def test_pending_review_does_not_hold_shelving(stage: Stage, draft: dict[str, Any]):
    assert body_of(stage.do(draft, "shelve", reason="撤"))["state"] == "SHELVED"
    assert refusal(stage.do(draft, "review", opinion="AGREED")) == (409, "wrong_state")


def test_last_moment_of_the_term_is_in_time(stage: Stage, draft: dict[str, Any]):
    stage.go("2026-04-03T23:59:58+08:00")
    assert body_of(stage.do(draft, "review", opinion="AGREED"))["review"]["opinion"] == "AGREED"


def test_lapsed_review_holds_nothing(stage: Stage, draft: dict[str, Any]):
    stage.go(LAPSES)
    assert stage.read(draft)["review"]["has_lapsed"] is True
    assert refusal(stage.do(draft, "review", opinion="RETURNED", advice=ADVICE)) == (
        409,
        "wrong_state",
    )
    stage.table(draft)


@pytest.mark.parametrize("opinion", ["AGREED_WITH_ADVICE", "RETURNED"])
def test_no_opinion_stops_the_resolution_and_it_is_in_the_notice(
    stage: Stage, draft: dict[str, Any], opinion: str
):
    given = body_of(stage.do(draft, "review", opinion=opinion, advice=ADVICE))
    assert (given["review"]["opinion"], given["review"]["advice"]) == (opinion, ADVICE)
    stage.table(draft)
    stage.arrive(*stage.voters)
    body_of(stage.do(draft, "count", yes=3, no=0, abstain=0))
    stage.go(PUBLISHED)
    body_of(stage.do(draft, "publish"))
    (item,) = stage.notices("RESOLUTION_NOTICED")
    assert ADVICE in item["content_text"]
    assert item["_yueyuetan"]["data"]["review"]["opinion"] == opinion


def test_opinion_is_given_once(cast: Cast, stage: Stage, draft: dict[str, Any]):
    body_of(stage.do(draft, "review", opinion="AGREED"))
    answer = stage.do(draft, "review", opinion="RETURNED", advice=ADVICE)
    assert refusal(answer) == (409, "wrong_state")
    assert stage.read(draft)["review"]["opinion"] == "AGREED"
    assert [move.reason for move in moves_of(cast.app, draft["id"])] == [None, None, "AGREED"]


def test_review_is_requested_once(stage: Stage, draft: dict[str, Any]):
    assert refusal(stage.do(draft, "review-request")) == (409, "review_requested_already")


def test_ugly_review_is_refused(stage: Stage, draft: dict[str, Any]):
    cases = [
        ({}, "invalid_input"),
        ({"opinion": "VETO"}, "invalid_input"),
        ({"opinion": "AGREED", "advice": ""}, "invalid_input"),
        ({"opinion": "AGREED_WITH_ADVICE"}, "advice_missing"),
        ({"opinion": "RETURNED"}, "advice_missing"),
    ]
    path = f"/resolutions/{draft['id']}/review"
    found = [refusal(stage.secretary.post(path, body)) for body, _ in cases]
    assert found == [(422, code) for _, code in cases]


def test_opinion_on_other_words_is_retired(stage: Stage, draft: dict[str, Any]):
    """The branch is not quoted under a text that it has not seen."""
    body_of(stage.do(draft, "review", opinion="AGREED"))
    words = stage.words(text="每户交三千元。")
    del words["matter_id"]
    revised = body_of(stage.secretary.put(f"/resolutions/{draft['id']}", words))
    assert revised["review"] is None
    assert body_of(stage.do(draft, "review-request"))["review"]["opinion"] is None
