"""Every operation with the largest texts and lists that its own description lets in, written to be
hard on whoever searches them: each is answered within two seconds of one core."""

import json
import time
from typing import Any

import pytest
from flask import Flask

from app.kit.web.api import PREFIX
from tests.bad_input.json_operations import OPERATIONS, at
from tests.cast import Person

MOST_SECONDS = 2.0
MOST_BYTES = 256 * 1024  # of a body
# What regular expressions, comparisons and typesetting go over again and again.
PATTERNS = {
    "one character": "罚",
    "half a word": "罚 ",
    "gaps": "断_ -",
    "digits": "1 3 ",
    "nearly numbers": "0571-8888-",
    "openings": "（",
    "lines": "一\n",
    "marks": "e\u0301\u0323",
    "long forms": "\ufdfa",
    "flags": "🇨🇳",
}


@pytest.fixture(scope="module")
def described(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get(f"{PREFIX}/openapi.json").json
    return document


def body_schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    """What the document says of an operation's body."""
    method, path = name.split(" ", 1)
    found = document["paths"][PREFIX + path][method.lower()]["requestBody"]["content"]
    return resolved(document, found["application/json"]["schema"])


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def largest(document: dict[str, Any], schema: dict[str, Any], good: Any, pattern: str) -> Any:
    """A value like the good one with every text and list at its full length."""
    schema = resolved(document, schema)
    if isinstance(good, dict):
        fields = schema.get("properties", {})
        return {
            name: largest(document, fields.get(name, {}), value, pattern)
            for name, value in good.items()
        }
    if isinstance(good, list) and good and isinstance(good[0], dict):
        item = largest(document, schema.get("items", {}), good[0], pattern)
        fitting = MOST_BYTES // (len(json.dumps(item)) + 2) - 1
        return [item] * max(1, min(fitting, schema.get("maxItems", len(good))))
    if isinstance(good, str) and "maxLength" in schema and not {"enum", "format"} & schema.keys():
        length = schema["maxLength"]
        return (pattern * length)[:length]
    return good


@pytest.mark.parametrize("name", OPERATIONS)
def test_largest_texts_are_answered_within_two_seconds(
    officer: Person, place: dict[str, Any], described: dict[str, Any], name: str
):
    for pattern in PATTERNS.values():
        operation = at(name, place)
        body = largest(described, body_schema(described, name), operation.body, pattern)
        began = time.process_time()
        answer = officer.call(operation.method, operation.path, body)
        assert time.process_time() - began < MOST_SECONDS, pattern
        assert answer.status_code < 500, answer.text
        assert answer.status_code != 413, "larger than any body"
