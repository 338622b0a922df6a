"""A PostgreSQL and a Redis of one's own that go away and come back, an application on both, and the
finaliser as a process beside it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event, make_url

from app import create_app
from app.config import Settings
from app.kit.extensions import db
from tests import databases
from tests.conftest import let_postgresql_travel
from tests.operator_key import provide_operator_key
from tests.race.server import environment
from tests.redis_server import RedisServer, redis_server
from tests.wechat_standin import StandIn
from torture.postgres import Cluster, cluster

PATIENCE_S = 90.0  # a part that was away for long is asked again after half a minute


@dataclass
class Ground:
    """What may go away, and the application's settings as another process reads them."""

    postgresql: Cluster
    redis: RedisServer
    settings: Settings
    past: Flask
    """The application in this process, on the tests' own clock: to make what will be due."""
    present: Flask
    """The same on the real clock."""

    def ask(self, query: str) -> Any:
        """What the database says, on a connection of its own."""
        with psycopg.connect(self.settings.database_url) as connection:
            (value,) = connection.execute(query.encode()).fetchone() or (None,)
        return value

    @property
    def environ(self) -> dict[str, str]:
        return environment(self.settings) | {
            "KEY_STORE": self.settings.key_store_url,
            "HEARTBEAT_FILE": str(self.settings.heartbeat_file),
            "ATTACHMENT_FOLDER": str(self.settings.attachment_folder),
        }


@contextmanager
def ground(folder: Path, standin: StandIn) -> Iterator[Ground]:
    """All of it running, with an empty database whose clock travels with the tests' in this process
    and is the real one in others."""
    with (
        cluster(folder / "postgresql" / "data") as postgresql,
        redis_server(folder / "redis") as redis,
    ):
        url = postgresql.url
        databases.migrate(url)
        postgresql.execute(databases.TRAVELLING_CLOCK)
        settings = Settings(
            production=False,
            database_url=url,
            secret_key="a test secret of more than thirty-two bytes",
            key_store=folder / "keys",
            key_store_url=redis.url,
            public_url="https://board.example",
            wechat_appid=standin.appid,
            wechat_secret=standin.secret,
            wechat_api_base=standin.url,
            attachment_folder=folder / "attachments",
            heartbeat_file=folder / "heartbeat.json",
        )
        travelling = make_url(url).update_query_dict(databases.TRAVEL_OPTIONS)
        inside = travelling.render_as_string(hide_password=False)
        past = create_app(Settings(**{**vars(settings), "database_url": inside}), folder / "own")
        with past.app_context():
            event.listen(db.engine, "begin", let_postgresql_travel)
        provide_operator_key(past)
        present = create_app(settings, folder / "own")
        yield Ground(postgresql, redis, settings, past, present)
        for app in (past, present):
            with app.app_context():
                db.engine.dispose()
            app.extensions["wechat"].close()


@dataclass
class Finaliser:
    """The process, what it says, and what it tells the manager that started it."""

    process: "subprocess.Popen[bytes]"
    log: Path
    manager: socket.socket
    told: list[str] = field(default_factory=list)

    def lines(self, words: str) -> list[str]:
        """What it said with these words in it."""
        return [line for line in self.log.read_text().splitlines() if words in line]

    def listen(self) -> list[str]:
        """All that the manager was told until now."""
        while True:
            try:
                self.told += self.manager.recv(1000).decode().splitlines()
            except BlockingIOError:
                return self.told

    def wait_for(self, what: Callable[[], object]) -> None:
        """Until it holds, while the process goes on."""
        until = time.monotonic() + PATIENCE_S
        while not what():
            self.listen()
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)


@contextmanager
def finaliser(ground: Ground, folder: Path, every: int = 1) -> Iterator[Finaliser]:
    """A finaliser that goes on, under a manager that wants a sign of life every two seconds."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "finalise", "--every", str(every)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.setblocking(False)
        manage = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "2000000"}
        log = folder / "finaliser.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=databases.ROOT,
                env=os.environ | ground.environ | manage,
                stdout=output,
                stderr=output,
            )
        try:
            yield Finaliser(process, log, manager)
        finally:
            process.kill()
            process.wait()
