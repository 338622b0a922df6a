"""Whoever polls with the ETag of what they have gets an empty 304 while nothing has changed, and
reads times in whole seconds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from app.people.models import Role
from tests.cast import Cast
from tests.operations import furnish, operations, request_for

LATER = timedelta(seconds=90)
FRACTION = re.compile(r"\d\d:\d\d:\d\d\.\d+")
OFFICES = {
    Role.BRANCH_SECRETARY: "compound",
    Role.AUDITOR: "community",
    Role.SUBDISTRICT_OFFICER: "subdistrict",
}


def test_nothing_that_changes_by_itself_stands_in_an_answer(
    cast: Cast, client: FlaskClient, travel: Callable[[datetime], None]
):
    """All that can be read, by a resident and by officers, and again a minute and a half later."""
    ids = {
        **furnish(cast, cast.home, cast.community),
        "kind": "compounds",
        "place_id": cast.home.id,
    }
    people = [
        cast.resident(),
        cast.visitor(),
        *(cast.officer(role, level=level) for role, level in OFFICES.items()),
    ]
    paths = {
        request_for(each, ids)[1] for each in operations(cast.app) if each.startswith("GET /api/")
    }
    seen: dict[str, tuple[dict[str, Any], str]] = {}
    for path in sorted(paths):
        for person in people:
            headers = {"Authorization": f"Bearer {person.token}"}
            answer = client.get(path, headers=headers)
            if answer.status_code == 200 and answer.is_json:
                fractions = FRACTION.findall(answer.text)
                assert not fractions or path.endswith("/openapi.json"), path
                seen[path] = headers, answer.headers["ETag"]
                break
    assert len(seen) > 60
    travel(datetime.now(UTC) + LATER)
    again = {
        path: client.get(path, headers={**headers, "If-None-Match": etag}).status_code
        for path, (headers, etag) in seen.items()
    }
    assert {path: status for path, status in again.items() if status != 304} == {}


def test_times_of_feeds_and_boards_are_in_whole_seconds(cast: Cast, client: FlaskClient):
    """A fraction makes common readers take a time for UTC."""
    furnish(cast, cast.home, cast.community)
    place = f"board/compounds/{cast.home.id}"
    for path in (f"/api/v1/{place}/feed.json", f"/api/v1/{place}/feed.atom", f"/{place}"):
        text = client.get(path).text
        assert len(re.findall(r"T\d\d:\d\d:\d\d\+", text)) > 5, path
        assert FRACTION.findall(text) == [], path
