"""Databases to measure on, and what everybody needs to speak to a server on one of them."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import create_engine, make_url, text

from app import create_app
from app.ballots.keys.folder import FolderKeyStore
from app.config import Settings
from app.kit.extensions import db
from app.people.tokens import access_token
from app.signing import Purpose, SigningKeys
from bench.seeding import FAMILY, PERSON, Home, bench_uuid
from tests import databases
from tests.operator_key import provide_operator_key

SECRET = "a secret of the benchmark, of more than thirty-two bytes"
TOKEN_SECONDS = 8 * 60  # a token lives for fifteen minutes


@dataclass(frozen=True)
class Site:
    """A database of one engine with the compound that is measured, and the folder of its keys."""

    engine: str
    url: str
    folder: Path
    home: Home

    @property
    def settings(self) -> Settings:
        """The application's settings on this database."""
        return Settings(
            production=False,
            database_url=self.url,
            secret_key=SECRET,
            rate_limit_url="off",
            key_store=self.folder / "keys",
            public_url="",
            wechat_appid="",
            wechat_secret="",
            wechat_api_base="http://127.0.0.1:9",
            attachment_folder=self.folder / "attachments",
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a contestant on this database."""
        return {
            "YYT_PROFILE": "development",
            "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET,
            "KEY_STORE": str(self.folder / "keys"),
            "ATTACHMENT_FOLDER": str(self.folder / "attachments"),
            "WECHAT_APPID": "",
            "WECHAT_SECRET": "",
            "WECHAT_API_BASE": "http://127.0.0.1:9",
            "BENCH_DATABASE": self.url,
            "BENCH_TOKEN_KEY": SigningKeys(SECRET).current(Purpose.ACCESS_TOKEN).value.hex(),
            "BENCH_COMPOUND": str(self.home.compound_id),
        }

    def make_keys(self, sessions: Sequence[UUID]) -> None:
        """The operator's key, and the keys that opening these sessions would have made."""
        app = create_app(self.settings, self.folder)
        provide_operator_key(app)
        app.extensions["wechat"].close()
        with app.app_context():
            db.engine.dispose()
        keys = FolderKeyStore(self.folder / "keys")
        for session_id in sessions:
            keys.create_session_key(session_id)


@contextmanager
def empty_database(engine: str, folder: Path, server: str | None) -> Iterator[str]:
    """The URL of a migrated database in a folder of its own; gone afterwards."""
    folder.mkdir(parents=True)
    with databases.database(engine, folder, server) as url:
        yield url


@contextmanager
def copies(site: Site, count: int) -> Iterator[list[Site]]:
    """So many copies of a database to which nobody is connected; gone afterwards."""
    with ExitStack() as stack:
        yield [stack.enter_context(_copy(site)) for _ in range(count)]


@contextmanager
def _copy(site: Site) -> Iterator[Site]:
    name = f"yyt_{uuid4().hex}"
    if site.engine == "sqlite":
        path = site.folder / f"{name}.db"
        shutil.copyfile(site.url.removeprefix("sqlite:///"), path)
        yield replace(site, url=f"sqlite:///{path}")
        path.unlink()
        return
    source = make_url(site.url)
    admin = create_engine(source.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {source.database}"))
        copied = source.set(database=name).render_as_string(hide_password=False)
        yield replace(site, url=copied)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


class Tokens:
    """Access tokens of the seeded people, minted before a round and good for all databases."""

    def __init__(self, site: Site) -> None:
        self._app = create_app(site.settings, site.folder)
        self._app.extensions["wechat"].close()
        self._minted: list[str] = []
        self._minted_at = 0.0

    def first(self, count: int) -> list[str]:
        """Tokens of people 1 to `count`, none older than eight minutes."""
        if time.monotonic() - self._minted_at > TOKEN_SECONDS:
            self._minted, self._minted_at = [], time.monotonic()
        with self._app.app_context():
            for number in range(len(self._minted) + 1, count + 1):
                person, family = bench_uuid(PERSON, number), bench_uuid(FAMILY, number)
                self._minted.append(access_token(person, family))
        return self._minted[:count]


def disk_of(folder: Path) -> str:
    """The filesystem of a folder and how long it takes to force a page to it, e.g. `ext4, 0.4 ms`.

    What a commit costs begins with this.
    """
    target = folder / f"probe-{uuid4().hex}"
    times = []
    with target.open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(8192))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    target.unlink()
    return f"{_filesystem(folder)}, fsync {1000 * sorted(times)[len(times) // 2]:.2f} ms"


def _filesystem(folder: Path) -> str:
    """The kind of filesystem, where Linux tells it."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    around = {str(each) for each in (folder.absolute(), *folder.absolute().parents)}
    found = [(mount, kind) for mount, kind in mounts if mount in around]
    return max(found, key=lambda each: len(each[0]))[1] if found else "unknown"
