"""Protections taken away, one at a time: what a row of the torture must notice.

Some lie in the database (`IN_THE_DATABASE`), the others in the application of a host
(`IN_THE_APPLICATION`). A pause opens the window that the protection keeps closed.
"""

import io
import json
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.wsgi import ClosingIterator

from app import create_app, database
from app.agenda.models import AgendaSession, SessionState
from app.ballots.keys.operator import pinned_key
from app.kit.extensions import db
from votes.ballot import Mark, PriorityBallot
from votes.receipt import commitment, promise_message

PAUSE_SECONDS = 0.02
ROW_LOCK = re.compile(r"FOR (NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)( OF \w+)?")
BALLOT = re.compile(r"/api/v1/sessions/([0-9a-f-]+)/ballot")

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Response = tuple[str, Headers, bytes]
Honest = Callable[[Environ], Response]
Told = tuple[Response, Callable[[], None] | None]


@dataclass(frozen=True)
class InTheDatabase:
    """Statements that change the database, and options with which hosts connect to it."""

    statements: tuple[str, ...] = ()
    options: str = ""


IN_THE_DATABASE = {
    # A function of the same name that comes first on the search path: whoever asks for the shared
    # lock is kept waiting a moment and gets none.
    "no_session_lock": InTheDatabase(
        (
            "CREATE SCHEMA sabotage",
            "CREATE FUNCTION sabotage.pg_advisory_xact_lock_shared(bigint) RETURNS void"
            f" LANGUAGE sql VOLATILE AS 'SELECT pg_catalog.pg_sleep({PAUSE_SECONDS})'",
        ),
        "-c search_path=sabotage,pg_catalog,public",
    ),
    # The same rows, held by nothing.
    "no_constraints": InTheDatabase(
        (
            "CREATE TABLE free_marks AS SELECT * FROM ballot_marks WHERE 1 = 0",
            "DROP TABLE ballot_marks",
            "ALTER TABLE free_marks RENAME TO ballot_marks",
        )
    ),
    "asynchronous_commit": InTheDatabase(options="-c synchronous_commit=off"),
}


def drivers_transactions() -> Flask:
    """SQLite as its driver does it: what is read before the first write is outside of it."""

    def open_sqlite(engine: Engine) -> None:
        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, record: Any) -> None:
            connection.create_function("utc_now", 0, lambda: datetime.now(UTC).isoformat(" "))
            for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=10000"):
                connection.execute(f"PRAGMA {pragma}")

    database.open_sqlite = open_sqlite  # type: ignore[attr-defined]
    return _pausing_before_the_first_write(create_app())


def no_busy_timeout() -> Flask:
    """A writer of SQLite that does not wait for its turn."""
    app = create_app()
    with app.app_context():

        @event.listens_for(db.engine, "connect")
        def on_connect(connection: Any, record: Any) -> None:
            connection.execute("PRAGMA busy_timeout=0")

    return app


def no_row_locks() -> Flask:
    """PostgreSQL reads rows that it should hold: the casts of one voter no longer queue, and the
    state of a session is what it was when the statement began."""
    return _rewriting(_pausing_before_the_first_write(create_app()), ROW_LOCK, "")


def key_share() -> Flask:
    """A cast that has waited for a close is content with the row of the session from before it."""
    return _rewriting(create_app(), re.compile(r"FOR SHARE"), "FOR KEY SHARE")


def _rewriting(app: Flask, pattern: re.Pattern[str], replacement: str) -> Flask:
    with app.app_context():

        @event.listens_for(db.engine, "before_cursor_execute", retval=True)
        def rewrite(
            connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any
        ) -> tuple[str, Any]:
            return pattern.sub(replacement, statement), parameters

    return app


def _pausing_before_the_first_write(app: Flask) -> Flask:
    with app.app_context():

        @event.listens_for(db.engine, "before_cursor_execute")
        def pause(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if re.match(r"\s*(INSERT INTO|UPDATE) ballots\b", statement):
                time.sleep(PAUSE_SECONDS)

    return app


def no_validation() -> Flask:
    """Any marks make a ballot."""

    def of(marks: Iterable[Mark], scheme: Any, listed: Any) -> PriorityBallot:
        return PriorityBallot(tuple(marks))

    PriorityBallot.of = of  # type: ignore[method-assign]
    return create_app()


def no_state_check() -> Flask:
    """Every move is possible at every step."""

    def move(agenda_session: AgendaSession, to: SessionState) -> None:
        agenda_session.state = to

    AgendaSession.require_state = lambda *args: None  # type: ignore[method-assign]
    AgendaSession._move = move  # type: ignore[method-assign,assignment]
    return create_app()


def answer_before_commit() -> Flask:
    """A first cast is acknowledged, and only then looked at and stored."""

    def answer(app: Flask, environ: Environ, body: dict[str, Any], honest: Honest) -> Told:
        def store() -> None:
            honest(environ)

        return _receipt(app, environ, body), store

    return _casting_by(answer)


def acknowledge_anyway() -> Flask:
    """A cast that could not be stored is acknowledged all the same."""

    def answer(app: Flask, environ: Environ, body: dict[str, Any], honest: Honest) -> Told:
        told = honest(environ)
        return (_receipt(app, environ, body) if told[0].startswith("503") else told), None

    return _casting_by(answer)


def _receipt(app: Flask, environ: Environ, body: dict[str, Any]) -> Response:
    """The receipt of a voter's first ballot, as nobody may give it unless it is stored."""
    session_id = BALLOT.sub(r"\1", environ["PATH_INFO"])
    marks = tuple(Mark(each["weight"], each["matter_id"]) for each in body["marks"])
    committed = commitment(bytes.fromhex(body["nonce"]), session_id, PriorityBallot(marks))
    message = promise_message(session_id, committed, 1)
    with app.app_context():
        promise = app.extensions["keys"].sign(message, pinned_key(db.session()))
    receipt = {**body, "commitment": committed.hex(), "version": 1, "promise": promise.hex()}
    return "200 OK", [("Content-Type", "application/json")], json.dumps(receipt).encode()


def forget_nonce() -> Flask:
    """The same cast again is a new cast, since the voter's nonce is passed over."""

    def answer(app: Flask, environ: Environ, body: dict[str, Any], honest: Honest) -> Told:
        content = json.dumps({**body, "nonce": os.urandom(16).hex()}).encode()
        changes = {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
        return honest({**environ, **changes}), None

    return _casting_by(answer)


def _casting_by(answer: Callable[[Flask, Environ, dict[str, Any], Honest], Told]) -> Flask:
    """The application in which casts are answered by this function, which may ask the honest
    application, before the answer is sent or after it."""
    app = create_app()
    honest = app.wsgi_app

    def ask(environ: Environ) -> Response:
        told: dict[str, Any] = {}

        def start(status: str, headers: Headers, *more: Any) -> None:
            told.update(status=status, headers=headers)

        parts: Any = honest(environ, start)  # type: ignore[arg-type]
        content = b"".join(parts)
        parts.close()
        return told["status"], told["headers"], content

    def wsgi_app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "PUT" or not BALLOT.fullmatch(environ["PATH_INFO"]):
            return honest(environ, start_response)
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(raw)
        (status, headers, content), afterwards = answer(app, environ, json.loads(raw), ask)
        kept = [(name, value) for name, value in headers if name != "Content-Length"]
        start_response(status, [*kept, ("Content-Length", str(len(content)))])
        return ClosingIterator([content], afterwards)

    app.wsgi_app = wsgi_app  # type: ignore[method-assign]
    return app


IN_THE_APPLICATION: dict[str, Callable[[], Flask]] = {
    each.__name__: each
    for each in (
        drivers_transactions,
        no_busy_timeout,
        no_row_locks,
        key_share,
        no_validation,
        no_state_check,
        answer_before_commit,
        acknowledge_anyway,
        forget_nonce,
    )
}
