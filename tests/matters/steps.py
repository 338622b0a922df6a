"""Steps that the tests of matters share."""

from typing import Any

from tests.cast import Cast, Person

TITLE = "夜间停车难、消防通道被占"


def raise_matter(cast: Cast, by: Person, title: str = TITLE, **changes: Any) -> str:
    """Raise a matter in 香樟苑; its id."""
    body = {"title": title, "body": "晚上八点以后", "category": "PARKING", **changes}
    answer = by.post(f"/compounds/{cast.home.id}/matters", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json["id"]
    return made


def screen(by: Person, matter: str, outcome: str, **more: Any) -> dict[str, Any]:
    """Decide about a matter; it as the branch sees it then."""
    answer = by.post(f"/matters/{matter}/screen", {"outcome": outcome, **more})
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json
    return seen


def endorse(matter: str, *people: Person) -> None:
    for person in people:
        answer = person.put(f"/matters/{matter}/endorsement")
        assert answer.status_code == 200, answer.text
