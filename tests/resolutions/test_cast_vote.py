"""Voting by phone: who may, once each, replaceable until closed, and secret where it is secret."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.resolutions.models import ResolutionVoteCast
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.resolutions.stage import Stage, Travel, body_of


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    """Four on the roll, of whom three are there."""
    stage = Stage(cast, travel, roll=4)
    stage.arrive(*stage.voters[:3])
    return stage


@pytest.fixture(params=["SECRET", "NAMED"])
def tabled(stage: Stage, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A resolution on which phones vote, secretly and by name."""
    draft = stage.draft()
    stage.table(draft, "PHONE", request.param)
    return draft


def _votes(cast: Cast) -> list[ResolutionVoteCast]:
    votes: list[ResolutionVoteCast] = stored(cast.app, select(ResolutionVoteCast))
    return votes


def test_last_vote_of_each_counts(cast: Cast, stage: Stage, tabled: dict[str, Any]):
    for voter, answers in zip(stage.voters, (["NO", "YES"], ["YES"], ["ABSTAIN"]), strict=False):
        for answer in answers:
            assert body_of(stage.vote(voter, tabled, answer)) == {"answer": answer}
    assert len(_votes(cast)) == 3
    closed = body_of(stage.do(tabled, "close-vote"))
    assert (closed["yes"], closed["no"], closed["abstain"]) == (2, 0, 1)
    assert (closed["state"], closed["present"], closed["roll"]) == ("PASSED", 3, 4)


def test_present_without_a_vote_stay_in_the_base(stage: Stage, tabled: dict[str, Any]):
    body_of(stage.vote(stage.voters[0], tabled, "YES"))
    closed = body_of(stage.do(tabled, "close-vote"))
    assert (closed["state"], closed["yes"], closed["present"]) == ("FAILED", 1, 3)


def test_no_running_result_is_shown(cast: Cast, stage: Stage, tabled: dict[str, Any]):
    before = stage.read(tabled)
    for voter in stage.voters[:3]:
        body_of(stage.vote(voter, tabled, "YES"))
    assert stage.read(tabled) == before
    assert {before[name] for name in ("yes", "no", "abstain", "present", "roll")} == {None}
    assert len(moves_of(cast.app, tabled["id"])) == 2  # drafted and tabled


def test_only_those_of_the_roll_who_came_vote(cast: Cast, stage: Stage, tabled: dict[str, Any]):
    absent, guest = stage.voters[3], cast.resident(name="旁听居民")
    assert refusal(stage.vote(absent, tabled, "YES")) == (403, "not_present")
    stage.arrive(guest)
    assert refusal(stage.vote(guest, tabled, "YES")) == (403, "not_on_roll")
    assert refusal(stage.vote(stage.secretary, tabled, "YES")) == (403, "forbidden")
    neighbour = cast.resident(cast.neighbour)
    assert refusal(stage.vote(neighbour, tabled, "YES")) == (404, "not_found")
    assert _votes(cast) == []
    stage.arrive(absent)
    body_of(stage.vote(absent, tabled, "NO"))


def test_ugly_vote_is_refused(stage: Stage, tabled: dict[str, Any]):
    path = f"/resolutions/{tabled['id']}/vote"
    bodies = [{}, {"answer": "MAYBE"}, {"answer": None}, {"answer": "YES", "slot": "00"}, []]
    found = {refusal(stage.voters[0].put(path, body)) for body in bodies}
    assert found == {(422, "invalid_input")}


def test_vote_after_closing_is_refused(stage: Stage, tabled: dict[str, Any]):
    body_of(stage.do(tabled, "close-vote"))
    assert refusal(stage.vote(stage.voters[0], tabled, "YES")) == (409, "wrong_state")


def test_named_votes_name_their_voters(cast: Cast, stage: Stage):
    draft = stage.draft()
    stage.table(draft, "PHONE", "NAMED")
    for voter, answer in zip(stage.voters, ("YES", "NO", "ABSTAIN"), strict=False):
        body_of(stage.vote(voter, draft, answer))
    found = {vote.voter_id: vote.answer for vote in _votes(cast)}
    assert found == dict(
        zip([voter.id for voter in stage.voters], ("YES", "NO", "ABSTAIN"), strict=False)
    )


def test_secret_votes_lead_to_nobody(cast: Cast, stage: Stage, rows: Session):
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    keys: KeyStore = cast.app.extensions["keys"]
    resolution_id = UUID(draft["id"])
    slots = {keys.slot(resolution_id, voter.id, None).hex() for voter in stage.voters[:3]}
    for voter in stage.voters[:3]:
        body_of(stage.vote(voter, draft, "YES"))
    votes = _votes(cast)
    assert {vote.slot for vote in votes} == slots
    columns = {column.key for column in inspect(ResolutionVoteCast).columns}
    assert columns == {"resolution_id", "attempt", "slot", "voter_id", "answer"}
    assert {(vote.voter_id, vote.attempt) for vote in votes} == {(None, 1)}

    body_of(stage.do(draft, "close-vote"))
    with pytest.raises(KeyUnavailable):
        keys.slot(resolution_id, stage.voters[0].id, None)
    published = json.dumps(stage.read(draft))
    assert not any(slot in published for slot in slots)


# SQLite keeps no number of the transaction in its rows.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_secret_vote_shares_its_transaction_with_no_row_that_names_the_voter(
    stage: Stage, rows: Session
):
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    for voter in stage.voters[:3]:
        body_of(stage.vote(voter, draft, "NO"))
        body_of(stage.vote(voter, draft, "YES"))
    written = set(rows.scalars(text("SELECT xmin::text FROM resolution_votes")))
    naming = ("attendances", "roll_entries", "residents", "audit_entries", "token_families")
    for table in naming:
        marks = rows.execute(text(f"SELECT xmin::text, xmax::text FROM {table}")).all()
        assert written.isdisjoint(mark for row in marks for mark in row), table


@pytest.mark.parametrize("verb", ["close-vote", "shelve"])
def test_key_is_erased_when_the_vote_ends(cast: Cast, stage: Stage, verb: str):
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    body_of(stage.vote(stage.voters[0], draft, "YES"))
    body_of(stage.do(draft, verb, **({"reason": "散会"} if verb == "shelve" else {})))
    with pytest.raises(KeyUnavailable):
        cast.app.extensions["keys"].slot(UUID(draft["id"]), stage.voters[0].id, None)


def test_votes_without_a_quorum_do_not_count_in_the_next_vote(cast: Cast, travel: Travel):
    stage = Stage(cast, travel)
    stage.arrive(stage.voters[0])
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    body_of(stage.vote(stage.voters[0], draft, "NO"))
    assert body_of(stage.do(draft, "close-vote"))["state"] == "NO_QUORUM"
    stage.arrive(stage.voters[1])
    stage.table(draft, "PHONE", "SECRET")
    for voter in stage.voters[:2]:
        body_of(stage.vote(voter, draft, "YES"))
    closed = body_of(stage.do(draft, "close-vote"))
    assert (closed["state"], closed["yes"], closed["no"]) == ("PASSED", 2, 0)
    assert [vote.attempt for vote in _votes(cast)].count(1) == 1


def test_secret_votes_without_a_quorum_show_no_figures(cast: Cast, travel: Travel):
    """Of one person present the figures would be that person's vote."""
    stage = Stage(cast, travel, roll=5)
    stage.arrive(stage.voters[0])
    resolution = stage.draft()
    stage.table(resolution, "PHONE", "SECRET")
    body_of(stage.vote(stage.voters[0], resolution, "NO"))
    closed = body_of(stage.do(resolution, "close-vote"))
    assert (closed["state"], closed["present"]) == ("NO_QUORUM", 1)
    assert [closed[name] for name in ("yes", "no", "abstain")] == [None] * 3
