"""The application as the races run it: unchanged, but for a pause where a race could be lost.

`RACE_PAUSE` (seconds) is slept where a cast has seen the session's state and not yet stored the
ballot; without it the window is too narrow to be met in a short test.
`RACE_SABOTAGE` names the protection to take away, so that a test can show that it would notice.
"""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session
from werkzeug.wsgi import ClosingIterator

from app import create_app, database
from app.agenda.models import AgendaSession, RollEntry
from app.attachments.formats import jpeg
from app.ballots import routes
from app.ballots.cast import casting, first_cast
from app.compounds import services
from app.confined.calls import Confined
from app.kit import locks
from app.kit.clock import database_now
from app.people.models import Resident

PAUSE = float(os.environ["RACE_PAUSE"])
REGISTER_SECONDS = 8  # more than a busy machine explains; others wait for ten


def pause_before_storing() -> None:
    read_version, gate = casting.live_version, first_cast.gate

    def read_version_and_wait(*args: Any) -> int:
        version = read_version(*args)
        time.sleep(PAUSE)
        return version

    casting.live_version = read_version_and_wait
    first_cast.gate = lambda: gate().add_columns(func.pg_sleep(PAUSE).label("pause"))


def go_the_long_way() -> None:
    """No cast is ordinary: for what is taken away from the full cast alone."""
    routes.cast_first = lambda *args, **kwargs: None


def no_session_lock() -> Flask:
    """A cast no longer holds off the close."""
    locks.share = lambda session, session_id: None
    first_cast.gate = lambda: select(
        database_now().label("at"), func.pg_sleep(PAUSE).label("pause")
    )
    first_cast.hold_row = lambda session: session
    return create_app()


def no_voter_lock() -> Flask:
    """The casts of one voter no longer come one after the other."""
    casting.hold_roll_entry = read_roll_entry
    go_the_long_way()
    return create_app()


def read_roll_entry(
    session: Session, agenda_session: AgendaSession, voter: Resident, at: datetime
) -> RollEntry | None:
    return session.get(RollEntry, (agenda_session.compound_id, agenda_session.id, voter.id))


def drivers_transactions() -> Flask:
    """SQLite as its driver does it: what is read before the first write is outside of it."""

    def open_sqlite(engine: Engine) -> None:
        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, record: Any) -> None:
            connection.create_function("utc_now", 0, lambda: datetime.now(UTC).isoformat(" "))
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA busy_timeout=10000")

    database.open_sqlite = open_sqlite
    go_the_long_way()
    return create_app()


def answer_before_commit() -> Flask:
    """A cast is acknowledged first and committed a moment later."""
    commit, close = Session.commit, Session.close
    pending: list[Session] = []

    def commit_later(session: Session) -> None:
        if request.method == "PUT":
            pending.append(session)
        else:
            commit(session)

    def close_unless_pending(session: Session) -> None:
        if session not in pending:
            close(session)

    def commit_pending() -> None:
        while pending:
            time.sleep(PAUSE)
            session = pending.pop()
            commit(session)
            close(session)

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        return ClosingIterator(honest(environ, start_response), commit_pending)

    go_the_long_way()
    Session.commit, Session.close = commit_later, close_unless_pending
    application = create_app()
    honest, application.wsgi_app = application.wsgi_app, answer
    return application


def look_in_the_worker() -> Flask:
    """An upload is decoded by the worker itself, whatever it holds, and another beside it."""
    jpeg.MAX_SCANS = jpeg.MAX_SCANNED_SAMPLES = 10**12
    Confined.slot = lambda confined: nullcontext()
    Confined.call = lambda confined, function, *given, **rest: function(*given)
    return create_app()


def no_slot() -> Flask:
    """Two uploads are looked at beside each other."""
    Confined.slot = lambda confined: nullcontext()
    return create_app()


def read_while_writing() -> Flask:
    """A register is read in the transaction that keeps others from writing."""
    import_register = services.import_register

    def import_slowly(session: Session, *given: Any, **rest: Any) -> Any:
        session.connection()
        time.sleep(REGISTER_SECONDS)
        return import_register(session, *given, **rest)

    services.import_register = import_slowly
    return create_app()


SABOTAGE: dict[str, Callable[[], Flask]] = {
    each.__name__: each
    for each in (
        no_session_lock,
        no_voter_lock,
        drivers_transactions,
        answer_before_commit,
        look_in_the_worker,
        no_slot,
        read_while_writing,
    )
}

pause_before_storing()
app = SABOTAGE.get(os.environ.get("RACE_SABOTAGE", ""), create_app)()
