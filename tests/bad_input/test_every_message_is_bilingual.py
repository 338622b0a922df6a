"""Every message that our schemas can give for an input is known in Chinese."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask

from app.kit.web.problems import FIELD_WORDS, in_chinese
from tests.bad_input.problem import CHINESE
from tests.databases import ROOT

# What a message of a field or a validator has in its place.
FACTS = {
    "input": "x",
    "obj_type": "datetime",
    "awareness": "aware",
    "choices": "OPEN, ROSTER",
    "labels": "",
    "values": "OPEN, ROSTER",
    "regex": "x",
    "min": 1,
    "max": 100,
    "equal": 7,
}
# Messages for programmers, who have forgotten to write their own.
NEVER_SHOWN = {"validator_failed", "format"}


def input_schemas(app: Flask) -> Iterator[ma.Schema]:
    """The schema of every body, query and form that an operation takes."""
    for view in app.view_functions.values():
        described = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
        for parameter in described:
            schema = parameter["schema"]
            yield schema() if isinstance(schema, type) else schema


def messages_of(schema: ma.Schema) -> Iterator[str]:
    yield from schema.error_messages.values()
    for field in schema.fields.values():
        yield from messages_of_field(field)


def messages_of_field(field: Any) -> Iterator[str]:
    for key, message in field.error_messages.items():
        if key not in NEVER_SHOWN:
            yield message.format_map(FACTS)
    for validator in field.validators:
        yield from messages_of_validator(validator)
    if isinstance(field, ma.fields.List):
        yield from messages_of_field(field.inner)
    if isinstance(field, ma.fields.Nested):
        yield from messages_of(field.schema)


def messages_of_validator(validator: Any) -> Iterator[str]:
    """What a validator says of values on each side of what it allows."""
    if isinstance(validator, ma.validate.OneOf):
        tries: list[Any] = [object()]
    elif isinstance(validator, ma.validate.Regexp):
        tries = ["\x00"]
    elif isinstance(validator, ma.validate.Length):
        sizes = [validator.min, validator.max, validator.equal]
        tries = ["a" * (size + by) for size in sizes if size is not None for by in (-1, 1)]
    else:
        assert isinstance(validator, ma.validate.Range), validator
        tries = [edge + by for edge in (validator.min, validator.max) for by in (-1, 1)]
    for value in tries:
        try:
            validator(value)
        except ma.ValidationError as error:
            yield from error.messages


def messages_raised_by_us() -> Iterator[str]:
    """The texts with which our own code raises a ValidationError."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "ValidationError" in ast.unparse(node.func):
                assert isinstance(node.args[0], ast.Constant), f"{path}: write the text out"
                yield node.args[0].value


def test_messages_of_schemas_are_known_in_chinese(application: Flask):
    schemas = list(input_schemas(application))
    assert len(schemas) > 15
    messages = {message for schema in schemas for message in messages_of(schema)}
    assert {message for message in messages if not CHINESE.search(in_chinese(message))} == set()


def test_messages_of_our_own_fields_are_known_in_chinese():
    messages = set(messages_raised_by_us())
    assert "Must not be blank." in messages
    assert {message for message in messages if not CHINESE.search(in_chinese(message))} == set()


@pytest.mark.parametrize(("pattern", "chinese"), FIELD_WORDS)
def test_translation_keeps_every_fact(pattern: re.Pattern[str], chinese: str):
    """A number in the English message stands in the Chinese one."""
    assert CHINESE.search(chinese)
    assert sorted(re.findall(r"\\\d", chinese)) == [f"\\{i + 1}" for i in range(pattern.groups)]
