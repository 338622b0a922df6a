"""The application's operations, read from the addresses that it really serves, and a furnished
place whose things have those addresses."""

import io
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask

from app.api import PREFIX
from app.people.models import Role
from tests.cast import Cast, Person, Place

# Operations of the API that ask for no access token.
PUBLIC_API = frozenset(
    {
        f"GET {PREFIX}/openapi.json",
        f"POST {PREFIX}/auth/wechat",
        f"POST {PREFIX}/auth/refresh",
        f"GET {PREFIX}/operator-key",
        f"GET {PREFIX}/board/{{kind}}/{{place_id}}/feed.json",
        f"GET {PREFIX}/board/{{kind}}/{{place_id}}/feed.atom",
    }
)
REGISTER = "楼栋,单元,房号,面积\n9栋,1单元,901,88.50\n"


def template(rule: str) -> str:
    """A rule of Werkzeug as the API's description writes it: `/matters/{matter_id}`."""
    return re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule)


def operations(app: Flask) -> set[str]:
    """Every operation as `METHOD /path/{argument}`."""
    return {
        f"{method} {template(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def request_for(operation: str, ids: Mapping[str, Any]) -> tuple[str, str]:
    """Method and path of an operation, its arguments filled in from `ids`."""
    method, path = operation.split(" ", 1)
    return method, path.format_map(ids)


def furnish(
    cast: Cast,
    compound: Place,
    community: Place,
    secretary: Person | None = None,
    resident: Person | None = None,
) -> dict[str, Any]:
    """A compound with voting open and one thing of each kind.

    The ids stand under the names that addresses use; `matters` are those on the list,
    `matter_id` is one that nobody has screened.
    """
    secretary = secretary or cast.secretary(compound)
    resident = resident or cast.resident(compound)
    newcomer = cast.visitor()
    cast.unit(compound, "101")
    unit = {"building": "3栋", "entrance": "2单元", "unit": "101", "relation": "tenant"}
    claim = {"compound_id": str(compound.id), **unit}
    residence = made(newcomer.post("/residences", claim))
    office = {"resident_id": str(resident.id), "role": Role.RESIDENT_REP, "from": "2020-01-01"}
    appointment = made(secretary.post(f"/compounds/{compound.id}/appointments", office))
    register = {"file": (io.BytesIO(REGISTER.encode()), "register.csv")}
    path = f"/compounds/{compound.id}/register-imports"
    taken_in = made(secretary.call("POST", path, data=register))

    session = cast.session(secretary, compound=compound)
    steps = f"/sessions/{session['id']}"
    made(secretary.post(f"{steps}/start-collecting"), 200)
    listed = cast.matters(secretary, resident, ("停车", "路灯"), compound=compound)
    made(secretary.post(f"{steps}/freeze-list"), 200)
    made(secretary.post(f"{steps}/open-voting"), 200)
    matter = {"title": "积水", "body": "雨后积水", "category": "LEAK_DRAIN"}
    submitted = made(resident.post(f"/compounds/{compound.id}/matters", matter))
    feed = made(secretary.get(f"/board/compounds/{compound.id}/feed.json"), 200)
    return {
        "compound_id": compound.id,
        "community_id": community.id,
        "kind": "compounds",
        "place_id": compound.id,
        "kind_of_feed": "json",
        "filename": "site.css",
        "session_id": session["id"],
        "matter_id": submitted["id"],
        "matters": listed,
        "residence_id": residence["id"],
        "appointment_id": appointment["id"],
        "import_id": taken_in["id"],
        "notice_id": feed["items"][0]["id"].removeprefix("urn:uuid:"),
        "resident_id": str(resident.id),
        "unit": unit,
    }


def made(answer: Any, status: int = 201) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json
