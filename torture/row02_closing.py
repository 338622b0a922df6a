"""Row 2: closing while ballots arrive. Acknowledged if and only if counted, and no close is slow.

Many small votes, each in a compound of its own: its voters cast in a random order, and somewhere
among them the secretary closes.
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial

from torture.client import Address, Job, call, crowd
from torture.faults import Faults
from torture.ground import Arena
from torture.ledger import (
    CLOSING_SECONDS,
    Acknowledged,
    Closing,
    Intent,
    Ledger,
    check_sealed,
    close,
)
from torture.polls import Poll
from torture.rows import Figures, Mutant, Row

VOTERS = 12
EARLY = 3
CLIENTS = 16
JUDGED_FROM = 100  # fewer closes say nothing of how long one takes


class Race:
    """One vote that is closed while its voters cast."""

    def __init__(self, address: Address, poll: Poll, ledger: Ledger, chance: random.Random) -> None:
        self._address, self._poll, self._ledger = address, poll, ledger
        self._early = [Intent.of(poll, voter, chance) for voter in poll.voters[:EARLY]]
        self._intents = [Intent.of(poll, voter, chance) for voter in poll.voters]
        chance.shuffle(self._intents)
        # Early in the queue: a close takes longer to begin than a cast.
        self._place = chance.randrange(len(self._intents) * 2 // 3)
        self.closing: Closing | None = None

    def begin(self) -> None:
        """Some early casts, so that the vote may be closed at all, and some have what to change."""
        for intent in self._early:
            self._cast(intent)

    def jobs(self) -> Iterator[Job]:
        """Everybody casts, and the close comes somewhere among them."""
        for place, intent in enumerate(self._intents):
            if place == self._place:
                yield self._close
            yield partial(self._cast, intent)

    def _cast(self, intent: Intent) -> None:
        answer = call(self._address, intent.message)
        if answer.status == 200:
            self._ledger.note(intent, answer)
        else:
            came_too_late = (answer.status, answer.code) == (409, "wrong_state")
            told = f"{answer.status} {answer.code} for a cast"
            self._ledger.faults.unless(came_too_late, "other", told)

    def _close(self) -> None:
        self.closing = close(self._address, self._poll)

    def check(self, acknowledged: Sequence[Acknowledged]) -> Faults:
        """What came of it."""
        if self.closing is None or self.closing.answer.status != 200:
            said = None if self.closing is None else self.closing.answer.status
            faults = Faults()
            faults.add("other", f"closing answered {said}")
            return faults
        return check_sealed(self._address, self._poll, acknowledged)


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Close `size` votes of twelve voters each."""
    chance = random.Random(2)
    with arena.ground(engine) as ground:
        polls = ground.polls(size, VOTERS, matters=3)
        ledger = Ledger()
        with ground.serving(sabotage) as host:
            races = [Race(host.address, poll, ledger, chance) for poll in polls]
            crowd([race.begin for race in races], CLIENTS)
            crowd((job for race in races for job in race.jobs()), CLIENTS)
            faults = ledger.faults
            acknowledged = ledger.by_poll()
            faults.merge(
                race.check(acknowledged[poll.session_id])
                for race, poll in zip(races, polls, strict=True)
            )
        seconds = sorted(race.closing.seconds for race in races if race.closing is not None)
        if size >= JUDGED_FROM:
            slow = seconds[size * 99 // 100]
            faults.unless(slow <= CLOSING_SECONDS, "other", f"1 % of the closes took {slow:.2f} s")
        split = sum(EARLY < len(each) < EARLY + VOTERS for each in acknowledged.values())
        return Figures(
            size,
            faults,
            f"{split} 次截止在投票中间；截止最慢 {seconds[-1]:.2f} 秒",
            f"{split} closes fell among the casts; the slowest took {seconds[-1]:.2f} s",
        )


ROW = Row(
    number="2",
    name="closing",
    zh="截止时还有选票到来",
    en="closing while ballots arrive",
    unit=("次截止", "closes"),
    play=play,
    full=1_000,
    short=8,
    mutant=20,
    mutants=(
        Mutant(
            "no_session_lock+no_row_locks",
            "不加锁，只用普通查询看状态",
            "the state is read by a plain SELECT, without the lock",
            ("postgresql",),
        ),
        Mutant(
            "key_share",
            "等到锁以后不重读状态",
            "whoever waited for the lock does not read the state again",
            ("postgresql",),
        ),
        Mutant(
            "drivers_transactions",
            "SQLite 事务由驱动决定",
            "SQLite transactions left to the driver",
            ("sqlite",),
        ),
    ),
)
