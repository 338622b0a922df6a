"""Single fields of good bodies made bad: types, texts, numbers, ids, choices, dates and times."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.matters.models import Matter
from tests.bad_input.json_operations import OPERATIONS, Operation, at
from tests.bad_input.problem import assert_refused, nothing_stored
from tests.cast import Cast, Person, ballot, stored

INVALID = (422, "invalid_input")
LONE_SURROGATE, NUL = "\ud800", "\x00"

NO_STRING = {"number": 5, "fraction": 5.5, "true": True, "object": {}, "list of text": ["a"]}
NO_TEXT = {
    "empty": "",
    "blank": " \u3000\t ",
    "NUL": f"停车{NUL}难",
    "lone surrogate": f"停车{LONE_SURROGATE}难",
    "escape": "停车\x1b[31m难",
    "next line": "停车\x85难",
    "no character": "停车\uffff难",
    "too long": "停" * 5_001,
}
# Whatever is wrong with a token, the answer is the same.
NO_TOKEN = NO_TEXT.keys() - {"too long"}
# Fields that take `null` for "none given".
MAY_BE_NULL = {"until", "into", "nonce", "expected_version", "note", "doer_kind", "doer_name"}
NULL_IS_GOOD = {
    ("PUT /compounds/{compound_id}/countersigner", "officer_key_id"),
    ("PUT /sessions/{session_id}/manual-method", "method"),
    ("POST /sessions/{session_id}/cancel", "reason"),
    ("POST /matters/{matter_id}/screen", "reason"),
    ("POST /cards/{card_id}/drop", "reason"),
    ("POST /sessions/{session_id}/invitations", "name"),
    ("POST /cards/{card_id}/tag", "item"),
    ("PUT /evaluation-rounds/{round_id}/paper", "unsolved"),
}


def changed(operation: Operation, field: str, value: Any) -> Operation:
    return operation._replace(body={**operation.body, field: value})


def ask(person: Person, operation: Operation) -> Callable[[dict[str, str]], TestResponse]:
    """Send the body in ASCII, as its Unicode may not be fit for UTF-8."""
    method, path, body = operation
    return lambda headers: person.call(
        method,
        path,
        data=json.dumps(body),
        headers={"Content-Type": "application/json", **headers},
    )


def ugly_values(good: Any) -> dict[str, Any]:
    """Values that nothing like `good` may be replaced with."""
    if isinstance(good, str):
        return NO_STRING | NO_TEXT
    if isinstance(good, bool):
        return {**NO_TEXT, "number": 5, "fraction": 5.5, "object": {}, "list": [True]}
    if isinstance(good, list):
        return {**NO_STRING, "text": "a", "list of null": [None], "list of lists": [[]]}
    return {**NO_TEXT, "text": "5", "fraction": 5.5, "negative": -1, "true": True, "list": [5]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_ugly_value_of_a_field_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], name: str, subtests: pytest.Subtests
):
    operation = at(name, place)
    with nothing_stored(app):
        for field, good in operation.body.items():
            for ugly, value in ugly_values(good).items():
                with subtests.test(field=field, value=ugly):
                    bad = changed(operation, field, value)
                    if field == "refresh_token" and ugly in NO_TOKEN:
                        assert_refused(ask(officer, bad), (401, "unauthorized"))
                    else:
                        assert_refused(ask(officer, bad), INVALID, where=field)


@pytest.mark.parametrize("name", OPERATIONS)
def test_null_is_refused_where_a_value_is_needed(
    app: Flask, officer: Person, place: dict[str, Any], name: str, subtests: pytest.Subtests
):
    operation = at(name, place)
    with nothing_stored(app):
        for field in operation.body.keys() - MAY_BE_NULL:
            if (name, field) in NULL_IS_GOOD:
                continue
            with subtests.test(field=field):
                bad = changed(operation, field, None)
                assert_refused(ask(officer, bad), INVALID, where=field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight", "5"),
        ("weight", 5.0),
        ("weight", True),
        ("weight", None),
        ("weight", 0),
        ("weight", -5),
        ("weight", 10**18),
        ("weight", 10**4_000),
        ("matter_id", "M01"),
        ("matter_id", 1),
        ("matter_id", ""),
        ("matter_id", None),
        ("matter_id", NUL),
        ("matter_id", LONE_SURROGATE),
        ("label", "5"),
    ],
)
def test_ugly_mark_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], field: str, value: Any
):
    operation = at("PUT /sessions/{session_id}/ballot", place)
    mark = {**operation.body["marks"][0], field: value}
    bad = changed(operation, "marks", [mark])
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where=f"marks.0.{field}")


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [None],
        [5],
        ["5"],
        [[]],
        [{}],
        [{"weight": 5, "matter_id": "0198c0de-0000-7000-8000-000000000001"}] * 1_000,
        {"5": "0198c0de-0000-7000-8000-000000000001"},
    ][1:],
)
def test_ugly_list_of_marks_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], marks: Any
):
    bad = changed(at("PUT /sessions/{session_id}/ballot", place), "marks", marks)
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where="marks")


@pytest.mark.parametrize(
    "nonce",
    ["0" * 31, "0" * 33, "g" * 32, "００" * 16, "0x" + "0" * 30, " " * 32, "00 " * 10 + "00"],
)
def test_ugly_nonce_is_refused(app: Flask, officer: Person, place: dict[str, Any], nonce: str):
    bad = changed(at("PUT /sessions/{session_id}/ballot", place), "nonce", nonce)
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where="nonce")


@pytest.mark.parametrize("version", [-1, 10**18, 10**4_000, "0", 0.0, False, [0], {}])
def test_ugly_expected_version_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], version: Any
):
    bad = changed(at("PUT /sessions/{session_id}/ballot", place), "expected_version", version)
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where="expected_version")


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("POST /compounds/{compound_id}/matters", "category", "SPACESHIPS"),
        ("POST /compounds/{compound_id}/matters", "category", "parking"),
        ("POST /compounds/{compound_id}/sessions", "mode", "SECRET"),
        ("POST /compounds/{compound_id}/appointments", "role", "KING"),
        ("POST /residences", "relation", "OWNER"),
        ("POST /matters/{matter_id}/screen", "outcome", "SELECTED"),
        ("POST /matters/{matter_id}/screen", "outcome", "SUBMITTED"),
        ("POST /residences", "compound_id", "香樟苑小区"),
        ("POST /residences", "compound_id", "0198c0de-0000-7000-8000-00000000000"),
        ("POST /matters/{matter_id}/screen", "into", "M01"),
        ("POST /compounds/{compound_id}/sessions", "roll", ["王小明"]),
        (
            "POST /compounds/{compound_id}/sessions",
            "roll",
            ["0198c0de-0000-7000-8000-" + "0" * 12] * 2001,
        ),
        ("POST /residences", "building", "3\n栋"),
        ("POST /residences", "unit", "1" * 41),
        ("PATCH /me", "name", "王\n小明"),
        ("PATCH /me", "name", "王" * 41),
        ("POST /compounds/{compound_id}/matters", "title", "停车\n难"),
        ("POST /compounds/{compound_id}/matters", "title", "停" * 81),
        ("POST /compounds/{compound_id}/matters", "title", "🚗" * 81),
        ("POST /compounds/{compound_id}/matters", "body", "停" * 2001),
        ("POST /sessions/{session_id}/cancel", "reason", "停" * 501),
        ("PUT /sessions/{session_id}/ballot", "word", "暗" * 41),
    ],
)
def test_value_outside_its_range_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], name: str, field: str, value: Any
):
    with nothing_stored(app):
        assert_refused(ask(officer, changed(at(name, place), field, value)), INVALID, where=field)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("停" * 80, "停" * 80),
        ("🚗" * 80, "🚗" * 80),
        ("  夜间停车难  ", "夜间停车难"),
        ("\u3000夜间停车难\u3000", "夜间停车难"),
        ("𠮷野家门口积水", "𠮷野家门口积水"),
        ("👨‍👩‍👧 没地方玩", "👨‍👩‍👧 没地方玩"),
        ("'; DROP TABLE matters; --", "'; DROP TABLE matters; --"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=1+1", "=1+1"),
        ("%s %d {0} \\u0000", "%s %d {0} \\u0000"),
    ],
)
def test_text_of_any_script_is_kept_as_typed(
    app: Flask, officer: Person, place: dict[str, Any], typed: str, kept: str
):
    operation = changed(at("POST /compounds/{compound_id}/matters", place), "title", typed)
    answer = officer.call(*operation)
    assert (answer.status_code, answer.json["title"]) == (201, kept)
    assert kept in stored(app, select(Matter.title))


NOT_A_TIME = [
    "2099-03-12",
    "2099-03-12T00:00:00",
    "2099-03-12 00:00",
    "2099-02-30T00:00:00+08:00",
    "2099-03-12T24:00:01+08:00",
    "2099-03-12T23:59:60+08:00",
    "2099-03-12T00:00:00+99:99",
    "2099-03-12T00:00:00+08:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "1999-12-31T23:59:59+08:00",
    "２０９９-03-12T00:00:00+08:00",
    "2099-W11-4",
    "4076496000",
    "now",
    "0000-00-00T00:00:00Z",
    "-2099-03-12T00:00:00Z",
]


@pytest.mark.parametrize("field", ["voting_opens_at", "voting_closes_at", "round_table_at"])
@pytest.mark.parametrize("value", [*NOT_A_TIME, 4_076_496_000])
def test_ugly_time_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], field: str, value: Any
):
    bad = changed(at("POST /compounds/{compound_id}/sessions", place), field, value)
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where=field)


NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "days",
    [(-1, 7, 14), (-9, -7, 14), (0, 7, 14), (7, 1, 14), (1, 1, 14), (1, 14, 7), (14, 7, 1)],
    ids=lambda days: f"open {days[0]}, close {days[1]}, meet {days[2]}",
)
def test_times_in_the_wrong_order_are_refused(
    app: Flask, officer: Person, place: dict[str, Any], days: tuple[int, int, int]
):
    names = ("voting_opens_at", "voting_closes_at", "round_table_at")
    times = {n: (NOW + timedelta(days=d)).isoformat() for n, d in zip(names, days, strict=True)}
    operation = at("POST /compounds/{compound_id}/sessions", place)
    bad = operation._replace(body={**operation.body, **times})
    with nothing_stored(app):
        assert_refused(ask(officer, bad), (422, "times_out_of_order"))


def test_order_of_times_is_that_of_instants_not_of_their_spelling(
    app: Flask, officer: Person, place: dict[str, Any]
):
    operation = at("POST /compounds/{compound_id}/sessions", place)
    body = {
        **operation.body,
        "voting_opens_at": "2099-03-12T00:00:00+08:00",
        "voting_closes_at": "2099-03-12T01:00:00+14:00",
    }
    with nothing_stored(app):
        assert_refused(ask(officer, operation._replace(body=body)), (422, "times_out_of_order"))


@pytest.mark.parametrize(
    "period",
    ["2099-13", "2099-00", "99-03", "2099-3", "2099-03\n", "２０９９-03", "2099/03", "1999-03"],
)
def test_ugly_period_is_refused(app: Flask, officer: Person, place: dict[str, Any], period: str):
    bad = changed(at("POST /compounds/{compound_id}/sessions", place), "period", period)
    with nothing_stored(app):
        assert_refused(ask(officer, bad), INVALID, where="period")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1980-02-30", "invalid_input"),
        ("1980-5-17", "invalid_input"),
        ("17.05.1980", "invalid_input"),
        ("1980-05-17T00:00:00Z", "invalid_input"),
        ("٠٠٠١-٠١-٠١", "invalid_input"),
        ("0000-01-01", "invalid_input"),
        ("0001-01-01", "invalid_birth_date"),
        ("1899-12-31", "invalid_birth_date"),
        ("9999-12-31", "invalid_birth_date"),
    ],
)
def test_ugly_birth_date_is_refused(
    app: Flask, cast: Cast, officer: Person, place: dict[str, Any], value: str, code: str
):
    newcomer = cast.visitor(born=None)
    with nothing_stored(app):
        for person, name in (
            (newcomer, "PATCH /me"),
            (officer, "POST /residences/{residence_id}/verify"),
        ):
            bad = changed(at(name, place), "birth_date", value)
            assert_refused(ask(person, bad), (422, code))


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        ("2026-01-01", "2026-01-01", "invalid_term"),
        ("2026-01-02", "2026-01-01", "invalid_term"),
        ("2026-02-30", None, "invalid_input"),
        ("2026-01-01", "10000-01-01", "invalid_input"),
    ],
)
def test_ugly_term_is_refused(
    app: Flask,
    officer: Person,
    place: dict[str, Any],
    since: str,
    until: str | None,
    code: str,
):
    operation = at("POST /compounds/{compound_id}/appointments", place)
    bad = operation._replace(body={**operation.body, "from": since, "until": until})
    with nothing_stored(app):
        assert_refused(ask(officer, bad), (422, code))


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ([(5, 0), (5, 1)], "slot_overfilled"),
        ([(5, 0), (3, 0)], "matter_repeated"),
        ([(4, 0)], "unknown_weight"),
        ([(1000, 0)], "unknown_weight"),
        ([(5, None)], "matter_not_listed"),
    ],
)
def test_ballot_against_the_rules_is_refused(
    app: Flask,
    cast: Cast,
    place: dict[str, Any],
    marks: list[tuple[int, int | None]],
    code: str,
):
    """Beside a matter of nobody there is one that was raised but never listed."""
    voter = cast.resident()
    ids = [*place["matters"], place["matter_id"]]
    body = {
        "marks": [
            {"weight": weight, "matter_id": ids[-1 if number is None else number]}
            for weight, number in marks
        ]
    }
    operation = Operation("PUT", f"/sessions/{place['session_id']}/ballot", body)
    voter.put(f"/sessions/{place['session_id']}/ballot", ballot(ids[0]))
    with nothing_stored(app):
        problem = assert_refused(ask(voter, operation), (422, "invalid_ballot"))
    assert [error["code"] for error in problem["errors"]] == [code]
