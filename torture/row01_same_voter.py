"""Row 1: the same voter many times at once. One live ballot, no acknowledgement lost.

The casts of one voter stand side by side in the queue of the clients, so that several workers are
busy with the same voter all the time; some are sent twice, as an impatient phone does.
"""

import random
from collections.abc import Iterator
from functools import partial
from math import ceil

from torture.client import crowd
from torture.ground import Arena
from torture.ledger import Intent, Ledger, check_all
from torture.polls import Poll
from torture.rows import Figures, Mutant, Row

CASTS_A_VOTER = 20  # a ballot may be replaced that often
CLIENTS = 16
REPEATED = 0.1


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Cast `size` ballots, twenty of each voter at once, and look at each of them."""
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, ceil(size / CASTS_A_VOTER))
        ledger = Ledger()
        with ground.serving(sabotage) as host:
            jobs = [partial(ledger.cast, host.address, intent) for intent in _intents(poll, size)]
            crowd(jobs, CLIENTS)
            faults = check_all(ground.app, host.address, [poll], ledger)
        return Figures(size, faults)


def _intents(poll: Poll, size: int) -> Iterator[Intent]:
    chance = random.Random(1)
    last: Intent | None = None
    for number in range(size):
        voter = poll.voters[number // CASTS_A_VOTER]
        if last is None or last.voter is not voter or chance.random() > REPEATED:
            last = Intent.of(poll, voter, chance)
        yield last


ROW = Row(
    number="1",
    name="same-voter",
    zh="同一人同时投多次",
    en="the same voter many times at once",
    unit=("次投票", "casts"),
    play=play,
    full=30_000,
    short=150,
    mutant=240,
    mutants=(
        Mutant("no_row_locks", "不锁投票人", "no lock of the voter", ("postgresql",)),
        Mutant(
            "drivers_transactions",
            "SQLite 事务由驱动决定",
            "SQLite transactions left to the driver",
            ("sqlite",),
        ),
    ),
)
