"""The demo's clock: it can be set, so that a tour lives through March and April in seconds.

The offset to real time stands in a file that every process of the demo reads. Only the demo has
such a clock; the application itself knows nothing of it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.engine import create_engine

from app.kit import clock
from app.kit.extensions import db
from tests.databases import TRAVEL_OPTIONS, TRAVELLING_CLOCK


class DemoClock:
    """Real time and an offset, kept in a file; without the file it is real time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of real time."""
        try:
            return timedelta(seconds=float(self._path.read_text(encoding="ascii")))
        except FileNotFoundError:
            return timedelta()

    def now(self) -> datetime:
        """This clock's instant, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def set(self, instant: datetime) -> None:
        """Go on from this instant."""
        draft = self._path.with_suffix(".draft")
        draft.write_text(str((instant - datetime.now(UTC)).total_seconds()), encoding="ascii")
        draft.replace(self._path)

    def follow_real_time(self) -> None:
        """Be right again."""
        self._path.unlink(missing_ok=True)


def prepare_postgresql(url: str) -> None:
    """Put a settable clock before PostgreSQL's own; SQLite takes the application's anyhow."""
    if not url.startswith("postgresql"):
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS travel CASCADE"))
        connection.exec_driver_sql(TRAVELLING_CLOCK)
    engine.dispose()


def with_settable_clock(url: str) -> str:
    """The database's URL for connections that see the settable clock."""
    if not url.startswith("postgresql"):
        return url
    return make_url(url).update_query_dict(TRAVEL_OPTIONS).render_as_string(hide_password=False)


def follow(app: Flask, demo_clock: DemoClock) -> None:
    """Let the application and its database tell the time by this clock."""
    clock.now = demo_clock.now
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "postgresql":
        _let_postgresql_follow(engine, demo_clock)
    else:
        _let_sqlite_follow(engine, demo_clock)


def _let_postgresql_follow(engine: Engine, demo_clock: DemoClock) -> None:
    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        seconds = demo_clock.offset.total_seconds()
        connection.exec_driver_sql(f"SET LOCAL travel.\"offset\" = '{seconds} s'")


def _let_sqlite_follow(engine: Engine, demo_clock: DemoClock) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.create_function("utc_now", 0, lambda: demo_clock.now().isoformat(" "))
