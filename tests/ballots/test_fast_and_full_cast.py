"""The fast way of a first cast against the full one, over random states: stricter, never laxer.

Twins meet the same conditions in the same vote. One casts as served, the other by the full way
alone: what the fast way stores the full way stores as well, and both are answered alike.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from app.agenda.models import Channel, RollEntry
from app.agenda.roll import adults_born_until
from app.ballots import routes
from app.kit.clock import local_date
from app.kit.extensions import db
from app.people.models import Residence, ResidenceState, Resident, Role, TokenFamily
from tests.cast import Cast, Person, stored
from votes.receipt import NONCE_BYTES

TWINS = 30


@dataclass
class Vote:
    """A vote whose roll was made from these people."""

    cast: Cast
    id: str
    matters: list[str]

    @property
    def path(self) -> str:
        return f"/sessions/{self.id}/ballot"


def prepared(cast: Cast, mode: str, stage: str, people: list[Person]) -> Vote:
    """A vote that is to open, has opened, or was extended."""
    secretary = cast.secretary()
    roll = {"roll": [str(person.id) for person in people]} if mode == "ROSTER" else {}
    session = cast.session(secretary, mode=mode, **roll)
    path = f"/sessions/{session['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    matters = cast.matters(secretary, cast.resident(), ("停车", "路灯", "积水"))
    for step in STEPS[: STEPS.index(stage) + 1]:
        assert secretary.post(f"{path}/{step}").status_code == 200
    return Vote(cast, session["id"], matters)


STEPS = ["freeze-list", "open-voting", "extend-voting"]


def run(vote: Vote, *statements: Any) -> None:
    with vote.cast.app.app_context():
        for statement in statements:
            db.session.execute(statement)
        db.session.commit()


def roll_of(vote: Vote, person: Person) -> Any:
    return (RollEntry.session_id == UUID(vote.id), RollEntry.resident_id == person.id)


# What may be so of a voter; each is drawn or not.


def off_the_roll(vote: Vote, person: Person) -> None:
    run(vote, delete(RollEntry).where(*roll_of(vote, person)))


def voted_on_paper(vote: Vote, person: Person) -> None:
    today = local_date(datetime.now(UTC))
    run(
        vote,
        update(RollEntry)
        .where(*roll_of(vote, person))
        .values(channel=Channel.PAPER, voted_on=today),
    )


def voted_by_phone(vote: Vote, person: Person) -> None:
    person.put(vote.path, {"marks": marks_of(vote, "good")})


def withdrew(vote: Vote, person: Person) -> None:
    answer = person.put(vote.path, {"marks": marks_of(vote, "good")})
    if answer.status_code == 200:
        person.delete(vote.path, query_string={"expected_version": 1})


def moved_away(vote: Vote, person: Person) -> None:
    run(
        vote,
        update(Residence)
        .where(Residence.resident_id == person.id)
        .values(state=ResidenceState.REFUSED),
    )


def works_for_the_firm(vote: Vote, person: Person) -> None:
    vote.cast.appoint(person, Role.PROPERTY_MANAGER)


def worked_for_the_firm(vote: Vote, person: Person) -> None:
    yesterday = local_date(datetime.now(UTC)) - timedelta(days=1)
    vote.cast.appoint(person, Role.PROPERTY_MANAGER, until=yesterday)


def logged_out(vote: Vote, person: Person) -> None:
    run(
        vote,
        update(TokenFamily)
        .where(TokenFamily.resident_id == person.id)
        .values(revoked_at=datetime.now(UTC)),
    )


def is_born_on(vote: Vote, person: Person, day: date | None) -> None:
    run(vote, update(Resident).where(Resident.id == person.id).values(birth_date=day))


def tells_no_birthday(vote: Vote, person: Person) -> None:
    is_born_on(vote, person, None)


def is_eighteen_today(vote: Vote, person: Person) -> None:
    is_born_on(vote, person, adults_born_until(local_date(datetime.now(UTC))))


def is_eighteen_tomorrow(vote: Vote, person: Person) -> None:
    tomorrow = local_date(datetime.now(UTC)) + timedelta(days=1)
    is_born_on(vote, person, adults_born_until(tomorrow))


STATES = (
    tells_no_birthday,
    is_eighteen_today,
    is_eighteen_tomorrow,
    off_the_roll,
    voted_on_paper,
    voted_by_phone,
    withdrew,
    moved_away,
    works_for_the_firm,
    worked_for_the_firm,
    logged_out,
)


def marks_of(vote: Vote, kind: str) -> list[dict[str, Any]]:
    first, second, third = vote.matters
    kinds = {
        "good": [(5, first), (3, second), (1, third)],
        "one": [(5, second)],
        "blank": [],
        "twice the weight": [(5, first), (5, second)],
        "twice the matter": [(5, first), (3, first)],
        "another weight": [(4, first)],
        "another matter": [(5, str(uuid4()))],
    }
    return [{"weight": weight, "matter_id": matter} for weight, matter in kinds[kind]]


MARKS = (
    "good",
    "good",
    "one",
    "blank",
    "twice the weight",
    "twice the matter",
    "another weight",
    "another matter",
)


@pytest.mark.parametrize("mode", ["OPEN", "ROSTER"])
@pytest.mark.parametrize("stage", STEPS)
def test_what_the_fast_way_stores_the_full_way_stores(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, mode: str, stage: str
):
    seed = random.Random(f"{mode} {stage}")
    pairs = [[cast.resident() for _ in range(2)] for _ in range(TWINS)]
    vote = prepared(cast, mode, stage, [person for pair in pairs for person in pair])
    twins = []
    for number, pair in enumerate(pairs):
        # Each condition alone, with a ballot that is in order; after them whatever comes.
        alone = number < len(STATES)
        states = [STATES[number]] if alone else [each for each in STATES if seed.random() < 0.1]
        for person in pair:
            for state in states:
                state(vote, person)
        body = {"marks": marks_of(vote, "good" if alone else seed.choice(MARKS))}
        if not alone and seed.random() < 0.3:
            body |= seed.choice(
                [{"word": "同意"}, {"expected_version": 0}, {"expected_version": 1}]
            )
        twins.append((pair, body, [state.__name__ for state in states]))
    fast, receipts, went_fast = routes.cast_first, list[Any](), 0

    def watched(*args: Any, **more: Any) -> Any:
        receipts.append(fast(*args, **more))
        return receipts[-1]

    for (served, full), body, states in twins:
        receipts.clear()
        monkeypatch.setattr(routes, "cast_first", watched)
        one = served.put(vote.path, {**body, "nonce": seed.randbytes(NONCE_BYTES).hex()})
        monkeypatch.setattr(routes, "cast_first", lambda *args, **more: None)
        other = full.put(vote.path, {**body, "nonce": seed.randbytes(NONCE_BYTES).hex()})
        told = (states, body, one.text, other.text)
        assert (one.status_code, one.json.get("code")) == (
            other.status_code,
            other.json.get("code"),
        ), told
        if any(receipts):
            went_fast += 1
            assert (one.status_code, one.json["version"]) == (200, 1), told
        assert voting(vote, served) == voting(vote, full), told
    assert (went_fast > 0) == (stage != "freeze-list")


def voting(vote: Vote, person: Person) -> list[Any]:
    """What the roll keeps of a voter."""
    rows = stored(vote.cast.app, select(RollEntry).where(*roll_of(vote, person)))
    return [(row.channel, row.voted_on, row.withdrawn_on, row.admitted_why) for row in rows]
