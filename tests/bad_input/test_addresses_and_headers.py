"""Ugly paths, queries, cursors and headers."""

from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.kit.web.api import MAX_PAGE, PREFIX
from app.signing import Purpose, SigningKeys
from tests.bad_input.problem import assert_refused, nothing_stored
from tests.cast import Cast, Person
from tests.operations import operations, request_for

NOT_FOUND, INVALID = (404, "not_found"), (422, "invalid_input")
INVALID_CURSOR, UNAUTHORIZED = (422, "invalid_cursor"), (401, "unauthorized")

NO_ID = {
    "word": "current",
    "number": "531",
    "digit too few": "0198c0de-0000-7000-8000-00000000000",
    "digit too many": "0198c0de-0000-7000-8000-0000000000001",
    "no hyphens": "0198c0de000070008000000000000001",
    "braces": "{0198c0de-0000-7000-8000-000000000001}",
    "urn": "urn:uuid:0198c0de-0000-7000-8000-000000000001",
    "other digits": "０198c0de-0000-7000-8000-000000000001",
    "NUL": "0198c0de-0000-7000-8000-00000000000%00",
    "line feed": "0198c0de-0000-7000-8000-000000000001%0a",
    "half a surrogate pair": "%ed%a0%80",
    "invalid UTF-8": "%ff%fe",
    "SQL": "1'%20OR%20'1'='1",
    "parent": "%2e%2e",
    "long": "a" * 10_000,
    "nobody's": str(uuid4()),
    "nil": str(UUID(int=0)),
    "max": str(UUID(int=2**128 - 1)),
}
LISTS = ("matters", "sessions", "residences")


def get(person: Person, path: str, query: Any, headers: dict[str, str]) -> TestResponse:
    return person.get(path, query_string=query, headers=headers)


def test_ugly_id_in_any_address_is_not_found(
    app: Flask, officer: Person, place: dict[str, Any], subtests: pytest.Subtests
):
    addressed = [each for each in operations(app) if each.split(" ")[1].startswith(f"{PREFIX}/")]
    with nothing_stored(app):
        for operation in addressed:
            for name in place.keys() & {"compound_id", "community_id", "session_id", "matter_id"}:
                if f"{{{name}}}" not in operation:
                    continue
                for ugly in ("word", "NUL", "half a surrogate pair", "nobody's"):
                    method, path = request_for(operation, {**place, name: NO_ID[ugly]})
                    with subtests.test(operation=operation, id=ugly):
                        answer = officer.call(method, path.removeprefix(PREFIX))
                        assert answer.mimetype == "application/problem+json"
                        assert answer.status_code in (404, 415, 422)


@pytest.mark.parametrize("value", NO_ID.values(), ids=NO_ID)
@pytest.mark.parametrize(
    "path", ["/sessions/{}", "/compounds/{}/matters", "/matters/{}", "/communities/{}/rotation"]
)
def test_ugly_id_is_not_found(app: Flask, officer: Person, path: str, value: str):
    assert_refused(partial(get, officer, path.format(value), None), NOT_FOUND)


@pytest.mark.parametrize("kind", ["planets", "compound", "COMPOUNDS", "%00", ""])
def test_ugly_kind_of_place_is_not_found(
    app: Flask, officer: Person, place: dict[str, Any], kind: str
):
    path = f"/board/{kind}/{place['place_id']}/feed.json"
    assert_refused(partial(get, officer, path, None), NOT_FOUND)


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": str(MAX_PAGE + 1)},
        {"limit": "9" * 5_000},
        {"limit": "1e2"},
        {"limit": "1.5"},
        {"limit": "NaN"},
        {"limit": "Infinity"},
        {"limit": ""},
        {"limit": "ten"},
        {"limit": "\x00"},
        {"limit": "\ud800".encode("utf-8", "surrogatepass")},
        {"state": "OPENED"},
        {"state": ""},
        {"state": "\x00"},
        {"cursor": "a" * 501},
    ],
    ids=lambda query: repr(query)[:20],
)
def test_ugly_query_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], listed: str, query: dict[str, Any]
):
    path = f"/compounds/{place['compound_id']}/{listed}"
    where = f"query.{next(iter(query))}"
    assert_refused(partial(get, officer, path, query), INVALID, where=where)


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize("query", [{"page": "2"}, {"": ""}, {"\x00": "1"}, {"limit[]": "1"}])
def test_query_that_nobody_knows_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], listed: str, query: dict[str, str]
):
    path = f"/compounds/{place['compound_id']}/{listed}"
    where = f"query.{next(iter(query))}"
    assert_refused(partial(get, officer, path, query), INVALID, where=where)


@pytest.mark.parametrize(
    "query", [{"mine": "perhaps"}, {"mine": "2"}, {"category": "parking"}, {"category": "\x00"}]
)
def test_ugly_filter_of_matters_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], query: dict[str, str]
):
    path = f"/compounds/{place['compound_id']}/matters"
    assert_refused(partial(get, officer, path, query), INVALID, where=f"query.{next(iter(query))}")


@pytest.mark.parametrize("feed", ["feed.json", "feed.atom"])
@pytest.mark.parametrize("before", ["", "1", "\x00", "yesterday", "a" * 1_000])
def test_ugly_page_of_a_feed_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], feed: str, before: str
):
    path = f"/board/compounds/{place['place_id']}/{feed}"
    assert_refused(partial(get, officer, path, {"before": before}), INVALID, where="query.before")


def cursor_for(app: Flask, path: str, value: Any) -> str:
    """A cursor with a good signature, as the list at `path` would sign it."""
    keys: SigningKeys = app.extensions["signing"]
    return str(keys.serializer(Purpose.CURSOR, f"{PREFIX}{path}").dumps(value))


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(
    "cursor",
    ["garbage", "", ".", "..", "a.b", "e30.e30", "bnVsbA", "\x00", "停车", "0198c0de-0000", "%"],
)
def test_malformed_cursor_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], listed: str, cursor: str
):
    path = f"/compounds/{place['compound_id']}/{listed}"
    assert_refused(partial(get, officer, path, {"cursor": cursor}), INVALID_CURSOR)


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize(
    "value", [None, 5, True, [], {}, "", "停车", "0" * 31, ["0" * 32], {"id": "0" * 32}], ids=repr
)
def test_signed_cursor_of_a_wrong_type_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], listed: str, value: Any
):
    path = f"/compounds/{place['compound_id']}/{listed}"
    cursor = cursor_for(app, path, value)
    assert_refused(partial(get, officer, path, {"cursor": cursor}), INVALID_CURSOR)


@pytest.fixture(scope="module")
def cursor(cast: Cast, place: dict[str, Any], officer: Person) -> str:
    """A good cursor of the matters of the furnished compound."""
    page = officer.get(f"/compounds/{place['compound_id']}/matters", query_string={"limit": 1})
    assert page.json["next_cursor"] is not None
    return str(page.json["next_cursor"])


def test_cursor_of_another_list_is_refused(
    app: Flask, cast: Cast, officer: Person, place: dict[str, Any], cursor: str
):
    neighbour = f"/compounds/{cast.neighbour.id}/matters"
    for path in (f"/compounds/{place['compound_id']}/sessions", neighbour):
        assert_refused(partial(get, officer, path, {"cursor": cursor}), INVALID_CURSOR)


def test_tampered_cursor_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], cursor: str
):
    """Each single letter changed."""
    path = f"/compounds/{place['compound_id']}/matters"
    assert get(officer, path, {"cursor": cursor}, {}).status_code == 200
    for position, letter in enumerate(cursor):
        other = "A" if letter != "A" else "B"
        tampered = cursor[:position] + other + cursor[position + 1 :]
        answer = get(officer, path, {"cursor": tampered}, {})
        # The last letter of a Base64 text has bits that mean nothing.
        if position != len(cursor) - 1:
            assert (answer.status_code, answer.json["code"]) == INVALID_CURSOR
        else:
            assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    ("languages", "answered_in"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en;q=0.2, zh;q=0.7", "zh-CN"),
        ("de", "zh-CN"),
        ("*", "zh-CN"),
        ("en;q=x", None),
        ("en;q=-1", None),
        ("en;q=1e309", None),
        (";;;,,,q=q=q", "zh-CN"),
        ("zh-" * 3_000, None),
        ("\u00ff\u00fe", "zh-CN"),
    ],
)
def test_ugly_language_is_answered(
    app: Flask, officer: Person, languages: str, answered_in: str | None
):
    answer = officer.get("/sessions/none", headers={"Accept-Language": languages})
    assert answer.status_code == 404
    assert answer.headers["Content-Language"] in ([answered_in] if answered_in else ["zh-CN", "en"])


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer \u00ff\u00fe",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer " + "a" * 100_000,
        "Basic dXNlcjpwYXNz",
        "bearer none",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)
def test_ugly_authorization_is_unauthorized(app: Flask, value: str):
    client = app.test_client()

    def ask(headers: dict[str, str]) -> TestResponse:
        return client.get(f"{PREFIX}/me", headers={"Authorization": value, **headers})

    assert_refused(ask, UNAUTHORIZED)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "TRACE", "BREW"])
def test_method_that_an_address_does_not_take(app: Flask, officer: Person, method: str):
    def ask(headers: dict[str, str]) -> TestResponse:
        return officer.call(method, "/auth/wechat", headers=headers)

    assert_refused(ask, (405, "method_not_allowed"))
    assert "POST" in officer.call(method, "/auth/wechat").headers["Allow"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-None-Match", '"\u00ff"'),
        ("If-None-Match", "*, " * 5_000),
        ("If-Modified-Since", "yesterday"),
        ("If-Modified-Since", "Fri, 31 Feb 9999 99:99:99 GMT"),
        ("Range", "bytes=9-1"),
        ("Host", "evil.example"),
        ("X-Forwarded-For", "' OR 1=1"),
        ("Accept", "image/png"),
        ("Cookie", "a=\u00ff; " * 100),
        ("Content-Length", "0"),
    ],
)
def test_ugly_header_of_a_feed_is_harmless(
    app: Flask, place: dict[str, Any], name: str, value: str
):
    path = f"{PREFIX}/board/compounds/{place['place_id']}/feed.json"
    answer = app.test_client().get(path, headers={name: value})
    assert answer.status_code in (200, 304)
    assert "evil.example" not in answer.get_data(as_text=True)
