"""Row 16: one thing in a published result is changed. `python -m votes.verify` says so.

A small vote is held over HTTP and sealed. Then every single value of its bundle is altered, every
member and entry taken away, doubled or exchanged with its neighbour. In a worked example figures
are altered and all of it is sealed anew, receipts are forged, and the file is spelled otherwise.
Each time the verifier must report it. A mutant is the verifier with one of its checks always
holding.
"""

import copy
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.votes.altered import alterations
from tests.votes.published import STRANGER, WORKED_FILE, sealed, worked_bundle
from tests.votes.test_verify import FORGED, RESEALED, receipt
from torture.client import call, crowd, request
from torture.faults import Faults
from torture.ground import Arena
from torture.ledger import Intent, Ledger, close
from torture.rows import Figures, Mutant, Row
from votes import verify
from votes.explanation import Explanation

VOTERS = 24
CLIENTS = 4
CHECKS = (
    "format",
    "spelling",
    "rules",
    "order",
    "trackers",
    "commitments",
    "participation",
    "lengths",
    "recount",
    "root",
    "signature",
    "countersignature",
    "receipt",
    "receipt_commitment",
    "receipt_promise",
    "receipt_listed",
    "receipt_marks",
    "earlier_root",
)
OUTSIDE_THE_ROOT = ("root", "signature", "countersignature")


class Desk:
    """Where altered bundles are handed in; what is not reported is a fault."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.tried = 0

    def hand_in(self, what: str, *told: Any) -> None:
        """A bundle with what else `verify_bundle` takes."""
        self._note(what, partial(verify.verify_bundle, *told))

    def hand_in_file(self, what: str, raw: bytes) -> None:
        """The bytes of a file."""
        self._note(what, partial(verify.verify_file, raw))

    def _note(self, what: str, check: Any) -> None:
        self.tried += 1
        try:
            reported = any(not each.ok for each in check())
        except Exception:  # a verifier that fails has reported nothing
            reported = False
        self.faults.unless(reported, "other", f"unnoticed: {what}")


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Try at most `size` alterations of a bundle from a vote, and all of the worked example."""
    desk = Desk()
    with _one_check_holds(sabotage):
        if not sabotage:
            raw = _vote(arena, engine, desk.faults)
            bundle = json.loads(raw)
            altered = list(alterations(bundle))
            for number in sorted(
                random.Random(16).sample(range(len(altered)), _some(altered, size))
            ):
                desk.hand_in(f"alteration {number}", altered[number])
        _hand_in_the_worked_example(desk)
    return Figures(desk.tried, desk.faults)


def _some(altered: list[Any], size: int) -> int:
    return min(size, len(altered))


def _vote(arena: Arena, engine: str, faults: Faults) -> bytes:
    """The bundle of a vote of which nothing was altered yet."""
    chance = random.Random(16)
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, VOTERS)
        ledger = Ledger(faults)
        with ground.serving() as host:
            intents = [Intent.of(poll, voter, chance) for voter in (*poll.voters, *poll.voters[:6])]
            crowd([partial(ledger.cast, host.address, intent) for intent in intents], CLIENTS)
            closing = close(host.address, poll).answer
            faults.unless(closing.status == 200, "other", f"closing answered {closing.status}")
            answer = call(host.address, request("GET", f"{poll.path}/bundle.json"))
    bad = [check.name for check in verify.verify_file(answer.body) if not check.ok]
    faults.unless(not bad, "other", f"the bundle itself fails {bad}")
    return answer.body


def _hand_in_the_worked_example(desk: Desk) -> None:
    worked = worked_bundle()
    for name in OUTSIDE_THE_ROOT:
        for other in alterations(worked[name]):
            desk.hand_in(name, {**worked, name: other})
    for what, alter, _ in RESEALED:
        bundle = copy.deepcopy(worked)
        alter(bundle)
        desk.hand_in(f"{what}, sealed anew", sealed(bundle))
        desk.hand_in(f"{what}, sealed anew, against the earlier root", bundle, None, worked["root"])
    desk.hand_in("sealed by a stranger", sealed(worked, operator=STRANGER))
    desk.hand_in("another root was seen", worked, None, "0" * 64)
    for forged, _ in FORGED:
        desk.hand_in("a forged receipt", worked, forged)
    desk.hand_in("a receipt of no ballot", worked, {})
    desk.hand_in("the receipt of a cast that was left out", *_left_out())
    for raw in (WORKED_FILE + b"\n", json.dumps(worked).encode(), WORKED_FILE.replace(b":", b": ")):
        desk.hand_in_file("another spelling", raw)


def _left_out() -> tuple[Any, Any]:
    """A bundle without the commitment of a cast, and the receipt for that cast."""
    bundle, kept = worked_bundle(), receipt("V01")
    bundle["commitments"].remove(kept["commitment"])
    return sealed(bundle), kept


@contextmanager
def _one_check_holds(sabotage: str) -> Iterator[None]:
    """The verifier with the check of this name always holding."""
    honest, name = verify._check, sabotage.removeprefix("check_")

    def check(its_name: str, title: Explanation, problems: verify.Problems) -> verify.Check:
        return honest(its_name, title, [] if its_name == name else problems)

    verify._check = check  # type: ignore[assignment]
    try:
        yield
    finally:
        verify._check = honest


ROW = Row(
    number="16",
    name="altered",
    zh="公布的结果被改动一处",
    en="one thing in the published result is changed",
    unit=("处改动", "alterations"),
    play=play,
    full=100_000,
    is_all=True,
    short=300,
    mutant=1,
    mutants=tuple(
        Mutant(
            f"check_{name}",
            f"核对程序不看 {name}",
            f"the verifier without its check {name}",
            ("sqlite",),
        )
        for name in CHECKS
    ),
)
