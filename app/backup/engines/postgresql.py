"""PostgreSQL as a whole, by its own pg_dump and pg_restore.

Rows whose order must tell nothing go beside the dump (`pg_rows`), and so does the revision, which
is put in place last: a database that was restored in part has none, and no release works with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.backup.engines.pg_rows import ordered_tables, read_rows, write_rows
from app.backup.engines.pg_tools import Tool, failed, find_tool, major_of, run_tool
from app.backup.faults import Busy, ToolFault
from app.backup.folders import make_private

SCHEMA: Final = "public"
SET_ASIDE: Final = "before_restore"
DUMP = "database.dump"
TO_ASIDE = f"""
    ALTER SCHEMA {SCHEMA} RENAME TO {SET_ASIDE};
    CREATE SCHEMA {SCHEMA};
    GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC
"""
TO_PLACE = f"DROP SCHEMA {SCHEMA} CASCADE; ALTER SCHEMA {SET_ASIDE} RENAME TO {SCHEMA}"
DROP_ASIDE = f"DROP SCHEMA {SET_ASIDE} CASCADE"
SET_REVISION = f"INSERT INTO {SCHEMA}.alembic_version VALUES (%s)"  # noqa: S608
LOCK_PATIENCE_MS = 60_000
"""pg_dump waits no longer for a migration, since its snapshot holds up what is to be forgotten."""


class PostgresqlDatabase:
    """A database of a PostgreSQL server; its tables lie in the schema `public`.

    `bin_folder` is where pg_dump and pg_restore are, None to look for them.
    """

    engine_name = "postgresql"

    def __init__(self, url: URL, bin_folder: Path | None) -> None:
        self._url, self._bin = url.set(drivername="postgresql+psycopg"), bin_folder

    @property
    def name(self) -> str:
        return self._url.database or ""

    def version(self) -> str:
        with self._connect() as connection:
            major, minor = divmod(connection.info.server_version, 10_000)
        return f"{major}.{minor}"

    @contextmanager
    def dump(self, folder: Path) -> Iterator[Session]:
        tool = find_tool("pg_dump", major_of(self.version()), self._bin)
        engine = create_engine(
            self._url, poolclass=pool.NullPool, isolation_level="REPEATABLE READ"
        )
        with Session(engine) as session:
            # It waits in its transaction as long as the dump takes.
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
            apart = [f"{SCHEMA}.{table.name}" for table in ordered_tables()]
            self._run(
                tool,
                *("--format=custom", f"--schema={SCHEMA}", f"--snapshot={snapshot}"),
                *(f"--exclude-table-data={name}" for name in [*apart, f"{SCHEMA}.alembic_version"]),
                f"--lock-wait-timeout={LOCK_PATIENCE_MS}",
                f"--file={make_private(folder / DUMP)}",
            )
            with _as_tool_fault():
                driver: Any = session.connection().connection.driver_connection
                write_rows(driver, SCHEMA, folder)
            yield session

    def holds_something(self) -> bool:
        return self._has_tables(SCHEMA) or self._has_tables(SET_ASIDE)

    def require_restorable(self, engine_version: str) -> None:
        here = self.version()
        if major_of(here) < major_of(engine_version):
            raise ToolFault(
                f"备份来自 PostgreSQL {engine_version}，这台是 {here}：须恢复到同版或更新的服务器",
                f"the backup is of PostgreSQL {engine_version} and this server is {here}:"
                " restore it to a server as new or newer",
            )
        find_tool("pg_restore", major_of(here), self._bin)

    def restore(self, folder: Path, revision: str) -> None:
        tool = find_tool("pg_restore", major_of(self.version()), self._bin)
        self._require_alone()
        self._bring_back_what_was_interrupted()
        with self._set_aside():
            self._restore_section(tool, folder, "pre-data")
            self._restore_section(tool, folder, "data")
            with _as_tool_fault(), self._connect() as connection, connection.transaction():
                read_rows(connection, SCHEMA, folder)
            self._restore_section(tool, folder, "post-data")
            with _as_tool_fault(), self._connect() as connection:
                connection.execute("ANALYZE")
            # In one transaction: what is left set aside then always tells of an interruption.
            with _as_tool_fault(), self._connect() as connection, connection.transaction():
                connection.execute(SET_REVISION, (revision,))
                connection.execute(DROP_ASIDE)

    def _restore_section(self, tool: Tool, folder: Path, section: str) -> None:
        self._run(
            tool,
            *("--single-transaction", "--exit-on-error", f"--section={section}"),
            *(f"--schema={SCHEMA}", "--no-owner", "--no-privileges", str(folder / DUMP)),
        )

    def _bring_back_what_was_interrupted(self) -> None:
        """A restoring that was killed has left what it set aside."""
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_namespace WHERE nspname = %s", (SET_ASIDE,)
            ).fetchone()
        if found is not None:
            self._execute(TO_PLACE)

    @contextmanager
    def _set_aside(self) -> Iterator[None]:
        """Take away what is there, and bring it back should the restoring fail."""
        self._execute(TO_ASIDE)
        try:
            yield
        except BaseException:  # also where somebody ends it by hand
            self._execute(TO_PLACE)
            raise

    def _has_tables(self, schema: str) -> bool:
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_tables WHERE schemaname = %s LIMIT 1", (schema,)
            ).fetchone()
        return found is not None

    def _execute(self, statement: LiteralString) -> None:
        with _as_tool_fault(), self._connect() as connection, connection.transaction():
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        with _as_tool_fault():
            return psycopg.connect(**{**self._parameters(), "autocommit": True})

    def _require_alone(self) -> None:
        """Raises Busy where others are connected."""
        with self._connect() as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'"
            ).fetchone()
        if found is not None and found[0]:
            raise Busy(
                f"数据库还有 {found[0]} 个连接，请先停下应用和定时任务",
                f"the database has {found[0]} connections;"
                " stop the application and the finaliser first",
            )

    def _run(self, tool: Tool, *arguments: str) -> None:
        # What the operator set and no more: our own libpq knows options that an older one refuses.
        parameters = self._parameters()
        password = str(parameters.pop("password", ""))
        run_tool(tool, make_conninfo("", **parameters), password, *arguments)

    def _parameters(self) -> dict[str, Any]:
        # SQLAlchemy's reading of its URL, since libpq reads spaces in one otherwise.
        _, parameters = self._url.get_dialect()().create_connect_args(self._url)
        return dict(parameters)


@contextmanager
def _as_tool_fault() -> Iterator[None]:
    """What the server refuses, in one line. Raises ToolFault."""
    try:
        yield
    except psycopg.Error as error:
        raise failed("PostgreSQL", str(error)) from None
