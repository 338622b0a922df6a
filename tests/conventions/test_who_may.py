"""Who may do what with conventions: every role, for each kind, and nobody of another compound."""

from typing import Any
from uuid import uuid4

import pytest

from app.people.models import Role
from tests.cast import Cast, Person
from tests.checks import refusal
from tests.conventions.steps import COVENANT, MEETING, OWNERS, PACT, SELF, Desk
from tests.resolutions.stage import Travel, body_of

BRANCH, DIRECTOR = {Role.BRANCH_SECRETARY}, {Role.OC_DIRECTOR}
COMMUNITY, STREET = {Role.COMMUNITY_SECRETARY}, {Role.SUBDISTRICT_OFFICER}
DRAFTS = {SELF: BRANCH, PACT: BRANCH, COVENANT: BRANCH | DIRECTOR}
REVIEWS = {SELF: COMMUNITY, PACT: STREET, COVENANT: STREET}
WITHDRAWS = {kind: DRAFTS[kind] | REVIEWS[kind] for kind in DRAFTS}
LEVELS = {Role.COMMUNITY_SECRETARY: "community", Role.SUBDISTRICT_OFFICER: "subdistrict"}
VERSION, CONVENTION = "/convention-versions/{id}", "/conventions/{convention_id}"
REASON = {"reason": "说明"}
# Method, address, body, and who may, by kind where that differs.
WRITES: dict[str, tuple[str, str, Any, Any]] = {
    "draft": ("POST", "/compounds/{compound_id}/conventions", {}, DRAFTS),
    "revise": ("PUT", VERSION, {}, DRAFTS),
    "submit": ("POST", f"{VERSION}/submit", None, DRAFTS),
    "withdraw": ("POST", f"{VERSION}/withdraw", REASON, WITHDRAWS),
    "amend": ("POST", f"{CONVENTION}/amend", {}, DRAFTS),
    "repeal": ("POST", f"{CONVENTION}/repeal", {"resolution_id": str(uuid4()), **REASON}, BRANCH),
    "withdraw-repeal": ("POST", f"{CONVENTION}/withdraw-repeal", REASON, COMMUNITY),
    "clear": ("POST", f"{VERSION}/flags/{{flag_id}}/clear", REASON, REVIEWS),
    "uphold": ("POST", f"{VERSION}/flags/{{flag_id}}/uphold", REASON, REVIEWS),
    "review": ("POST", f"{VERSION}/review", {"opinion": "APPROVED"}, REVIEWS),
    "record-vote": ("POST", f"{VERSION}/record-vote", {**MEETING, "abstain": 2}, COMMUNITY),
    "record-owner-vote": ("POST", f"{VERSION}/record-owner-vote", OWNERS, DIRECTOR | COMMUNITY),
    "publish": ("POST", f"{VERSION}/publish", None, BRANCH),
    "file": ("POST", f"{VERSION}/file", {"filing_ref": "备3号"}, STREET),
    "owner-vote": ("POST", "/clauses/{clause_id}/owner-vote", OWNERS, DIRECTOR | COMMUNITY),
}
READS = (
    "/compounds/{compound_id}/conventions",
    CONVENTION,
    f"{CONVENTION}/difference?from=1&to=1",
    VERSION,
)


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def _people(cast: Cast, compound: Any) -> dict[Role, Person]:
    offices = {
        role: cast.officer(role, None if role in LEVELS else compound, LEVELS.get(role, "compound"))
        for role in Role
        if role not in (Role.RESIDENT, Role.OWNER)
    }
    return {Role.RESIDENT: cast.resident(compound), **offices}


def _write(desk: Desk, person: Person, name: str, version: dict[str, Any]) -> Any:
    method, path, body, _ = WRITES[name]
    if name in ("draft", "revise"):
        body = desk.words()
    if name == "draft":
        body["legal_type"] = version["legal_type"]
    return person.call(method, path.format_map(version), body)


@pytest.mark.parametrize("legal_type", [SELF, PACT, COVENANT])
def test_roles_of_every_write(desk: Desk, legal_type: str):
    """Who lacks the role is refused before anything else is looked at; who has it is not."""
    draft = desk.draft(legal_type, clauses=[{"text": "不设罚款。", "owner_vote_item": 8}])
    version = body_of(desk.do(draft, "submit"))
    version["clause_id"] = version["clauses"][0]["id"]
    version["flag_id"] = version["flags"][0]["id"]
    people = _people(desk.cast, desk.cast.home)
    found = {
        name: {
            role
            for role, person in people.items()
            if _write(desk, person, name, version).status_code != 403
        }
        for name in WRITES
    }
    expected = {
        name: roles[legal_type] if isinstance(roles, dict) else roles
        for name, (*_, roles) in WRITES.items()
    }
    assert found == expected


def test_everyone_there_reads(desk: Desk):
    draft = desk.draft()
    for role, person in _people(desk.cast, desk.cast.home).items():
        for path in READS:
            assert person.get(path.format_map(draft)).status_code == 200, (role, path)


def test_other_compounds_find_nothing(desk: Desk):
    draft = body_of(desk.do(desk.draft(clauses=[{"text": "不设罚款。"}]), "submit"))
    draft["clause_id"], draft["flag_id"] = draft["clauses"][0]["id"], draft["flags"][0]["id"]
    before = desk.rows()
    people = _people(desk.cast, desk.cast.neighbour)
    for role, person in people.items():
        if role in LEVELS:
            continue  # these have standing in every compound below theirs
        answers = [_write(desk, person, name, draft) for name in WRITES]
        answers += [person.get(path.format_map(draft)) for path in READS]
        assert {refusal(answer) for answer in answers} == {(404, "not_found")}, role
    assert desk.rows() == before


def test_what_does_not_exist_is_not_found(desk: Desk):
    nothing = {
        "legal_type": SELF,
        **{
            name: str(uuid4())
            for name in ("id", "convention_id", "compound_id", "clause_id", "flag_id")
        },
    }
    allowed = {
        "clear": desk.community,
        "uphold": desk.community,
        "review": desk.community,
        "record-vote": desk.community,
        "record-owner-vote": desk.community,
        "owner-vote": desk.community,
        "file": desk.street,
    }
    for name in WRITES:
        person = allowed.get(name, desk.secretary)
        assert refusal(_write(desk, person, name, nothing)) == (404, "not_found"), name
    for path in READS:
        assert refusal(desk.secretary.get(path.format_map(nothing))) == (404, "not_found"), path
