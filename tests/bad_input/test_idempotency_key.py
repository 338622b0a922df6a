"""Ugly and reused `Idempotency-Key` headers on the operations that create."""

from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.bad_input.json_operations import Operation, at
from tests.bad_input.problem import assert_refused, nothing_stored, row_counts
from tests.cast import Cast, Person

INVALID, REUSED = (422, "invalid_input"), (409, "idempotency_key_reused")
CREATING = [
    "POST /residences",
    "POST /compounds/{compound_id}/appointments",
    "POST /communities/{community_id}/appointments",
    "POST /compounds/{compound_id}/matters",
    "POST /compounds/{compound_id}/sessions",
]
RAISE = "POST /compounds/{compound_id}/matters"


def ask(person: Person, operation: Operation, key: str, headers: dict[str, str]) -> TestResponse:
    return person.call(*operation, headers={"Idempotency-Key": key, **headers})


@pytest.mark.parametrize("name", CREATING)
@pytest.mark.parametrize(
    "key",
    ["", "a" * 101, "a" * 100_000, "\u00e4\u00f6", "a\tb", "\u00a0", "\x7f", "\u00ff" * 10],
    ids=lambda key: repr(key[:8]),
)
def test_ugly_key_is_refused(
    app: Flask, officer: Person, place: dict[str, Any], name: str, key: str
):
    with nothing_stored(app):
        assert_refused(
            partial(ask, officer, at(name, place), key), INVALID, where="Idempotency-Key"
        )


@pytest.mark.parametrize("key", ["a" * 100, "0198c0de-0000", " a ", "'; DROP TABLE", "%00"])
def test_printable_key_is_taken(officer: Person, place: dict[str, Any], key: str):
    operation = at(RAISE, place)
    first = ask(officer, operation, key, {})
    assert first.status_code == 201
    assert ask(officer, operation, key, {}).json == first.json


def test_key_with_another_body_is_refused(app: Flask, officer: Person, place: dict[str, Any]):
    operation = at(RAISE, place)
    assert ask(officer, operation, "one-intent", {}).status_code == 201
    bodies = [
        {**operation.body, "title": "别的事"},
        {**operation.body, "title": operation.body["title"] + " "},
    ]
    with nothing_stored(app):
        for body in bodies:
            other = operation._replace(body=body)
            assert_refused(partial(ask, officer, other, "one-intent"), REUSED)


def test_key_at_another_address_is_refused(
    app: Flask, cast: Cast, officer: Person, place: dict[str, Any]
):
    operation = at(RAISE, place)
    assert ask(officer, operation, "one-address", {}).status_code == 201
    cast.appoint(officer, "BRANCH_SECRETARY", cast.neighbour)
    elsewhere = operation._replace(path=f"/compounds/{cast.neighbour.id}/matters")
    other_kind = at("POST /compounds/{compound_id}/appointments", place)
    with nothing_stored(app):
        for other in (elsewhere, other_kind):
            assert_refused(partial(ask, officer, other, "one-address"), REUSED)


def test_key_of_another_person_is_free(
    app: Flask, cast: Cast, officer: Person, place: dict[str, Any]
):
    operation = at(RAISE, place)
    first = ask(officer, operation, "a-common-key", {})
    other = ask(cast.resident(), operation, "a-common-key", {})
    assert [first.status_code, other.status_code] == [201, 201]
    assert first.json["id"] != other.json["id"]


def test_key_of_a_refused_request_stays_free(app: Flask, officer: Person, place: dict[str, Any]):
    operation = at(RAISE, place)
    bad = operation._replace(body={**operation.body, "title": ""})
    with nothing_stored(app):
        assert_refused(partial(ask, officer, bad, "second-try"), INVALID)
    before = row_counts(app)
    assert ask(officer, operation, "second-try", {}).status_code == 201
    assert row_counts(app)["idempotency_keys"] == before["idempotency_keys"] + 1
