"""Which role may use which operation of a round table."""

from typing import Any

from app.people.models import Role
from tests.cast import Cast, Person
from tests.deliberation.steps import RoundTable, outcome

R = Role
EVERYONE = set(Role)
CLERKS = {R.BRANCH_SECRETARY, R.GRID_WORKER}

# Operation -> the roles that may use it; everybody else there is refused with 403.
OPERATIONS: dict[str, set[Role]] = {
    "GET /sessions/{session_id}/round-table": EVERYONE,
    "POST /sessions/{session_id}/start-meeting": {R.BRANCH_SECRETARY},
    "POST /sessions/{session_id}/invitations": {R.BRANCH_SECRETARY},
    "GET /sessions/{session_id}/invitations": CLERKS | {R.COMMUNITY_SECRETARY, R.AUDITOR},
    "GET /sessions/{session_id}/attendance-code": {R.BRANCH_SECRETARY},
    "POST /sessions/{session_id}/attendance": EVERYONE,
    "GET /sessions/{session_id}/attendance": EVERYONE,
    "POST /sessions/{session_id}/remarks": CLERKS,
    "GET /sessions/{session_id}/remarks": EVERYONE,
    "POST /sessions/{session_id}/cards": EVERYONE - {R.AUDITOR},
    "GET /sessions/{session_id}/cards": EVERYONE,
    "GET /cards/{card_id}": EVERYONE,
    "PUT /cards/{card_id}/support": {R.RESIDENT, R.OWNER},  # an owner here lives here
    "DELETE /cards/{card_id}/support": {R.RESIDENT, R.OWNER},
    "POST /cards/{card_id}/merge": {R.BRANCH_SECRETARY},
    "POST /cards/{card_id}/adopt": {R.BRANCH_SECRETARY},
    "POST /cards/{card_id}/drop": {R.BRANCH_SECRETARY},
    "POST /cards/{card_id}/tag": {R.BRANCH_SECRETARY},
}


def bodies(table: RoundTable) -> dict[str, Any]:
    nowhere = "0198c0de-0000-7000-8000-00000000dead"
    return {
        "invitations": {"kind": "OWNERS", "name": "业主代表"},
        "attendance": {"code": "no code"},
        "remarks": {"speaker": "代表", "text": "同意"},
        "cards": {"matter_id": table.matters[0], "text": "划线"},
        "merge": {"into": nowhere},
        "tag": {"item": 8},
    }


def ask(person: Person, operation: str, table: RoundTable, card_id: str) -> str:
    method, path = operation.format(session_id=table.id, card_id=card_id).split(" ")
    writes = method == "POST"
    return outcome(
        person.call(method, path, bodies(table).get(path.split("/")[-1], {}) if writes else None)
    )


def people_of(cast: Cast) -> dict[Role, Person]:
    offices = [role for role in Role if role not in (R.RESIDENT, R.OWNER)]
    people = {role: cast.officer(role) for role in offices}
    return {**people, R.RESIDENT: cast.resident(), R.OWNER: cast.resident()}


def test_roles_and_places(cast: Cast):
    table = RoundTable(cast, ["停车"])
    card_id = table.card()["id"]
    people = people_of(cast)
    outsiders = (
        cast.visitor(),
        cast.resident(cast.neighbour),
        cast.secretary(cast.neighbour),
    )
    for operation, roles in OPERATIONS.items():
        for role, person in people.items():
            if role not in roles:
                answer = ask(person, operation, table, card_id)
                assert answer == "403 forbidden", (operation, role)
        for person in outsiders:
            assert ask(person, operation, table, card_id) == "404 not_found", operation
    for operation, roles in OPERATIONS.items():
        for role in roles:
            status = ask(people[role], operation, table, card_id).split()[0]
            assert status not in ("401", "403", "404"), (operation, role)


def test_every_operation_of_the_package_has_its_roles_here(cast: Cast):
    found = {
        f"{method} {rule.rule}"
        for rule in cast.app.url_map.iter_rules()
        if rule.endpoint.startswith("deliberation.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    expected = {
        operation.replace(" /", " /api/v1/")
        .replace("{session_id}", "<uuid:session_id>")
        .replace("{card_id}", "<uuid:card_id>")
        for operation in OPERATIONS
    }
    assert found == expected
