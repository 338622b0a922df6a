"""Row 4: answers lost, retries, late repeats in any order. The same receipt, and the newer ballot
stays.

Each voter casts a row of ballots, one after the other. On the way answers are lost: the phone
hangs up before it reads, and sends the same cast again. Old casts come once more after newer ones.
"""

import random
from functools import partial

from torture.client import Address, BrokenConnection, call, crowd, hang_up
from torture.ground import Arena
from torture.ledger import Intent, Ledger, check_all
from torture.polls import Poll, Voter
from torture.rows import Figures, Mutant, Row

BALLOTS_A_VOTER = 4
REQUESTS_A_VOTER = 10  # about: four casts, their lost answers and late repeats
LOST = 0.5
REPEATED = 0.5
CLIENTS = 16


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Make about `size` requests."""
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, max(2, size // REQUESTS_A_VOTER))
        ledger = Ledger()
        requests: list[int] = []
        with ground.serving(sabotage) as host:
            jobs = [
                partial(_vote, host.address, poll, voter, ledger, requests, number)
                for number, voter in enumerate(poll.voters)
            ]
            crowd(jobs, CLIENTS)
            faults = check_all(ground.app, host.address, [poll], ledger)
        return Figures(len(requests), faults)


def _vote(
    address: Address, poll: Poll, voter: Voter, ledger: Ledger, requests: list[int], number: int
) -> None:
    chance = random.Random(number)
    intents = [Intent.of(poll, voter, chance) for _ in range(BALLOTS_A_VOTER)]
    for version, intent in enumerate(intents, start=1):
        if chance.random() < LOST:
            hang_up(address, intent.message, rudely=chance.random() < 0.5)
            requests.append(number)
        answer = ledger.cast(address, intent)
        requests.append(number)
        came = answer.json.get("version")
        ledger.faults.unless(came == version, "doubled", f"version {came}, not {version}")
        if chance.random() < REPEATED:
            old = chance.choice(intents[:version])
            ledger.cast(address, old)
            requests.append(number)
    # What is repeated last comes all at once, the oldest first.
    repeats = [partial(_repeat, address, ledger, intent) for intent in intents[:-1]]
    crowd(repeats, len(repeats))
    requests.extend([number] * len(repeats))


def _repeat(address: Address, ledger: Ledger, intent: Intent) -> None:
    try:
        answer = call(address, intent.message)
    except BrokenConnection:
        ledger.faults.add("other", "a repeat that was not answered")
        return
    if answer.status == 200:
        ledger.note(intent, answer)
    else:
        ledger.faults.add("other", f"{answer.status} {answer.code} for a repeat")


ROW = Row(
    number="4",
    name="retries",
    zh="答复丢失、重发、次序颠倒",
    en="answers lost, retries, reordering",
    unit=("次请求", "requests"),
    play=play,
    full=20_000,
    short=200,
    mutant=200,
    mutants=(Mutant("forget_nonce", "重发当作新的一票", "a retry is treated as a new cast"),),
)
