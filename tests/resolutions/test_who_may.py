"""Who may do what with resolutions: every role, and nobody of another compound."""

from typing import Any

import pytest

from app.people.models import Role
from tests.cast import Cast, Person
from tests.checks import refusal
from tests.resolutions.stage import Stage, Travel

BRANCH = {Role.BRANCH_SECRETARY}
EVERYONE = set(Role) - {Role.OWNER}
WRITES: dict[str, tuple[str, str, Any, set[Role]]] = {
    "draft": ("POST", "/sessions/{session_id}/resolutions", {}, BRANCH),
    "revise": ("PUT", "/resolutions/{id}", {}, BRANCH),
    "review-request": (
        "POST",
        "/resolutions/{id}/review-request",
        None,
        BRANCH | {Role.OC_DIRECTOR},
    ),
    "review": ("POST", "/resolutions/{id}/review", {"opinion": "AGREED"}, BRANCH),
    "table": ("POST", "/resolutions/{id}/table", {"method": "PAPER", "secrecy": "NAMED"}, BRANCH),
    "count": ("POST", "/resolutions/{id}/count", {"yes": 0, "no": 0, "abstain": 0}, BRANCH),
    "vote": ("PUT", "/resolutions/{id}/vote", {"answer": "YES"}, {Role.RESIDENT}),
    "close-vote": ("POST", "/resolutions/{id}/close-vote", None, BRANCH),
    "shelve": ("POST", "/resolutions/{id}/shelve", {"reason": "等报告"}, BRANCH),
    "escalate": (
        "POST",
        "/resolutions/{id}/escalate",
        {"forum": "COMMUNITY", "reason": "意见相持"},
        BRANCH,
    ),
    "publish": ("POST", "/resolutions/{id}/publish", None, BRANCH),
    "conclude-meeting": ("POST", "/sessions/{session_id}/conclude-meeting", None, BRANCH),
}
READS = ("/resolutions/{id}", "/sessions/{session_id}/resolutions")


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


def _people(cast: Cast, compound: Any) -> dict[Role, Person]:
    officers = {
        role: cast.officer(role, compound)
        for role in Role
        if role not in (Role.RESIDENT, Role.OWNER)
    }
    return {Role.RESIDENT: cast.resident(compound), **officers}


def _write(stage: Stage, person: Person, name: str, resolution: dict[str, Any]) -> Any:
    method, path, body, _ = WRITES[name]
    if name in ("draft", "revise"):
        body = stage.words()
    if name == "revise":
        del body["matter_id"]
    return person.call(method, path.format_map(resolution), body)


def test_roles_of_every_write(cast: Cast, stage: Stage):
    """Who lacks the role is refused before anything else is looked at; who has it is not."""
    draft = stage.draft()
    people = _people(cast, cast.home)
    allowed = {
        name: {
            role
            for role, person in people.items()
            if _write(stage, person, name, draft).status_code != 403
        }
        for name in WRITES
        if name not in ("vote", "conclude-meeting")
    }
    expected = {name: roles for name, (*_, roles) in WRITES.items() if name in allowed}
    assert allowed == expected


def test_roles_of_vote_and_end(cast: Cast, stage: Stage):
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    people = _people(cast, cast.home)
    codes = {role: refusal(_write(stage, p, "vote", draft))[1] for role, p in people.items()}
    assert {role for role, code in codes.items() if code != "forbidden"} == {Role.RESIDENT}
    codes = {
        role: refusal(_write(stage, p, "conclude-meeting", draft))[1] for role, p in people.items()
    }
    assert {role for role, code in codes.items() if code != "forbidden"} == BRANCH


def test_everyone_there_reads(cast: Cast, stage: Stage):
    draft = stage.draft()
    for role, person in _people(cast, cast.home).items():
        for path in READS:
            assert person.get(path.format_map(draft)).status_code == 200, role


def test_other_compounds_find_nothing(cast: Cast, stage: Stage):
    draft = stage.draft()
    before = stage.read(draft)
    for role in (Role.RESIDENT, Role.BRANCH_SECRETARY, Role.OC_DIRECTOR):
        person = _people(cast, cast.neighbour)[role]
        answers = [_write(stage, person, name, draft) for name in WRITES]
        answers += [person.get(path.format_map(draft)) for path in READS]
        assert {refusal(answer) for answer in answers} == {(404, "not_found")}
    assert stage.read(draft) == before


def test_what_does_not_exist_is_not_found(stage: Stage):
    nothing = {"id": stage.id, "session_id": stage.matters[0]}
    answers = [_write(stage, stage.secretary, name, nothing) for name in WRITES if name != "vote"]
    answers.append(_write(stage, stage.voters[0], "vote", nothing))
    assert {refusal(answer) for answer in answers} == {(404, "not_found")}
