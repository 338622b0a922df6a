"""How each engine is opened for this application."""

from time import monotonic
from typing import Any

from flask import Flask, g, has_app_context, request
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from app.kit.extensions import db
from app.kit.orm import open_sqlite


def init_app(app: Flask) -> None:
    """Prepare the engine; nothing is asked of it yet."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "begin", read_without_waiting)  # it is asked first
            open_sqlite(db.engine)
            app.before_request(note_who_only_reads)
            return
        ping_after_a_pause(db.engine)


PAUSE_SECONDS = 5


def ping_after_a_pause(engine: Engine) -> None:
    """Ask whether the server is still there before a connection is used again after a pause.

    The pool's own `pool_pre_ping` asks each time, one round trip more for every request.
    """

    @event.listens_for(engine, "checkin")
    def on_checkin(connection: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, record: Any, proxy: Any) -> None:
        used_at = record.info.get("used_at")
        if used_at is None or monotonic() - used_at < PAUSE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool opens another


def note_who_only_reads() -> None:
    """For `read_without_waiting`."""
    g.only_reads = request.method in ("GET", "HEAD") and request.path.startswith(
        ("/api/", "/board/")
    )


def read_without_waiting(connection: Connection) -> None:
    """On SQLite, a request that only reads does not queue behind writers. Whatever writes
    nevertheless, a move that is due, says so."""
    if "sqlite_begin" in connection.get_execution_options():
        return
    if has_app_context() and g.get("only_reads", False):
        connection.execution_options(sqlite_begin="DEFERRED")
