"""Counting hands and papers: figures that cannot be are refused, and attendance is the measure."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.resolutions.stage import Stage, Travel, body_of


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    """Three on the roll, two present, and a guest who does not count."""
    stage = Stage(cast, travel)
    stage.arrive(*stage.voters[:2], cast.visitor(name="城管"))
    return stage


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"yes": 2, "no": 1, "abstain": 0}, "more_votes_than_present"),
    ({"yes": 0, "no": 0, "abstain": 3}, "more_votes_than_present"),
    ({"present": 4, "yes": 2, "no": 0, "abstain": 0}, "more_present_than_roll"),
    ({"present": 3, "yes": 2, "no": 0, "abstain": 0}, "present_differs"),
    ({"present": 1, "yes": 1, "no": 0, "abstain": 0}, "present_differs"),
    ({"yes": -1, "no": 0, "abstain": 0}, "invalid_input"),
    ({"yes": 1.0, "no": 0, "abstain": 0}, "invalid_input"),
    ({"yes": "2", "no": 0, "abstain": 0}, "invalid_input"),
    ({"yes": True, "no": 0, "abstain": 0}, "invalid_input"),
    ({"yes": 2**63, "no": 0, "abstain": 0}, "invalid_input"),
    ({"yes": 2, "no": 0}, "invalid_input"),
    ({"yes": 2, "no": 0, "abstain": 0, "roll": 2}, "invalid_input"),
]


@pytest.mark.parametrize("method", ["HANDS", "PAPER"])
def test_figures_that_cannot_be_are_refused(stage: Stage, method: str):
    draft = stage.draft()
    stage.table(draft, method)
    found = [refusal(stage.do(draft, "count", **count)) for count, _ in IMPOSSIBLE]
    assert found == [(422, code) for _, code in IMPOSSIBLE]
    assert stage.read(draft)["state"] == "TABLED"


OUTCOMES: list[tuple[dict[str, Any], str]] = [
    ({"yes": 2, "no": 0, "abstain": 0}, "PASSED"),
    ({"present": 2, "yes": 2, "no": 0, "abstain": 0}, "PASSED"),
    ({"yes": 1, "no": 0, "abstain": 0}, "FAILED"),  # 1 is not more than half of 2 present
    ({"yes": 1, "no": 0, "abstain": 1}, "FAILED"),
    ({"yes": 0, "no": 0, "abstain": 0}, "FAILED"),
]


@pytest.mark.parametrize("method", ["HANDS", "PAPER"])
def test_outcome_is_of_those_present(stage: Stage, method: str):
    for count, outcome in OUTCOMES:
        draft = stage.draft()
        stage.table(draft, method)
        counted = body_of(stage.do(draft, "count", **count))
        assert (counted["state"], counted["roll"], counted["present"]) == (outcome, 3, 2)
        assert (counted["publish_due_at"] is not None) == (outcome == "PASSED")


def test_without_a_quorum_it_is_tabled_again_in_another_way(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    stage.arrive(stage.voters[0])
    draft = stage.draft()
    stage.table(draft, "PAPER", "SECRET")
    first = body_of(stage.do(draft, "count", yes=1, no=0, abstain=0))
    # Of one person present the figures would be that person's vote.
    assert (first["state"], first["yes"], first["publish_due_at"]) == ("NO_QUORUM", None, None)
    stage.table(draft, "HANDS", "NAMED")
    again = stage.read(draft)
    assert (again["attempt"], again["method"], again["yes"]) == (2, "HANDS", None)
    stage.arrive(stage.voters[1])
    assert body_of(stage.do(draft, "count", yes=2, no=0, abstain=0))["state"] == "PASSED"
    reasons = [move.reason for move in moves_of(cast.app, draft["id"]) if move.verb == "count"]
    assert "到会1人" in reasons[0]  # the log keeps what the first vote said
    assert "到会2人" in reasons[1]


def test_hands_are_not_secret(stage: Stage):
    draft = stage.draft()
    answer = stage.do(draft, "table", method="HANDS", secrecy="SECRET")
    assert refusal(answer) == (422, "hands_are_not_secret")


def test_ugly_tabling_is_refused(stage: Stage):
    draft = stage.draft()
    bodies = [{}, {"method": "HANDS"}, {"method": "FAX", "secrecy": "NAMED"}, {"secrecy": 1}]
    path = f"/resolutions/{draft['id']}/table"
    found = {refusal(stage.secretary.post(path, body)) for body in bodies}
    assert found == {(422, "invalid_input")}


def test_rule_is_fixed_at_tabling(stage: Stage):
    draft = stage.draft()
    assert (draft["rule"], draft["method"], draft["attempt"]) == (None, None, 0)
    stage.table(draft, "PAPER", "SECRET")
    half = {"numerator": 1, "denominator": 2}
    tabled = stage.read(draft)
    assert tabled["rule"] == {"quorum_share": half, "pass_share": half}
    assert (tabled["method"], tabled["secrecy"], tabled["attempt"]) == ("PAPER", "SECRET", 1)
