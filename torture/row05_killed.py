"""Row 5: kill -9 of workers, and of PostgreSQL itself. Every acknowledged ballot exactly once.

Voters cast without a break, each with the same nonce until the answer came. After some more have
been answered, something is killed; then it goes on.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torture.client import Address
from torture.ground import Arena, Ground
from torture.hosts import Host
from torture.ledger import Intent, Ledger, check_all
from torture.polls import Poll
from torture.postgres import Cluster
from torture.rows import Figures, Mutant, Row

CLIENTS = 8
VOTERS = 400
ANSWERS_BETWEEN = (3, 40)
PATIENCE_SECONDS = 120


class Load:
    """Clients that cast until they are told to stop; each has voters of its own."""

    def __init__(self, address: Address, poll: Poll, ledger: Ledger) -> None:
        self._address, self._poll, self.ledger = address, poll, ledger
        self._stopped = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._cast, args=(number,), daemon=True)
            for number in range(CLIENTS)
        ]

    def _cast(self, number: int) -> None:
        chance = random.Random(number)
        voters = self._poll.voters[number::CLIENTS]
        turn = 0
        try:
            while not self._stopped.is_set():
                intent = Intent.of(self._poll, voters[turn % len(voters)], chance)
                self.ledger.cast_until_answered(self._address, intent)
                turn += 1
        except BaseException as error:
            self._errors.append(error)

    def wait_for(self, answers: int) -> None:
        """Until so many more casts have been answered."""
        goal, end = len(self.ledger) + answers, time.monotonic() + PATIENCE_SECONDS
        while len(self.ledger) < goal:
            if self._errors:
                raise self._errors[0]
            if time.monotonic() > end:
                raise RuntimeError("nobody answers any more")
            time.sleep(0.002)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """The load while it goes on; at its end every cast has been answered."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join()
        if self._errors:
            raise self._errors[0]


def play_workers(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Kill all workers `size` times."""
    with arena.ground(engine) as ground, ground.serving(sabotage) as host:
        return _play(ground, host, size, lambda number: host.kill_workers())


def play_server(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Kill PostgreSQL `size` times: by turns the whole server, as if the power went, and the
    processes that serve its clients."""
    with arena.crashable() as (ground, server), ground.serving(sabotage) as host:
        return _play(ground, host, size, lambda number: _kill_server(server, number))


def _kill_server(server: Cluster, number: int) -> None:
    if number % 2 == 0:
        server.kill()
        server.start()
    else:
        server.kill_backends()
        server.recover()


def _play(ground: Ground, host: Host, size: int, kill: Callable[[int], None]) -> Figures:
    chance = random.Random(5)
    (poll,) = ground.polls(1, VOTERS)
    ledger = Ledger()
    load = Load(host.address, poll, ledger)
    with load.running():
        for number in range(size):
            load.wait_for(chance.randint(*ANSWERS_BETWEEN))
            kill(number)
        load.wait_for(1)
    faults = check_all(ground.app, host.address, [poll], ledger)
    return Figures(
        size, faults, f"其间确认 {len(ledger)} 次", f"{len(ledger)} casts acknowledged meanwhile"
    )


ANSWER_FIRST = Mutant("answer_before_commit", "提交前就答复", "the answer comes before the commit")
ROWS = (
    Row(
        number="5",
        name="killed-workers",
        zh="工作进程被 kill -9",
        en="kill -9 of the workers",
        unit=("轮", "rounds"),
        play=play_workers,
        full=50,
        short=2,
        mutant=4,
        mutants=(ANSWER_FIRST,),
    ),
    Row(
        number="5",
        name="killed-postgresql",
        zh="PostgreSQL 被 kill -9",
        en="kill -9 of PostgreSQL",
        unit=("轮", "rounds"),
        play=play_server,
        full=50,
        short=2,
        mutant=4,
        mutants=(
            ANSWER_FIRST,
            Mutant("asynchronous_commit", "异步提交", "asynchronous commit", ("postgresql",)),
        ),
        engines=("postgresql",),
    ),
)
