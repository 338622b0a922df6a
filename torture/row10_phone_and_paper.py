"""Row 10: a slip is confirmed while its voter votes by phone. One of the two counts, both are on
record.

The slips are entered beforehand, in this process. Then a clerk's confirmation and the voter's cast
stand side by side in the queue of the clients, now the one first, now the other.
"""

import io
import random
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from app.agenda.models import Channel, RollEntry
from app.ballots.models import Ballot
from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.people.models import Appointment, Role
from bench.places import LONG_AGO
from torture.client import Answer, call, crowd, request
from torture.faults import Faults
from torture.ground import Arena
from torture.ledger import WEIGHTS
from torture.polls import Poll, Voter
from torture.rows import Figures, Mutant, Row

CLIENTS = 16
A_BATCH = 100
PHONE, PAPER = Channel.PHONE.value, Channel.PAPER.value
REFUSALS = {PHONE: "paper_ballot_exists", PAPER: "phone_ballot_exists"}


@dataclass
class Contest:
    """One voter with a slip that waits for its second clerk, and what both were answered."""

    voter: Voter
    serial: str
    marks: list[dict[str, Any]]
    answers: dict[str, Answer] = field(default_factory=dict)


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Let `size` voters have a slip confirmed and vote by phone at once."""
    with arena.ground(engine) as ground:
        (poll,) = ground.polls(1, size + 2)
        contests = _enter_slips(ground.app, poll, size)
        clerk = poll.voters[size + 1]
        with ground.serving(sabotage) as host:
            jobs: list[Callable[[], object]] = []
            for number, contest in enumerate(contests):
                both = [
                    partial(_ask, contest, PHONE, host.address, _cast(poll, contest)),
                    partial(_ask, contest, PAPER, host.address, _confirm(poll, contest, clerk)),
                ]
                jobs += both if number % 2 else reversed(both)
            crowd(jobs, CLIENTS)
        faults, wins = _check(ground.app, poll, contests)
        return Figures(
            size,
            faults,
            f"电话先到{wins[PHONE]}次，纸票先到{wins[PAPER]}次",
            f"the phone came first {wins[PHONE]} times, paper {wins[PAPER]} times",
        )


def _enter_slips(app: Flask, poll: Poll, size: int) -> list[Contest]:
    """A slip for each of the first voters, entered with a photo by the first of two clerks."""
    clerk = poll.voters[size]
    with app.app_context():
        for person in poll.voters[size : size + 2]:
            db.session.add(
                Appointment(
                    resident_id=person.id,
                    role=Role.GRID_WORKER,
                    compound_id=poll.compound_id,
                    since=LONG_AGO,
                )
            )
        db.session.commit()
    serials: list[str] = []
    while len(serials) < size:
        count = min(A_BATCH, size - len(serials))
        made = _in_process(app, poll.secretary, f"{poll.path}/paper-batches", json={"count": count})
        serials += made["serials"]
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    chance = random.Random(10)
    contests = []
    for voter, serial in zip(poll.voters[:size], serials, strict=True):
        marks = [
            {"weight": weight, "matter_id": matter}
            for weight, matter in zip(WEIGHTS, chance.sample(poll.matters, 3), strict=True)
        ]
        photo = _in_process(
            app,
            clerk,
            f"/compounds/{poll.compound_id}/attachments",
            data={"file": (io.BytesIO(picture.getvalue()), "slip.png")},
        )
        entry = {"resident_id": str(voter.id), "marks": marks, "attachment_ids": [photo["id"]]}
        _in_process(app, clerk, f"{poll.path}/paper-slips/{serial}/enter", json=entry)
        contests.append(Contest(voter, serial, marks))
    return contests


def _in_process(app: Flask, by: Voter, path: str, **content: Any) -> Any:
    headers = {"Authorization": f"Bearer {by.token}"}
    answer = app.test_client().post(PREFIX + path, headers=headers, **content)
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
    return answer.json


def _cast(poll: Poll, contest: Contest) -> bytes:
    body = {"marks": contest.marks, "nonce": secrets.token_hex(16)}
    return request("PUT", f"{poll.path}/ballot", contest.voter.token, body)


def _confirm(poll: Poll, contest: Contest, clerk: Voter) -> bytes:
    body = {
        "resident_id": str(contest.voter.id),
        "marks": contest.marks,
        "attachment_ids": [],
    }
    path = f"{poll.path}/paper-slips/{contest.serial}/confirm"
    return request("POST", path, clerk.token, body)


def _ask(contest: Contest, channel: str, address: tuple[str, int], message: bytes) -> None:
    contest.answers[channel] = call(address, message)


def _check(app: Flask, poll: Poll, contests: Sequence[Contest]) -> tuple[Faults, Counter[str]]:
    faults, wins = Faults(), Counter[str]()
    expected: dict[Any, str] = {}
    for contest in contests:
        won = [channel for channel, answer in contest.answers.items() if answer.status == 200]
        if len(won) != 1:
            faults.add("doubled" if won else "other", f"{len(won)} of phone and paper taken")
            continue
        wins[won[0]] += 1
        expected[contest.voter.id] = won[0]
        (lost,) = contest.answers.keys() - won
        code = contest.answers[lost].code
        faults.unless(code == REFUSALS[lost], "other", f"{lost} was refused with {code}")
    with app.app_context():
        stored = db.session.scalar(
            select(func.count()).select_from(Ballot).where(Ballot.session_id == poll.session_id)
        )
        channels = dict(
            db.session.execute(
                select(RollEntry.resident_id, RollEntry.channel).where(
                    RollEntry.session_id == poll.session_id, RollEntry.channel.is_not(None)
                )
            ).all()
        )
        verbs = Counter(
            db.session.scalars(
                select(AuditEntry.verb).where(AuditEntry.compound_id == poll.compound_id)
            )
        )
    kind = "lost" if (stored or 0) < len(contests) else "doubled"
    faults.unless(stored == len(contests), kind, f"{stored} ballots of {len(contests)} voters")
    wrong = sum(channels.get(voter) != channel for voter, channel in expected.items())
    faults.add("other", "the roll names the other channel", wrong)
    for verb in ("confirm", "refuse_phone_ballot"):
        faults.unless(
            verbs[verb] == wins[PAPER], "other", f"{verbs[verb]} {verb} for {wins[PAPER]} on paper"
        )
    return faults, wins


ROW = Row(
    number="10",
    name="phone-and-paper",
    zh="同一人纸票和手机票",
    en="phone and paper for one voter",
    unit=("位投票人", "voters"),
    play=play,
    full=5_000,
    short=24,
    mutant=200,
    mutants=(Mutant("no_row_locks", "不锁投票人", "no lock of the voter", ("postgresql",)),),
)
