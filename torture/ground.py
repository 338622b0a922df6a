"""The databases on which rows are played: fresh ones for each play, of either engine."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from uuid import uuid4

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests.databases import migrate, postgresql_server
from tests.operator_key import provide_operator_key
from torture.hosts import WORKERS, Host, serving
from torture.polls import Poll, open_polls
from torture.postgres import Cluster, cluster
from torture.sabotage import IN_THE_DATABASE

SECRET = "a secret for races of more than thirty-two bytes"


@dataclass
class Ground:
    """A migrated, empty database with an application on it, in this process and as hosts."""

    engine: str
    url: str
    folder: Path
    key_store: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def environ(self) -> dict[str, str]:
        """The settings of its hosts."""
        return {
            "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET,
            "RATE_LIMIT_STORAGE": "off",
            "KEY_STORE": self.key_store,
            "ATTACHMENT_FOLDER": str(self.folder / "attachments"),
        }

    @cached_property
    def app(self) -> Flask:
        """The honest application in this process, to fill the database and to look at it."""
        instance = self.folder / "instance"
        return create_app(Settings.from_environment(instance, self.environ), instance)

    @contextmanager
    def serving(self, sabotage: str = "") -> Iterator[Host]:
        """One host while it runs; several sabotages are joined by a plus."""
        with serving(self.sabotaged(sabotage)) as host:
            yield host

    def sabotaged(
        self,
        sabotage: str,
        *,
        workers: int = WORKERS,
        ip: str = "127.0.0.1",
        key_store: str | None = None,
    ) -> Host:
        """A host that is not started yet, with the database changed as its sabotage asks."""
        names = sabotage.split("+") if sabotage else []
        url = make_url(self.url)
        for name in names:
            if name in IN_THE_DATABASE:
                self.execute(IN_THE_DATABASE[name].statements)
                options = IN_THE_DATABASE[name].options
                url = url.update_query_dict({"options": options} if options else {})
        (inside,) = [name for name in names if name not in IN_THE_DATABASE] or [""]
        environ = {
            **self.environ,
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "KEY_STORE": key_store or self.key_store,
        }
        log = self.folder / f"host-{next(self._numbers)}.log"
        return Host(environ, log, workers, inside, ip)

    def polls(self, polls: int, voters: int, matters: int = 4) -> list[Poll]:
        return open_polls(self.app, polls, voters, matters)

    def execute(self, statements: Sequence[str]) -> None:
        """Change the database beneath the application."""
        with self.app.app_context(), db.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Let go of the database."""
        with self.app.app_context():
            db.engine.dispose()
        self.app.extensions["wechat"].close()


class Arena:
    """Where plays take place: templates of databases that are migrated once, and what is started
    for them. `key_store` is the address of a key store to use instead of folders."""

    def __init__(self, key_store: str | None = None) -> None:
        self._key_store = key_store
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._numbers = count(1)

    def __enter__(self) -> "Arena":
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    @contextmanager
    def ground(self, engine: str) -> Iterator[Ground]:
        """An ordinary database: what is committed need not outlive the server."""
        if engine == "sqlite":
            with self.sqlite_in(self._new_folder()) as ground:
                yield ground
        else:
            template = str(make_url(self._template).database)
            with (
                _new_database(self._server, template) as url,
                self._ground_on(engine, url, self._new_folder()) as ground,
            ):
                yield ground

    @contextmanager
    def sqlite_in(self, folder: Path) -> Iterator[Ground]:
        """A database of SQLite in this folder."""
        path = folder / "torture.db"
        shutil.copyfile(self._sqlite_template, path)
        with self._ground_on("sqlite", f"sqlite:///{path}", self._new_folder()) as ground:
            yield ground

    @contextmanager
    def crashable(
        self, data: Path | None = None, **options: int
    ) -> Iterator[tuple[Ground, Cluster]]:
        """A server of one's own that keeps what it acknowledged, and a database on it."""
        folder = self._new_folder()
        with cluster(data or folder / "data", **options) as server:
            url = _create_database(server.url)
            migrate(url)
            with self._ground_on("postgresql", url, folder) as ground:
                yield ground, server

    @contextmanager
    def _ground_on(self, engine: str, url: str, folder: Path) -> Iterator[Ground]:
        keys = self._key_store or str(folder / "keys")
        ground = Ground(engine, url, folder, keys)
        provide_operator_key(ground.app)
        try:
            yield ground
        finally:
            ground.close()

    def _new_folder(self) -> Path:
        folder = self._folder / f"play-{next(self._numbers)}"
        folder.mkdir()
        return folder

    @cached_property
    def _server(self) -> str:
        return self._stack.enter_context(postgresql_server())

    @cached_property
    def _template(self) -> str:
        url = self._stack.enter_context(_new_database(self._server))
        migrate(url)
        return url

    @cached_property
    def _sqlite_template(self) -> Path:
        path = self._folder / "template.db"
        migrate(f"sqlite:///{path}")
        return path


def _create_database(server: str, template: str = "template1") -> str:
    name = f"torture_{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@contextmanager
def _new_database(server: str, template: str = "template1") -> Iterator[str]:
    url = _create_database(server, template)
    try:
        yield url
    finally:
        _administer(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


@contextmanager
def tiny_disk(megabytes: int) -> Iterator[Path]:
    """A file system in memory of this size. Raises CannotPlay where nobody may mount one."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotPlay(
                "没有挂载小磁盘的权限（需要 root）", "mounting a tiny disk needs root"
            ) from error
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Take up all room that is left on a disk; the file that does it."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1 << 9, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


class CannotPlay(Exception):
    """Something that a row needs is not on this machine: told in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
