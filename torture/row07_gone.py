"""Row 7: the database or the disk is gone. 503 with Retry-After, no false acknowledgement, and
afterwards everything goes on.

Round by round something is taken away and given back: the server is stopped, it refuses
connections, its disk is full; the disk of SQLite is full, or somebody else holds its file.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from torture.client import Address, BrokenConnection, call, crowd, request
from torture.ground import Arena, Ground, fill, tiny_disk
from torture.hosts import WORKERS
from torture.ledger import PATIENCE_SECONDS, Intent, Ledger, asks_to_come_back, check_all
from torture.postgres import Cluster
from torture.rows import Figures, Mutant, Row

VOTERS = 600
CLIENTS = 6
CASTS_BEFORE = 6
CASTS_MEANWHILE = 12
UNTIL_FULL = 1_500  # casts that may still find room on a full disk
POSTGRESQL_MEGABYTES = 320
SQLITE_MEGABYTES = 24

Gone = Callable[[], object]


class Outage:
    """Rounds in which something is missing for a while; no answer may promise what is not kept."""

    def __init__(self, ground: Ground, address: Address, meanwhile: int = CASTS_MEANWHILE) -> None:
        """`meanwhile`: how many casts are sent while something is missing."""
        self._address = address
        self._batch = meanwhile
        (self.poll,) = ground.polls(1, VOTERS)
        self.ledger = Ledger()
        self.refused = 0
        self._chance = random.Random(7)
        self._turn = 0

    def _next(self) -> Intent:
        self._turn += 1
        voter = self.poll.voters[self._turn % len(self.poll.voters)]
        return Intent.of(self.poll, voter, self._chance)

    def round(self, take_away: Gone, give_back: Gone, *, is_total: bool) -> None:
        """Cast while all is well, while something is missing, and until all is well again.

        With `is_total` no cast at all can be stored meanwhile; otherwise some may find room, and
        the round goes on until one is refused.
        """
        self._cast_all([self._next() for _ in range(CASTS_BEFORE)])
        take_away()
        try:
            intents = self._meanwhile(is_total)
            self._read_meanwhile(is_total)
        finally:
            give_back()
        self._cast_all(intents)

    def _cast_all(self, intents: list[Intent]) -> None:
        casts = [
            partial(self.ledger.cast_until_answered, self._address, intent) for intent in intents
        ]
        crowd(casts, CLIENTS)

    def _meanwhile(self, is_total: bool) -> list[Intent]:
        before, intents = self.refused, []
        for _ in range(UNTIL_FULL // self._batch):
            batch = [self._next() for _ in range(self._batch)]
            crowd([partial(self._cast_meanwhile, intent, is_total) for intent in batch], CLIENTS)
            intents += batch
            if is_total or self.refused > before:
                break
        missed = self.refused == before
        self.ledger.faults.unless(not missed, "other", "nothing was refused meanwhile")
        return intents

    def _cast_meanwhile(self, intent: Intent, is_total: bool) -> None:
        try:
            answer = call(self._address, intent.message)
        except BrokenConnection:
            self.ledger.faults.add("other", "no answer at all")
            return
        if answer.status == 200:
            self.ledger.note(intent, answer)
            self.ledger.faults.unless(not is_total, "lost", "a cast was acknowledged meanwhile")
        elif asks_to_come_back(answer) and answer.code == "database_unavailable":
            self.refused += 1
        else:
            self.ledger.faults.add("other", f"{answer.status} {answer.code} meanwhile")

    def _read_meanwhile(self, is_total: bool) -> None:
        message = request("GET", f"{self.poll.path}/turnout", self.poll.voters[0].token)
        answer = call(self._address, message)
        if answer.status != 200:
            fits = asks_to_come_back(answer)
            self.ledger.faults.unless(fits, "other", f"{answer.status} for a reader")


def _figures(outage: Outage, ground: Ground, address: Address, size: int) -> Figures:
    faults = check_all(ground.app, address, [outage.poll], outage.ledger)
    return Figures(
        size,
        faults,
        f"拒绝 {outage.refused} 次，确认 {len(outage.ledger)} 次",
        f"{outage.refused} refused, {len(outage.ledger)} acknowledged",
    )


def play_stopped(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """PostgreSQL is stopped and started again."""
    with arena.crashable() as (ground, server), ground.serving(sabotage) as host:
        outage = Outage(ground, host.address)
        for _ in range(size):
            outage.round(server.stop, server.start, is_total=True)
        return _figures(outage, ground, host.address, size)


def play_refused(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """PostgreSQL takes no connections to the database any more."""
    with arena.crashable() as (ground, server), ground.serving(sabotage) as host:
        outage = Outage(ground, host.address)
        name = make_url(ground.url).database

        def refuse() -> None:
            server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            server.kill_sessions(str(name))

        def allow() -> None:
            server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")

        for _ in range(size):
            outage.round(refuse, allow, is_total=True)
        return _figures(outage, ground, host.address, size)


def play_full_postgresql(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """The disk of PostgreSQL is full: for tables, or for its log, and then it stops by itself."""
    with (
        tiny_disk(POSTGRESQL_MEGABYTES) as disk,
        arena.crashable(disk / "data", wal_segment_megabytes=1) as (ground, server),
        ground.serving(sabotage) as host,
    ):
        outage = Outage(ground, host.address)
        for _ in range(size):
            outage.round(partial(fill, disk), partial(_make_room, disk, server), is_total=False)
        return _figures(outage, ground, host.address, size)


def _make_room(disk: Path, server: Cluster) -> None:
    (disk / "filler").unlink()
    server.recover()


def play_full_sqlite(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """The disk of SQLite is full."""
    with (
        tiny_disk(SQLITE_MEGABYTES) as disk,
        arena.sqlite_in(disk) as ground,
        ground.serving(sabotage) as host,
    ):
        outage = Outage(ground, host.address)
        path = str(make_url(ground.url).database)

        def take_away() -> None:
            # The log of SQLite keeps the room that it once took; without it the next write fails.
            with _connection(path) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            fill(disk)

        for _ in range(size):
            outage.round(take_away, (disk / "filler").unlink, is_total=False)
        return _figures(outage, ground, host.address, size)


def play_locked_sqlite(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Another program holds the file of SQLite for longer than a writer waits."""
    with arena.ground(engine) as ground, ground.serving(sabotage) as host:
        # Each cast waits for ten seconds, so no worker is asked to wait twice.
        outage = Outage(ground, host.address, meanwhile=WORKERS)
        with _connection(str(make_url(ground.url).database)) as holder:
            for _ in range(size):
                outage.round(
                    partial(holder.execute, "BEGIN IMMEDIATE"),
                    partial(holder.execute, "ROLLBACK"),
                    is_total=True,
                )
        return _figures(outage, ground, host.address, size)


@contextmanager
def _connection(path: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


MUTANTS = (
    Mutant("acknowledge_anyway", "存不下也答复收到", "what cannot be stored is acknowledged"),
)


def _row(name: str, zh: str, en: str, play: object, engine: str) -> Row:
    return Row(
        number="7",
        name=name,
        zh=zh,
        en=en,
        unit=("轮", "rounds"),
        play=play,  # type: ignore[arg-type]
        full=30,
        short=1,
        mutant=1,
        mutants=MUTANTS,
        engines=(engine,),
    )


ROWS = (
    _row("stopped", "PostgreSQL 停了", "PostgreSQL stopped", play_stopped, "postgresql"),
    _row(
        "refused",
        "PostgreSQL 拒绝连接",
        "PostgreSQL refuses connections",
        play_refused,
        "postgresql",
    ),
    _row(
        "full-postgresql",
        "PostgreSQL 的磁盘满了",
        "the disk of PostgreSQL is full",
        play_full_postgresql,
        "postgresql",
    ),
    _row(
        "full-sqlite", "SQLite 的磁盘满了", "the disk of SQLite is full", play_full_sqlite, "sqlite"
    ),
    _row(
        "locked-sqlite",
        "别的程序占住 SQLite 文件",
        "another program holds the file of SQLite",
        play_locked_sqlite,
        "sqlite",
    ),
)
