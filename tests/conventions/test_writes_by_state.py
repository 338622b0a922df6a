"""Every write x every state of a version; a refusal changes no row: nothing published is edited."""

from itertools import product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.conventions.models import VERSION_MOVES, ConventionVersion, VersionState
from app.kit.errors import WrongState
from tests.cast import Cast
from tests.checks import refusal
from tests.conventions.steps import MEETING, OWNERS, Desk
from tests.resolutions.stage import Travel, body_of

DRAFT, REVIEW, VOTED, NOTICED, FILED, IN_FORCE, AMENDED, REPEALED, WITHDRAWN = VersionState

# Write -> {state: state afterwards} where it is allowed, by the domain notes, section 8.
WRITES: dict[str, dict[VersionState, VersionState]] = {
    "revise": {DRAFT: DRAFT},
    "submit": {DRAFT: REVIEW},
    "withdraw": dict.fromkeys([DRAFT, REVIEW, VOTED, NOTICED, FILED], WITHDRAWN),
    "approve": {REVIEW: VOTED},
    "return": {REVIEW: DRAFT},
    "publish": {VOTED: NOTICED},
    "attach": {state: state for state in (VOTED, NOTICED, FILED, IN_FORCE)},
    # AMENDED: what takes its place is in force, and it is that one which they are about.
    "amend": {IN_FORCE: IN_FORCE, AMENDED: AMENDED},
    "repeal": {IN_FORCE: IN_FORCE, AMENDED: AMENDED},
    "record-vote": {},
    "record-owner-vote": {},
    "file": {},
}
KIND_FIRST = ("record-vote", "record-owner-vote", "file")
OTHER_REFUSALS = {
    **dict.fromkeys(product(KIND_FIRST, VersionState), "wrong_legal_type"),
    # The only version that can be FILED is a pact's.
    ("record-vote", FILED): "wrong_state",
    ("file", FILED): "wrong_state",
    ("repeal", FILED): "wrong_legal_type",
}
BODIES: dict[str, dict[str, Any]] = {
    "withdraw": {"reason": "并入下月"},
    "record-vote": {**MEETING, "abstain": 2},
    "record-owner-vote": OWNERS,
    "file": {"filing_ref": "备3号"},
}


def write(desk: Desk, version: dict[str, Any], name: str, spare: str) -> TestResponse:
    """Make one of the writes, with a valid body; `spare` is a resolution that it may name."""
    reviewer = desk.reviewer(version["legal_type"])
    path = f"/conventions/{version['convention_id']}"
    match name:
        case "revise":
            return desk.secretary.put(f"/convention-versions/{version['id']}", desk.words())
        case "approve":
            return desk.approve(version)
        case "return":
            return desk.do(version, "review", reviewer, opinion="RETURNED", advice="再议")
        case "attach":
            return desk.attach(version["clauses"][1])
        case "amend":
            return desk.secretary.post(f"{path}/amend", {"resolution_ids": [spare]})
        case "repeal":
            body = {"resolution_id": spare, "reason": "已代替"}
            return desk.secretary.post(f"{path}/repeal", body)
    by = {
        "withdraw": reviewer,
        "record-vote": desk.community,
        "record-owner-vote": desk.director,
        "file": desk.street,
    }.get(name)
    return desk.do(version, name, by, **BODIES.get(name, {}))


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


@pytest.mark.parametrize("state", list(VersionState))
def test_write_in_another_state_changes_nothing(desk: Desk, state: VersionState):
    version = desk.at(state)
    assert version["state"] == state
    spare = desk.pass_another()
    before = desk.rows()
    refused = [name for name, allowed in WRITES.items() if state not in allowed]
    found = {name: refusal(write(desk, version, name, spare)) for name in refused}
    assert found == {
        name: (409, OTHER_REFUSALS.get((name, state), "wrong_state")) for name in refused
    }
    assert desk.rows() == before


@pytest.mark.parametrize(
    ("state", "name"), [(s, n) for s, n in product(VersionState, WRITES) if s in WRITES[n]]
)
def test_write_in_its_state(desk: Desk, state: VersionState, name: str):
    version = desk.at(state)
    answer = write(desk, version, name, desk.pass_another())
    assert answer.status_code in (200, 201), answer.text
    seen = desk.read(version)
    assert seen["state"] == WRITES[name][state]
    if state in (NOTICED, FILED, IN_FORCE):  # the words that are published stay
        words = [(clause["number"], clause["text"]) for clause in seen["clauses"]]
        assert words == [(clause["number"], clause["text"]) for clause in version["clauses"]]


def test_flags_are_decided_under_review_only(desk: Desk):
    version = desk.draft(clauses=[{"text": "罚款五十元，罚款一百元。"}])
    flags = body_of(desk.do(version, "submit"))["flags"]
    body_of(desk.do(version, "review", desk.community, opinion="RETURNED", advice="再议"))
    before = desk.rows()
    for flag, verb in zip(flags, ("clear", "uphold"), strict=True):
        answer = desk.do(version, f"flags/{flag['id']}/{verb}", desk.community, reason="再议")
        assert refusal(answer) == (409, "wrong_state")
    assert desk.rows() == before


@pytest.mark.parametrize("state", list(VersionState))
def test_model_moves_as_the_table_says(state: VersionState):
    for to in VersionState:
        version = ConventionVersion(state=state)
        if to in VERSION_MOVES[state]:
            version._move(to)
            assert version.state is to
        else:
            with pytest.raises(WrongState):
                version._move(to)
            assert version.state is state
