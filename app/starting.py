"""What must hold before anything is served or moved: the schema is this code's own, and in
production the database and the key store keep what they acknowledge.

What cannot be asked now, since it is out of reach, keeps nothing from starting: the database is
asked again before the first request that it serves, and `/readyz` tells of both.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from flask import Flask, current_app, request
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app import rights
from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.config import Fault, Settings, UnsafeSettings
from app.kit.errors import DatabaseUnavailable
from app.kit.extensions import db
from app.schema import Schema, read_schema, schema_fault

log = logging.getLogger(__name__)

# These tell how the service is, or need no database.
SERVED_ANYHOW = frozenset({"health", "docs"})
FIT = "database_is_fit"
CANNOT_START = 4  # gunicorn's APP_LOAD_ERROR
RETRY_SECONDS = 30


class DatabaseUnfit(DatabaseUnavailable):
    """For clients the same as a database that is away: come again later. `/readyz` tells which."""


def init_app(app: Flask) -> None:
    """Refuse requests until the database was found fit once in this process."""
    app.extensions[FIT] = False
    app.before_request(refuse_until_fit)


def refuse_until_fit() -> None:
    """Raises DatabaseUnfit; and, as any view would, DBAPIError where the database is away."""
    if current_app.extensions[FIT] or request.blueprint in SERVED_ANYHOW:
        return
    if request.endpoint != "static" and database_faults(current_app.extensions["settings"]):
        raise DatabaseUnfit(retry_after=RETRY_SECONDS)


def stop(error: UnsafeSettings) -> NoReturn:
    """End this process with the words on stderr."""
    sys.stderr.write(f"不能启动 · cannot start:\n{error}\n")
    raise SystemExit(CANNOT_START)


def refuse_to_start(app: Flask) -> None:
    """Raises UnsafeSettings with everything that is wrong with database, files and key store."""
    settings: Settings = app.extensions["settings"]
    faults: list[Fault] = []
    with app.app_context():
        close_files(settings, Path(app.instance_path))
        try:
            faults += database_faults(settings)
        except DBAPIError as error:
            log.warning("the database cannot be asked at start: %s", type(error).__name__)
        finally:
            db.engine.dispose()  # a server that forks now must not share the connection
    if settings.production:
        faults += key_store_faults(app.extensions["keys"])
    if faults:
        raise UnsafeSettings.of(faults)


def database_faults(settings: Settings) -> list[Fault]:
    """What is wrong with the database; where nothing is, this process need not ask again.

    Raises DBAPIError where it cannot be asked.
    """
    with db.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        faults = list(faults_of(connection, production=settings.production))
        connection.rollback()
    current_app.extensions[FIT] = not faults
    return faults


def faults_of(connection: Connection, *, production: bool) -> Iterator[Fault]:
    """What is wrong with the database at the end of this connection."""
    schema = read_schema(connection)
    if schema is not Schema.OWN:
        yield schema_fault(schema)
    if production and connection.dialect.name == "postgresql":
        for find in OF_POSTGRESQL:
            yield from find(connection)


def lost_commits(connection: Connection) -> Iterator[Fault]:
    """Settings with which PostgreSQL may lose what it has acknowledged."""
    for setting in ("fsync", "synchronous_commit"):
        if connection.scalar(text(f"SHOW {setting}")) == "off":
            yield Fault(
                f"{setting}_off",
                f"PostgreSQL 的 {setting} = off，断电会丢失已确认的选票：设为 on",
                f"PostgreSQL runs with {setting} = off, a crash would lose ballots that were "
                "acknowledged: set it to on",
            )


def unseen_snapshots(connection: Connection) -> Iterator[Fault]:
    """A role that is not told of others' snapshots would erase a key while deleted ballots can
    still be read in PostgreSQL's files."""
    query = text("SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), current_user")
    may_read, role = connection.execute(query).one()
    if not may_read:
        yield Fault(
            "no_pg_read_all_stats",
            f"数据库账号没有 pg_read_all_stats：GRANT pg_read_all_stats TO {role}",
            f"The role lacks pg_read_all_stats: GRANT pg_read_all_stats TO {role}",
        )


OF_POSTGRESQL: tuple[Callable[[Connection], Iterator[Fault]], ...] = (
    lost_commits,
    unseen_snapshots,
)


def key_store_faults(keys: KeyStore) -> list[Fault]:
    """What is wrong with the key store, as far as it can be asked."""
    try:
        keys.check()
    except UnsafeSettings as error:
        return [Fault("key_store_unsafe", f"密钥库的设置不安全：{error}", str(error))]
    except KeyUnavailable:
        log.warning("the key store cannot be asked at start")
    finally:
        keys.close()  # a server that forks now must not share the connection
    return []


def close_files(settings: Settings, instance: Path) -> None:
    """Leave an embedded database, keys in a folder and the application's own folder to the
    service's account alone. Any other folder of the database may hold other things too: `flask
    doctor` speaks of it."""
    own = [instance, *rights.database_files(settings.database_url)]
    if not settings.key_store_url:
        own += [settings.key_store, *settings.key_store.rglob("*")]
    for path in filter(Path.exists, own):
        try:
            if rights.is_open_to_others(path):
                rights.close_to_others(path)
                log.warning("%s was open to others; it no longer is", path.name)
        except OSError as error:  # somebody else's file; the doctor names it
            log.warning("%s cannot be closed to others: %s", path.name, error.strerror)
