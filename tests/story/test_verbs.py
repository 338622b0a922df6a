"""What the public story and others look for in the log is what the application writes there."""

import ast
from collections.abc import Iterator

import pytest

from app.kit.extensions import db
from app.story.lines import LINES
from app.story.telling import DETAILS, SPECIAL
from tests.databases import ROOT


def handed_on() -> set[str]:
    """Every text that a call in the application hands on, but for those who look for verbs: a verb
    reaches the log as an argument, of `record_move` or of what calls it."""
    found = set()
    for path in (ROOT / "app").rglob("*.py"):
        if {"story", "reports"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.update(text for argument in node.args for text in texts_in(argument))
    return found


def texts_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts_in(node.body)
        yield from texts_in(node.orelse)


WRITTEN = handed_on()
SOUGHT = sorted({key[:2] for table in (LINES, DETAILS, SPECIAL) for key in table})


@pytest.mark.parametrize("sought", SOUGHT, ids="-".join)
def test_verb_that_is_looked_for_is_written(sought: tuple[str, str]):
    table, verb = sought
    assert table in db.metadata.tables
    assert verb in WRITTEN
