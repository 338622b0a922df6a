"""Row 6: several processes write to one SQLite file at once. No 5xx, and nothing is lost."""

import random
from functools import partial

from torture.client import crowd
from torture.ground import Arena
from torture.ledger import Intent, Ledger, check_all
from torture.rows import Figures, Mutant, Row

CASTS_A_VOTER = 8
CLIENTS = 16


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Cast `size` ballots at four processes, each voter a few times in no order."""
    chance = random.Random(6)
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, max(2, size // CASTS_A_VOTER))
        ledger = Ledger()
        with ground.serving(sabotage) as host:
            intents = [
                Intent.of(poll, poll.voters[number % len(poll.voters)], chance)
                for number in range(size)
            ]
            chance.shuffle(intents)
            crowd([partial(ledger.cast, host.address, intent) for intent in intents], CLIENTS)
            faults = check_all(ground.app, host.address, [poll], ledger)
        return Figures(size, faults)


ROW = Row(
    number="6",
    name="sqlite-writers",
    zh="四个进程同时写 SQLite",
    en="four processes write to SQLite at once",
    unit=("次投票", "casts"),
    play=play,
    full=40_000,
    short=150,
    mutant=240,
    mutants=(
        Mutant("drivers_transactions", "事务由驱动决定", "transactions left to the driver"),
        Mutant("no_busy_timeout", "不等别人写完", "a writer does not wait its turn"),
    ),
    engines=("sqlite",),
)
