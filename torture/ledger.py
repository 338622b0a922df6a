"""What the clients were told, and whether the database and the sealed bundle agree with it."""

import json
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.kit.extensions import db
from torture.client import Address, Answer, BrokenConnection, call, request
from torture.faults import Faults
from torture.polls import Poll, Voter
from votes.ballot import Mark, PriorityBallot
from votes.receipt import trackers
from votes.verify import verify_file

PATIENCE_SECONDS = 90
PAUSE_SECONDS = 0.05
CHECKED_RECEIPTS = 5
CLOSING_SECONDS = 2.0  # trust.md, row 2
WEIGHTS = (5, 3, 1)
NO_ANSWER = (502, 504)  # a proxy says that its host gave none


@dataclass(frozen=True)
class Intent:
    """One ballot that a voter means to cast: the same nonce until the answer has come."""

    poll: Poll
    voter: Voter
    marks: tuple[tuple[int, str], ...]
    nonce: str

    @classmethod
    def of(cls, poll: Poll, voter: Voter, chance: random.Random) -> "Intent":
        """A ballot with random marks, now and then a blank one."""
        chosen = chance.sample(poll.matters, chance.choice((0, 1, 2, 3, 3, 3)))
        marks = tuple(zip(WEIGHTS, chosen, strict=False))
        return cls(poll, voter, marks, secrets.token_hex(16))

    @cached_property
    def message(self) -> bytes:
        """The request that casts it."""
        marks = [{"weight": weight, "matter_id": matter} for weight, matter in self.marks]
        body = {"marks": marks, "nonce": self.nonce}
        return request("PUT", f"{self.poll.path}/ballot", self.voter.token, body)

    @property
    def ballot(self) -> PriorityBallot:
        return PriorityBallot(tuple(Mark(*mark) for mark in self.marks))


@dataclass(frozen=True)
class Acknowledged:
    """An intent with the receipt that its voter got for it."""

    intent: Intent
    receipt: Mapping[str, Any]

    @property
    def commitment(self) -> str:
        return str(self.receipt["commitment"])

    @property
    def version(self) -> int:
        return int(self.receipt["version"])


@dataclass
class Ledger:
    """All that was acknowledged, each intent once, and the faults seen on the way; `broken` counts
    the answers that did not come."""

    faults: Faults = field(default_factory=Faults)
    broken: int = 0
    _by_nonce: dict[str, Acknowledged] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_nonce)

    def note(self, intent: Intent, answer: Answer) -> None:
        """Note a receipt; a second one for the same intent must be the same."""
        receipt = answer.json
        known = self._by_nonce.setdefault(intent.nonce, Acknowledged(intent, receipt))
        self.faults.unless(
            known.receipt == receipt,
            "doubled",
            f"two receipts for one cast: versions {known.version}, {receipt['version']}",
        )

    def by_poll(self) -> dict[UUID, list[Acknowledged]]:
        """What was acknowledged, by the ids of the votes."""
        found: dict[UUID, list[Acknowledged]] = defaultdict(list)
        for each in self._by_nonce.values():
            found[each.intent.poll.session_id].append(each)
        return found

    def cast(self, address: Address, intent: Intent) -> Answer:
        """Cast once and note the receipt; whatever is no receipt is a fault. Raises
        BrokenConnection."""
        answer = call(address, intent.message)
        if answer.status == 200:
            self.note(intent, answer)
        else:
            self.faults.add("other", f"{answer.status} {answer.code} for a cast")
        return answer

    def cast_until_answered(
        self, address: Address, intent: Intent, patience: float = PATIENCE_SECONDS
    ) -> None:
        """Cast, and cast again with the same nonce, as long as the connection breaks or the
        database is not there."""
        end = time.monotonic() + patience
        while True:
            try:
                answer = call(address, intent.message)
            except BrokenConnection:
                answer = None
            if answer is None or answer.status in NO_ANSWER:
                self.broken += 1
            elif answer.status == 200:
                self.note(intent, answer)
                return
            elif answer.code != "database_unavailable" or not asks_to_come_back(answer):
                self.faults.add("other", f"{answer.status} {answer.code} for a cast")
                return
            if time.monotonic() > end:
                self.faults.add("other", "a cast that was never answered")
                return
            time.sleep(PAUSE_SECONDS)


def asks_to_come_back(answer: Answer) -> bool:
    """503 with the seconds to wait."""
    return answer.status == 503 and answer.headers.get("retry-after", "").isdigit()


def check_rows(app: Flask, poll: Poll, acknowledged: Sequence[Acknowledged]) -> Faults:
    """The rows of a vote that is open: every acknowledged ballot exactly once, the newest live.

    To be asked when no cast is on its way and every one was answered.
    """
    faults = Faults()
    stored = _Stored.of(app, poll)
    commitments = {each.commitment: each for each in acknowledged}
    missing = commitments.keys() - stored.versions.keys()
    faults.add("lost", f"{len(missing)} acknowledged casts are not stored", len(missing))
    surplus = stored.versions.keys() - commitments.keys()
    faults.add("doubled", f"{len(surplus)} casts that nobody was told of", len(surplus))
    newest: dict[UUID, Acknowledged] = {}
    for each in acknowledged:
        voter = each.intent.voter.id
        if voter not in newest or newest[voter].version < each.version:
            newest[voter] = each
    live = {commitment for commitment, _ in stored.live}
    faults.add("doubled", "more live ballots than voters", max(0, len(live) - len(newest)))
    gone = [each for each in newest.values() if each.commitment not in live]
    faults.add("lost", f"{len(gone)} newest ballots are not live", len(gone))
    per_slot = defaultdict(list)
    for slot, version in stored.versions.values():
        per_slot[slot].append(version)
    uneven = [each for each in per_slot.values() if sorted(each) != list(range(1, len(each) + 1))]
    faults.add("doubled", f"versions {sorted(uneven[0])[:9] if uneven else ''}", len(uneven))
    wrong = [
        each
        for each in newest.values()
        if each.commitment in live and stored.marks[each.commitment] != set(each.intent.marks)
    ]
    faults.add("other", f"{len(wrong)} live ballots with other marks", len(wrong))
    faults.unless(stored.voted == newest.keys(), "other", "participation differs from receipts")
    return faults


@dataclass(frozen=True)
class _Stored:
    """The rows of one vote: every commitment with its slot and version, the live ballots with
    theirs and their marks, and who is marked as having voted."""

    versions: dict[str, tuple[bytes, int]]
    live: list[tuple[str, int]]
    marks: dict[str, set[tuple[int, str]]]
    voted: set[UUID]

    @classmethod
    def of(cls, app: Flask, poll: Poll) -> "_Stored":
        with app.app_context():
            db.engine.dispose()  # what was connected before a crash may not be any more
            engine = db.engine
        with engine.connect() as connection:
            commitments = connection.execute(
                select(
                    BallotCommitment.commitment, BallotCommitment.slot, BallotCommitment.version
                ).where(BallotCommitment.session_id == poll.session_id)
            ).all()
            ballots = connection.execute(
                select(Ballot.slot, Ballot.commitment, Ballot.version).where(
                    Ballot.session_id == poll.session_id
                )
            ).all()
            marks = connection.execute(
                select(BallotMark.slot, BallotMark.weight, BallotMark.matter_id).where(
                    BallotMark.session_id == poll.session_id
                )
            ).all()
            voted = connection.scalars(
                select(RollEntry.resident_id).where(
                    RollEntry.session_id == poll.session_id, RollEntry.voted_on.is_not(None)
                )
            ).all()
        by_slot: dict[bytes, set[tuple[int, str]]] = defaultdict(set)
        for slot, weight, matter_id in marks:
            by_slot[slot].add((weight, str(matter_id)))
        return cls(
            {commitment.hex(): (slot, version) for commitment, slot, version in commitments},
            [(commitment.hex(), version) for _, commitment, version in ballots],
            {commitment.hex(): by_slot[slot] for slot, commitment, _ in ballots},
            set(voted),
        )


@dataclass(frozen=True)
class Closing:
    """The answer to a close, and how long it took in seconds."""

    answer: Answer
    seconds: float


def close(address: Address, poll: Poll) -> Closing:
    """Close the vote by hand; while nobody has voted yet, or the server asks to, try again."""
    message = request("POST", f"{poll.path}/close-voting", poll.secretary.token)
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        begun = time.monotonic()
        answer = call(address, message)
        seconds = time.monotonic() - begun
        too_early = answer.code == "too_few_ballots" or asks_to_come_back(answer)
        if not too_early or time.monotonic() > end:
            return Closing(answer, seconds)
        time.sleep(PAUSE_SECONDS / 10)


def check_sealed(address: Address, poll: Poll, acknowledged: Sequence[Acknowledged]) -> Faults:
    """The published bundle of a closed vote: acknowledged if and only if counted, and it verifies
    with the receipts of its voters."""
    faults = Faults()
    answer = call(address, request("GET", f"{poll.path}/bundle.json"))
    if answer.status != 200:
        faults.add("other", f"no bundle: {answer.status} {answer.code}")
        return faults
    bundle = json.loads(answer.body)
    failed = [check.name for check in verify_file(answer.body) if not check.ok]
    faults.unless(not failed, "other", f"the bundle fails {failed}")
    published = set(bundle["commitments"])
    known = {each.commitment for each in acknowledged}
    faults.add("lost", "receipts without a commitment", len(known - published))
    faults.add("doubled", "commitments without a receipt", len(published - known))
    voters = {each.intent.voter.id for each in acknowledged}
    returned = bundle["result"]["returned"]
    faults.add("lost", f"{returned} counted of {len(voters)}", max(0, len(voters) - returned))
    faults.add("doubled", f"{returned} counted of {len(voters)}", max(0, returned - len(voters)))
    newest = sorted(_newest(acknowledged), key=lambda each: each.commitment)
    picks = {
        (column["weight"], tracker): matter
        for column in bundle["picks"]
        for tracker, matter in column["marks"]
    }
    unfound = [each for each in newest if not _is_counted(each, picks)]
    faults.add("lost", f"{len(unfound)} ballots whose marks are not counted", len(unfound))
    for each in newest[:CHECKED_RECEIPTS]:
        checks = verify_file(answer.body, dict(each.receipt))
        bad = [check.name for check in checks if not check.ok]
        faults.unless(not bad, "other", f"a receipt fails {bad}")
    return faults


def _newest(acknowledged: Iterable[Acknowledged]) -> list[Acknowledged]:
    """The ballot of each voter that counts."""
    newest: dict[UUID, Acknowledged] = {}
    for each in sorted(acknowledged, key=lambda each: each.version):
        newest[each.intent.voter.id] = each
    return list(newest.values())


def _is_counted(each: Acknowledged, picks: Mapping[tuple[int, str], str]) -> bool:
    ballot = each.intent.ballot
    nonce, session = bytes.fromhex(each.intent.nonce), str(each.intent.poll.session_id)
    found = trackers(nonce, session, ballot)
    return all(
        picks.get((mark.weight, tracker.hex())) == mark.matter
        for mark, tracker in zip(ballot.marks, found, strict=True)
    )


def check_all(app: Flask, address: Address, polls: Sequence[Poll], ledger: Ledger) -> Faults:
    """Look at the rows of each vote, close it, and look at its bundle."""
    faults = ledger.faults
    acknowledged = ledger.by_poll()
    for poll in polls:
        theirs = acknowledged.get(poll.session_id, [])
        faults.merge([check_rows(app, poll, theirs)])
        closing = close(address, poll)
        faults.unless(
            closing.answer.status == 200,
            "other",
            f"closing answered {closing.answer.status} {closing.answer.code}",
        )
        if closing.answer.status == 200:
            faults.merge([check_sealed(address, poll, theirs)])
    return faults
