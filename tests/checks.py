"""What tests look at after a call: the refusal, the audit log, and the statements that ran."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from app.kit.audit import AuditEntry
from app.kit.extensions import db
from tests.cast import Person, stored

# A name in a program, such as TALLIED or BRANCH_SECRETARY: nobody should have to read one.
CODE = re.compile(r"[A-Z]{2,}(_[A-Z]+)+|\b[A-Z]{5,}\b")


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem; fails where the answer is none."""
    assert answer.mimetype == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status_code
    assert not CODE.search(f"{answer.json['title']} {answer.json.get('detail', '')}"), answer.text
    return answer.status_code, answer.json["code"]


def refused_fields(answer: TestResponse) -> list[str]:
    """Where the input was refused, e.g. `["openid"]`."""
    assert refusal(answer) == (422, "invalid_input")
    return [error["where"] for error in answer.json["errors"]]


def pages(
    reader: Person,
    path: str,
    key: str,
    *,
    after_first: Callable[[], object] = lambda: None,
    **query: object,
) -> list[list[Any]]:
    """What `key` says on each page of a cursor list, to its end; `after_first` runs in between."""
    page = reader.get(path, query_string=query).json
    found = [[item[key] for item in page["items"]]]
    after_first()
    while page["next_cursor"] is not None:
        page = reader.get(path, query_string={**query, "cursor": page["next_cursor"]}).json
        found.append([item[key] for item in page["items"]])
    return found


class Move(NamedTuple):
    """One row of the audit log as tests compare it; `by` is empty for the clock's own moves."""

    verb: str
    from_state: str | None
    to_state: str | None
    by: UUID | None
    reason: str | None


def moves_of(app: Flask, thing_id: UUID | str) -> list[Move]:
    """What the audit log says of a thing, oldest first."""
    query = select(AuditEntry).where(AuditEntry.thing_id == UUID(str(thing_id)))
    return [
        Move(entry.verb, entry.from_state, entry.to_state, entry.actor_id, entry.reason)
        for entry in stored(app, query.order_by(AuditEntry.id))
    ]


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the database is sent meanwhile, without the BEGINs of transactions."""
    with app.app_context():
        engine = db.engine
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *args: Any) -> None:
        if not statement.startswith(("BEGIN", "SET LOCAL travel")):
            sent.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
