"""What every answer to bad input looks like, and what it leaves behind: nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.kit.extensions import db
from tests import databases

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LIST_OF_ERRORS = "/docs/errors#"


def assert_refused(
    ask: Callable[[dict[str, str]], TestResponse],
    *expected: tuple[int, str],
    where: str | None = None,
) -> dict[str, Any]:
    """`ask(headers)` is refused with one of these statuses and codes, in Chinese and in English.

    `where` names the field that is refused. The answer is the problem in Chinese.
    """
    chinese = _problem(ask({}), *expected)
    english = _problem(ask({"Accept-Language": "en"}), *expected)
    assert CHINESE.search(chinese["title"])
    assert not CHINESE.search(english["title"])
    for error in chinese.get("errors", ()):
        assert CHINESE.search(error["message"]), error
    # What refuses a file quotes it, headings and all; what refuses a field does not.
    if chinese["code"] == "invalid_input":
        assert not any(CHINESE.search(error["message"]) for error in english["errors"]), english
    if where is not None:
        assert any(error["where"].startswith(where) for error in chinese["errors"]), chinese
    return chinese


def _problem(answer: TestResponse, *expected: tuple[int, str]) -> dict[str, Any]:
    text = answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json", text
    body: dict[str, Any] = answer.json
    assert (answer.status_code, body["code"]) in expected, text
    assert body["status"] == answer.status_code
    assert body["type"] == LIST_OF_ERRORS + body["code"]
    return body


def row_counts(app: Flask) -> dict[str, int]:
    """How many rows each table has."""
    with app.app_context():
        return databases.row_counts(db.engine)


@contextmanager
def nothing_stored(app: Flask) -> Iterator[None]:
    """No table gains or loses a row meanwhile."""
    before = row_counts(app)
    yield
    assert row_counts(app) == before
