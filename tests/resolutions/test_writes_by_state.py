"""Every write x every state of a resolution; a refusal changes nothing."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.kit.errors import WrongState
from app.resolutions.models import RESOLUTION_MOVES, Resolution, ResolutionState
from tests.cast import Cast
from tests.checks import moves_of, refusal
from tests.resolutions.stage import Staged, Travel, staged

DRAFT, TABLED, PASSED, FAILED, NO_QUORUM, SHELVED, NOTICED, EFFECTIVE, SUPERSEDED = list(
    ResolutionState
)[:-2]
ESCALATED, VOID = ResolutionState.ESCALATED, ResolutionState.VOID

# Write -> {state: state afterwards} where it is allowed, by the domain notes, section 8.
WRITES: dict[str, dict[ResolutionState, ResolutionState]] = {
    "revise": {DRAFT: DRAFT},
    "review-request": {DRAFT: DRAFT},
    "table": {DRAFT: TABLED, NO_QUORUM: TABLED, VOID: TABLED},
    "count": {TABLED: NO_QUORUM},
    "shelve": {DRAFT: SHELVED, TABLED: SHELVED, NO_QUORUM: SHELVED, VOID: SHELVED},
    "publish": {PASSED: NOTICED},
    "escalate": {FAILED: ESCALATED, SHELVED: ESCALATED},
    "review": {},
    "vote": {},
    "close-vote": {},
}
PHONE_WRITES = {"vote": TABLED, "close-vote": NO_QUORUM, "shelve": SHELVED}
OTHER_REFUSALS = {
    ("review", DRAFT): "review_not_requested",
    ("vote", TABLED): "wrong_method",
    ("close-vote", TABLED): "wrong_method",
    **{(name, VOID): "vote_void" for name in ("count", "vote", "close-vote")},
}


def write(name: str, on: Staged) -> TestResponse:
    """Make one of the writes, with a valid body."""
    stage, resolution = on.stage, on.resolution
    words = stage.words()
    del words["matter_id"]
    special: dict[str, Callable[[], TestResponse]] = {
        "revise": lambda: stage.secretary.put(f"/resolutions/{resolution['id']}", words),
        "vote": lambda: stage.vote(stage.voters[0], resolution, "YES"),
    }
    bodies: dict[str, dict[str, Any]] = {
        "review": {"opinion": "AGREED"},
        "table": {"method": "PAPER", "secrecy": "SECRET"},
        "count": {"yes": 0, "no": 0, "abstain": 0},
        "shelve": {"reason": "等报告"},
        "escalate": {"forum": "RESIDENTS_MEETING", "reason": "意见相持"},
    }
    post = lambda: stage.do(resolution, name, **bodies.get(name, {}))  # noqa: E731
    return special.get(name, post)()


@pytest.mark.parametrize(
    ("state", "name"), [(s, w) for s, w in product(ResolutionState, WRITES) if s in WRITES[w]]
)
def test_write_in_its_state(cast: Cast, travel: Travel, state: ResolutionState, name: str):
    on = staged(cast, travel, state)
    assert on.stage.read(on.resolution)["state"] == state
    answer = write(name, on)
    assert answer.status_code == 200, answer.text
    assert on.stage.read(on.resolution)["state"] == WRITES[name][state]


@pytest.mark.parametrize("state", list(ResolutionState))
def test_write_in_another_state_changes_nothing(cast: Cast, travel: Travel, state: ResolutionState):
    on = staged(cast, travel, state)
    before = on.stage.read(on.resolution), moves_of(cast.app, on.resolution["id"])
    assert before[0]["state"] == state
    refused = [name for name, allowed in WRITES.items() if state not in allowed]
    found = {name: refusal(write(name, on)) for name in refused}
    assert found == {
        name: (409, OTHER_REFUSALS.get((name, state), "wrong_state")) for name in refused
    }
    assert (on.stage.read(on.resolution), moves_of(cast.app, on.resolution["id"])) == before


@pytest.mark.parametrize("name", WRITES)
def test_write_while_phones_vote(cast: Cast, travel: Travel, name: str):
    on = staged(cast, travel, TABLED, method="PHONE")
    on.stage.arrive(on.stage.voters[0])
    answer = write(name, on)
    if name in PHONE_WRITES:
        assert answer.status_code == 200, answer.text
        assert on.stage.read(on.resolution)["state"] == PHONE_WRITES[name]
    else:
        code = "wrong_method" if name == "count" else "wrong_state"
        assert refusal(answer) == (409, code)


@pytest.mark.parametrize(("state", "to"), list(product(ResolutionState, ResolutionState)))
def test_model_moves_as_the_table_says(state: ResolutionState, to: ResolutionState):
    resolution = Resolution(state=state)
    if to in RESOLUTION_MOVES[state]:
        resolution._move(to)
        assert resolution.state is to
    else:
        with pytest.raises(WrongState):
            resolution._move(to)
        assert resolution.state is state


def test_each_move_is_logged(cast: Cast, travel: Travel):
    on = staged(cast, travel, EFFECTIVE)
    moves = moves_of(cast.app, on.resolution["id"])
    assert [(move.verb, move.from_state, move.to_state) for move in moves] == [
        ("draft", None, "DRAFT"),
        ("table", "DRAFT", "TABLED"),
        ("count", "TABLED", "PASSED"),
        ("publish", "PASSED", "NOTICED"),
        ("take_effect", "NOTICED", "EFFECTIVE"),
    ]
    by = on.stage.secretary.id
    assert [move.by for move in moves] == [by, by, by, by, None]
