"""Bodies that no honest client sends, to every operation that takes JSON."""

import io
import json
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.kit.web.api import PREFIX
from tests.bad_input.json_operations import (
    BODY_IS_OPTIONAL,
    EMPTY_IS_GOOD,
    OPERATIONS,
    Operation,
    at,
)
from tests.bad_input.problem import assert_refused, nothing_stored
from tests.cast import Cast, Person

BAD_REQUEST, INVALID = (400, "bad_request"), (422, "invalid_input")
NOT_JSON, TOO_LARGE = (415, "not_json"), (413, "too_large")
JSON = "application/json"
DEPTH, DIGITS = 10_000, 5_000

# Name: body, Content-Type, and the answer.
UGLY: dict[str, tuple[bytes, str, tuple[int, str]]] = {
    "null": (b"null", JSON, INVALID),
    "list": (b"[]", JSON, INVALID),
    "list of an object": (b"[{}]", JSON, INVALID),
    "text": (b'"text"', JSON, INVALID),
    "number": (b"531", JSON, INVALID),
    "true": (b"true", JSON, INVALID),
    "unknown field": (b'{"openid": "o-other"}', JSON, INVALID),
    "no name": (b'{"": 1}', JSON, INVALID),
    "NUL in a name": (rb'{"a\u0000": 1}', JSON, INVALID),
    "lone surrogate in a name": (rb'{"\ud800": 1}', JSON, INVALID),
    "markup in a name": (b'{"<script>": 1}', JSON, INVALID),
    "prototype": (b'{"__proto__": {}, "__class__": 1}', JSON, INVALID),
    "not JSON": (b"{", JSON, BAD_REQUEST),
    "single quotes": (b"{'a': 1}", JSON, BAD_REQUEST),
    "XML": (b"<a/>", JSON, BAD_REQUEST),
    "NUL": (b"\x00", JSON, BAD_REQUEST),
    "invalid UTF-8": (b'{"a": "\xff"}', JSON, BAD_REQUEST),
    "half a UTF-8 sequence": (b'{"a": "\xe4\xb8', JSON, BAD_REQUEST),
    "UTF-16": ('{"code": "a"}'.encode("utf-16"), JSON, BAD_REQUEST),
    "NaN": (b'{"a": NaN}', JSON, BAD_REQUEST),
    "infinity": (b'{"a": -Infinity}', JSON, BAD_REQUEST),
    "1e309": (b'{"a": 1e309}', JSON, INVALID),
    "huge integer": (b'{"a": ' + b"9" * DIGITS + b"}", JSON, BAD_REQUEST),
    "deep list": (b"[" * DEPTH + b"]" * DEPTH, JSON, BAD_REQUEST),
    "deep object": (b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, JSON, BAD_REQUEST),
    "form": (b"title=a", "application/x-www-form-urlencoded", NOT_JSON),
    "plain text": (b"{}", "text/plain", NOT_JSON),
    "no Content-Type": (b"{}", "", NOT_JSON),
    "multipart": (b"--x--", "multipart/form-data; boundary=x", NOT_JSON),
    "10 MB": (b'{"a": "' + b"a" * 10_000_000 + b'"}', JSON, TOO_LARGE),
}


def send(
    person: Person, operation: Operation, data: bytes, content_type: str, headers: dict[str, str]
) -> TestResponse:
    """Send raw bytes as the body."""
    return person.call(
        operation.method,
        operation.path,
        data=data,
        headers={"Content-Type": content_type, **headers},
    )


def test_table_names_every_operation_that_takes_json(app: Flask):
    document = app.test_client().get(f"{PREFIX}/openapi.json").json
    takes_json = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters" and JSON in operation.get("requestBody", {}).get("content", {})
    }
    assert set(OPERATIONS) == takes_json


@pytest.mark.parametrize("name", OPERATIONS)
def test_good_body_is_understood(officer: Person, place: dict[str, Any], name: str):
    """Else the refusals below would prove nothing."""
    operation = at(name, place)
    answer = officer.call(*operation)
    assert answer.status_code < 400 or answer.json["code"] not in {"invalid_input", "bad_request"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_ugly_body_is_refused(
    app: Flask,
    officer: Person,
    place: dict[str, Any],
    name: str,
    subtests: pytest.Subtests,
):
    operation = at(name, place)
    with nothing_stored(app):
        for ugly, (data, content_type, expected) in UGLY.items():
            with subtests.test(body=ugly):
                assert_refused(partial(send, officer, operation, data, content_type), expected)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - EMPTY_IS_GOOD))
def test_missing_body_is_refused(app: Flask, officer: Person, place: dict[str, Any], name: str):
    operation = at(name, place)
    with nothing_stored(app):
        for data in (b"", b"{}"):
            assert_refused(partial(send, officer, operation, data, JSON), INVALID)


@pytest.mark.parametrize("name", OPERATIONS)
def test_repeated_name_is_refused(app: Flask, officer: Person, place: dict[str, Any], name: str):
    """Two readers of such a body could take it for two different ones."""
    operation = at(name, place)
    good = json.dumps(operation.body)
    field, value = next(iter(operation.body.items()))
    doubled = f'{{"{field}": {json.dumps(value)}, {good[1:]}'
    with nothing_stored(app):
        assert_refused(partial(send, officer, operation, doubled.encode(), JSON), BAD_REQUEST)


def test_large_body_without_a_length_is_refused(app: Flask, cast: Cast, officer: Person):
    """It comes in chunks; no more of it is read than is allowed."""

    def ask(headers: dict[str, str]) -> TestResponse:
        return officer.call(
            "POST",
            f"/compounds/{cast.home.id}/matters",
            input_stream=io.BytesIO(b'{"title": "' + b"a" * 10_000_000),
            headers={"Content-Type": JSON, "Transfer-Encoding": "chunked", **headers},
            environ_overrides={"wsgi.input_terminated": True},
        )

    with nothing_stored(app):
        assert_refused(ask, TOO_LARGE)


@pytest.mark.parametrize("name", sorted(BODY_IS_OPTIONAL))
def test_optional_body_may_be_missing(officer: Person, place: dict[str, Any], name: str):
    operation = at(name, place)
    answer = officer.call(operation.method, operation.path)
    assert answer.status_code < 400 or answer.json["code"] not in {"invalid_input", "bad_request"}
