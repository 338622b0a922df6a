"""Row 3: wrong marks are refused in the code and by constraints of the database.

Ballots are made at random, most of them wrong: twice the same matter, a matter that is not listed,
a weight of another scheme, a slot filled twice. An oracle of a few lines says which are valid; the
code must say the same of all of them, the API of a part, and the tables of a part into which they
are written past the code.
"""

import random
from collections import Counter
from functools import partial
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.ballots.models import Ballot, BallotMark
from app.kit.extensions import db
from app.kit.orm import table_of
from torture.client import Address, call, crowd, request
from torture.faults import Faults
from torture.ground import Arena
from torture.polls import Poll
from torture.rows import Figures, Mutant, Row
from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.receipt import labels
from votes.scheme import FIVE_THREE_ONE

OVER_HTTP = 50  # of so many generated ballots one is cast
PAST_THE_CODE = 50  # and one is written into the tables
CLIENTS = 8

Marks = list[tuple[int, str]]


def is_valid(marks: Marks, listed: set[str]) -> bool:
    """The oracle: R2 in its own words, and nothing of the code that is tried.

    Every weight is one of 5, 3 and 1, no weight comes twice, no matter comes twice, and every
    matter is on the list.
    """
    weights = [weight for weight, _ in marks]
    matters = [matter for _, matter in marks]
    if any(weight not in (5, 3, 1) for weight in weights):
        return False
    if len(weights) != len(set(weights)):
        return False
    if len(matters) != len(set(matters)):
        return False
    return all(matter in listed for matter in matters)


def generated(chance: random.Random, listed: list[str], foreign: list[str]) -> Marks:
    """Marks as nobody should send them, and good ones among them."""
    marks = [
        (weight, matter)
        for weight, matter in zip((5, 3, 1), chance.sample(listed, 3), strict=True)
        if chance.random() < 0.8
    ]
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        weight = chance.choice((5, 3, 1, 1, 2, 4, 6, 10))
        marks.append((weight, chance.choice([*listed, *foreign])))
    if marks and chance.random() < 0.2:
        marks[chance.randrange(len(marks))] = (chance.choice((5, 3, 1, 7)), chance.choice(listed))
    chance.shuffle(marks)
    return marks


def play(arena: Arena, engine: str, size: int, sabotage: str) -> Figures:
    """Try `size` generated ballots, a part of them over HTTP and a part past the code."""
    faults = Faults()
    chance = random.Random(3)
    with arena.ground(engine) as ground:
        home, neighbour = ground.polls(2, max(2, size // OVER_HTTP))
        listed, foreign = list(home.matters), [*neighbour.matters, str(uuid4())]
        ballots = [generated(chance, listed, foreign) for _ in range(size)]
        http, past = len(ballots[::OVER_HTTP]), size // PAST_THE_CODE
        if not sabotage:
            for marks in ballots:
                _compare_code(marks, set(listed), faults)
        with ground.serving(sabotage) as host:
            stored: dict[UUID, Marks] = {}
            crowd(
                [
                    partial(_cast, host.address, home, number, marks, stored, faults)
                    for number, marks in enumerate(ballots[::OVER_HTTP])
                ],
                CLIENTS,
            )
            _compare_rows(ground.app, home, stored, faults)
            if not sabotage:
                there, elsewhere = list(neighbour.matters), [*listed, str(uuid4())]
                wild = [generated(chance, there, elsewhere) for _ in range(past)]
                _write_past_the_code(ground.app, neighbour, wild, faults)
        valid = sum(is_valid(marks, set(listed)) for marks in ballots)
    return Figures(
        size,
        faults,
        f"{valid} 张有效；其中 {http} 张经 HTTP，{past} 张直接写表",
        f"{valid} valid; {http} of them over HTTP, {past} written into the tables",
    )


def _compare_code(marks: Marks, listed: set[str], faults: Faults) -> None:
    try:
        PriorityBallot.of([Mark(*mark) for mark in marks], FIVE_THREE_ONE, listed)
        accepted = True
    except VotingError:
        accepted = False
    faults.unless(accepted == is_valid(marks, listed), "other", f"the code differs on {marks}")


def _cast(
    address: Address,
    poll: Poll,
    number: int,
    marks: Marks,
    stored: dict[UUID, Marks],
    faults: Faults,
) -> None:
    voter = poll.voters[number % len(poll.voters)]
    body = {
        "marks": [{"weight": weight, "matter_id": matter} for weight, matter in marks],
        "nonce": f"{number:032x}",
    }
    answer = call(address, request("PUT", f"{poll.path}/ballot", voter.token, body))
    valid = is_valid(marks, set(poll.matters))
    if answer.status == 200:
        stored[voter.id] = marks
        faults.unless(valid, "doubled", f"a wrong ballot was accepted: {marks}")
    else:
        faults.unless(not valid, "other", f"a good ballot was refused: {marks}")
        faults.unless(answer.status < 500, "other", f"{answer.status} {answer.code}")


def _compare_rows(app: Flask, poll: Poll, stored: dict[UUID, Marks], faults: Faults) -> None:
    """The marks in the table are those of the ballots that were accepted."""
    with app.app_context(), db.engine.connect() as connection:
        query = select(BallotMark.weight, BallotMark.matter_id, BallotMark.slot)
        found = Counter(
            (app.extensions["keys"].slot(poll.session_id, voter, None), weight, UUID(matter))
            for voter, marks in stored.items()
            for weight, matter in marks
        )
        rows = connection.execute(query.where(BallotMark.session_id == poll.session_id))
        there = Counter((slot, weight, matter_id) for weight, matter_id, slot in rows)
    faults.unless(found == there, "other", "the stored marks are not those that were accepted")


def _write_past_the_code(app: Flask, poll: Poll, ballots: list[Marks], faults: Faults) -> None:
    """Write ballots into the tables as a faulty program would; wrong ones must be refused."""
    with app.app_context(), db.engine.connect() as connection:
        for number, marks in enumerate(ballots):
            slot = number.to_bytes(32)
            key = {"compound_id": poll.compound_id, "session_id": poll.session_id, "slot": slot}
            ballot = PriorityBallot(tuple(Mark(*mark) for mark in marks))
            rows = [
                {**key, "label": label, "weight": weight, "matter_id": UUID(matter), "tracker": b""}
                for label, (weight, matter) in zip(labels(ballot), ballot.marks, strict=True)
            ]
            head = {**key, "nonce": slot[-16:], "commitment": slot, "version": 1}
            try:
                connection.execute(insert(table_of(Ballot)), head)
                if rows:
                    connection.execute(insert(table_of(BallotMark)).values(rows))
                accepted = True
            except IntegrityError:
                accepted = False
            connection.rollback()
            valid = is_valid(marks, set(poll.matters))
            faults.unless(accepted == valid, "other", f"the tables differ on {marks}")


ROW = Row(
    number="3",
    name="wrong-marks",
    zh="乱填的选票：重复、题单外、分值不对",
    en="wrong marks: repeated, not listed, wrong weight",
    unit=("张选票", "ballots"),
    play=play,
    full=100_000,
    short=4_000,
    mutant=4_000,
    mutants=(
        Mutant("no_validation", "去掉程序检查", "no check in the code", is_held=True),
        Mutant("no_constraints", "去掉数据库约束", "no constraints", is_held=True),
        Mutant("no_constraints+no_validation", "两样都去掉", "neither of them"),
    ),
)
