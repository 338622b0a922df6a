"""A slip is confirmed while its voter votes by phone: one counts, and both are on record."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.ballots.models import Ballot, BallotCommitment
from app.ballots.paper.slips import PaperSlip
from app.kit.audit import AuditEntry
from app.people.models import Role
from tests.ballots.desk import Desk
from tests.cast import Cast, Person, ballot, stored
from tests.race.server import Server, at_once

ROUNDS = 16
LOST = {("PHONE", "phone_ballot_exists"), ("PAPER", "paper_ballot_exists")}


def race(server: Server, desk: Desk, voter: Person, slip: int) -> tuple[str, httpx.Response]:
    """The channel that came first, and the answer to the other, which was sent off at once."""
    a, b, c = desk.matters
    phone = partial(server.call, voter, "PUT", f"{desk.path}/ballot", ballot(a, b, c))
    entry = {"resident_id": str(voter.id), "attachment_ids": [], **ballot(c, b, a)}
    path = f"{desk.path}/paper-slips/{desk.serials[slip]}"
    paper = partial(server.call, desk.other_clerk, "POST", f"{path}/confirm", entry)
    calls = [("PHONE", phone), ("PAPER", paper)]
    if slip % 2:
        calls.reverse()
    found = at_once([call for _, call in calls])
    answers = {channel: answer for (channel, _), answer in zip(calls, found, strict=True)}
    (won,) = [channel for channel, answer in answers.items() if answer.status_code == 200]
    return won, answers["PAPER" if won == "PHONE" else "PHONE"]


def race_and_check(app: Flask, cast: Cast, server: Server) -> Counter[str]:
    """How often each channel came first; what is stored agrees with what was answered."""
    desk = Desk(cast, slips=ROUNDS)
    voters = [cast.resident(name=f"投票人{i}") for i in range(ROUNDS)]
    wins = Counter[str]()
    for slip, voter in enumerate(voters):
        assert desk.enter(voter, *reversed(desk.matters), slip=slip).status_code == 200
        won, refused = race(server, desk, voter, slip)
        assert (won, refused.json()["code"]) in LOST
        wins[won] += 1
        assert [e.channel for e in stored(app, entry_of(voter))] == [won]
    assert len(stored(app, select(Ballot))) == ROUNDS
    assert len(stored(app, select(BallotCommitment))) == ROUNDS
    states = Counter(str(state) for state in stored(app, select(PaperSlip.state)))
    assert states == Counter({"CONFIRMED": wins["PAPER"], "ENTERED": wins["PHONE"]})
    verbs = Counter(stored(app, select(AuditEntry.verb)))
    assert (verbs["enter"], verbs["confirm"]) == (ROUNDS, wins["PAPER"])
    assert verbs["refuse_phone_ballot"] == wins["PAPER"]
    return wins


def entry_of(voter: Person):
    return select(RollEntry).where(RollEntry.resident_id == voter.id)


def test_one_of_phone_and_paper_counts(app: Flask, cast: Cast, server: Server):
    race_and_check(app, cast, server)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_check_goes_red_without_the_lock_of_the_voter(
    app: Flask, cast: Cast, sabotaged: Callable[[str], Server]
):
    with pytest.raises((AssertionError, ValueError)):
        race_and_check(app, cast, sabotaged("no_voter_lock"))


def test_two_clerks_confirm_one_slip_at_once(app: Flask, cast: Cast, server: Server):
    desk = Desk(cast)
    third = cast.officer(Role.GRID_WORKER)
    voter = desk.voters[0]
    assert desk.enter(voter, *desk.matters).status_code == 200
    body = {"resident_id": str(voter.id), "attachment_ids": [], **ballot(*desk.matters)}
    path = f"{desk.path}/paper-slips/{desk.serials[0]}/confirm"
    answers = at_once(
        [partial(server.call, each, "POST", path, body) for each in (desk.other_clerk, third) * 2]
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    refused = {each.json()["code"] for each in answers if each.status_code == 409}
    assert refused <= {"wrong_state", "paper_ballot_exists"}
    assert len(stored(app, select(Ballot))) == 1


def test_voter_and_clerk_take_one_ballot_back_at_once(app: Flask, cast: Cast, server: Server):
    desk = Desk(cast)
    voter = desk.voters[0]
    desk.vote(voter, *desk.matters)
    path = f"{desk.path}/paper-slips/{desk.serials[0]}/withdraw"
    body = {"resident_id": str(voter.id), "reason": "投票人要求"}
    own = f"{desk.path}/ballot?expected_version=1"
    answers = at_once(
        [
            partial(server.call, desk.clerk, "POST", path, body),
            partial(server.call, voter, "DELETE", own),
        ]
        * 2
    )
    assert {each.status_code for each in answers} <= {200, 204, 409}
    assert stored(app, select(Ballot)) == []
    assert [move for move in stored(app, select(AuditEntry.verb)) if move == "withdraw"] == [
        "withdraw"
    ]
