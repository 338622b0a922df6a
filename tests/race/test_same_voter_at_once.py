"""One voter many times at once: one live ballot, and an answer for each of its versions."""

from collections.abc import Callable
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from tests.cast import Cast, Person, ballot, stored
from tests.race.server import Server, at_once

CASTS = 20
NONCE = "00112233445566778899aabbccddeeff"


def cast_different_ballots_at_once(server: Server, cast: Cast) -> list[httpx.Response]:
    """The answers to twenty ballots of one voter, each with marks and a nonce of its own."""
    voter = cast.resident()
    titles = ("停车", "路灯", "积水", "门禁")
    session, matters = cast.open_session(cast.secretary(), voter, titles)
    choices = list(permutations(matters, 3))[:CASTS]
    path = f"/sessions/{session['id']}/ballot"
    answers = at_once(
        [
            partial(server.call, voter, "PUT", path, ballot(*choice) | {"nonce": f"{i:032x}"})
            for i, choice in enumerate(choices)
        ]
    )
    read = server.call(voter, "GET", path)
    return [*answers, read]


def check_one_live_ballot(app: Flask, answers: list[httpx.Response]) -> None:
    """Versions without a gap, and the marks of the last one live."""
    *casts, read = answers
    assert [each.status_code for each in answers] == [200] * len(answers)
    versions = list(range(1, len(casts) + 1))
    assert sorted(each.json()["version"] for each in casts) == versions
    assert sorted(stored(app, select(BallotCommitment.version))) == versions
    (live,) = stored(app, select(Ballot))
    last = max((each.json() for each in casts), key=lambda receipt: receipt["version"])
    assert (live.version, live.commitment.hex()) == (last["version"], last["commitment"])
    marks = {(mark.weight, mark.matter_id) for mark in stored(app, select(BallotMark))}
    assert marks == {(mark["weight"], UUID(mark["matter_id"])) for mark in last["marks"]}
    assert read.json() == last


def test_different_ballots_at_once_leave_one_live(app: Flask, cast: Cast, server: Server):
    check_one_live_ballot(app, cast_different_ballots_at_once(server, cast))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_check_goes_red_without_the_lock_of_the_voter(
    app: Flask, cast: Cast, sabotaged: Callable[[str], Server]
):
    answers = cast_different_ballots_at_once(sabotaged("no_voter_lock"), cast)
    with pytest.raises(AssertionError):
        check_one_live_ballot(app, answers)


def test_same_ballot_at_once_is_one_cast(app: Flask, cast: Cast, server: Server):
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    body = ballot(*matters) | {"nonce": NONCE}
    call = partial(server.call, voter, "PUT", f"/sessions/{session['id']}/ballot", body)
    answers = at_once([call] * CASTS)
    assert {each.status_code for each in answers} == {200}
    (receipt,) = {each.text for each in answers}
    (commitment,) = stored(app, select(BallotCommitment))
    assert commitment.commitment.hex() == answers[0].json()["commitment"], receipt
    assert commitment.version == 1
    assert len(stored(app, select(Ballot))) == 1
    assert len(stored(app, select(BallotMark))) == 3


def test_two_voters_with_one_nonce_at_once(app: Flask, cast: Cast, server: Server):
    voters = [cast.resident(name=name) for name in ("甲", "乙")]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    body = ballot(*matters) | {"nonce": NONCE}
    path = f"/sessions/{session['id']}/ballot"
    answers = at_once([partial(server.call, voter, "PUT", path, body) for voter in voters])
    by_status = {
        each.status_code: (each, voter) for each, voter in zip(answers, voters, strict=True)
    }
    assert by_status.keys() == {200, 409}
    refusal, refused = by_status[409]
    assert refusal.json()["code"] == "nonce_reused"
    assert_did_not_vote(app, server, refused, path)


def assert_did_not_vote(app: Flask, server: Server, refused: Person, path: str) -> None:
    """Nothing of the refused cast was kept."""
    voted = stored(app, select(RollEntry.resident_id).where(RollEntry.voted_on.is_not(None)))
    assert len(voted) == 1
    assert refused.id not in voted
    assert len(stored(app, select(Ballot))) == 1
    assert server.call(refused, "GET", path).status_code == 404


def test_first_cast_of_somebody_verified_meanwhile_at_once(app: Flask, cast: Cast, server: Server):
    """An OPEN roll takes a new resident once, however often they cast at the same moment."""
    session, matters = cast.open_session(cast.secretary(), cast.resident())
    newcomer = cast.resident(name="新住户")
    path = f"/sessions/{session['id']}/ballot"

    def cast_one(i: int) -> Any:
        body = ballot(*matters) | {"nonce": f"{i:032x}"}
        return server.call(newcomer, "PUT", path, body).status_code

    assert at_once([partial(cast_one, i) for i in range(6)]) == [200] * 6
    entries = stored(app, select(RollEntry).where(RollEntry.resident_id == newcomer.id))
    assert [entry.admitted_why for entry in entries] == ["VERIFIED_WHILE_OPEN"]
    (live,) = stored(app, select(Ballot))
    assert live.version == 6
