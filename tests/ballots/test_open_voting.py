"""Opening the vote: scheme, rules and roll are fixed from there on."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, RollEntry, SessionState
from app.ballots.models import BallotSlot, ResultRow, SessionResult
from app.config import Settings
from app.kit.clock import now
from app.matters.models import Matter, MatterState
from app.people.models import Role
from tests.cast import Cast, ballot, stored
from tests.checks import Move, moves_of, refusal


def on_roll(app: Flask) -> set[UUID]:
    return {entry.resident_id for entry in stored(app, select(RollEntry))}


def test_open_fixes_scheme_rules_slots_and_key(cast: Cast, rows: Session, settings: Settings):
    session, _ = cast.open_session(cast.secretary(), cast.resident())
    assert session["state"] == "VOTING"
    assert session["scheme"] == [
        {"weight": 5, "picks": 1},
        {"weight": 3, "picks": 1},
        {"weight": 1, "picks": 1},
    ]
    row = rows.get_one(AgendaSession, UUID(session["id"]))
    assert row.state is SessionState.VOTING
    assert row.rules is not None
    assert row.rules["selection"]["limit"] == 3
    assert row.rules["participation"]["open_floor"] == 20
    slots = rows.execute(select(BallotSlot.label, BallotSlot.weight)).all()
    assert sorted(slots) == [("1", 1), ("3", 3), ("5", 5)]
    key = settings.key_store / "sessions" / f"{session['id']}.key"
    assert len(key.read_bytes()) == 32


def test_open_by_hand_moves_the_announced_time_forward(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    before = cast.session(secretary)
    path = f"/sessions/{before['id']}"
    secretary.post(f"{path}/start-collecting")
    cast.matters(secretary, raiser, ["甲", "乙"])
    secretary.post(f"{path}/freeze-list")
    opened = secretary.post(f"{path}/open-voting").json
    # Told in whole seconds, rounded up.
    assert datetime.fromisoformat(opened["voting_opens_at"]) < now() + timedelta(seconds=1)
    assert opened["voting_closes_at"] == before["voting_closes_at"]


def test_open_roll_takes_verified_adults_of_the_compound(cast: Cast, app: Flask):
    secretary, raiser = cast.secretary(), cast.resident()
    tenant = cast.resident(relation="tenant")
    cast.resident(born=date.today())
    cast.resident(born=None)
    cast.resident(cast.neighbour)
    cast.visitor()
    staff = cast.resident()
    cast.appoint(staff, Role.DEPARTMENT, level="community")
    resident_rep = cast.resident()
    cast.appoint(resident_rep, Role.RESIDENT_REP)
    session, _ = cast.open_session(secretary, raiser)
    assert on_roll(app) == {raiser.id, tenant.id, resident_rep.id}
    assert session["turnout"] == {"roll": 3, "returned": 0}


def test_open_roll_grows_with_who_is_verified_while_voting_is_open(cast: Cast, app: Flask):
    secretary, raiser = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, raiser)
    path = f"/sessions/{session['id']}"
    raiser.put(f"{path}/ballot", ballot(*matters))
    late = cast.resident()
    assert on_roll(app) == {raiser.id}
    silent = cast.resident()
    assert late.put(f"{path}/ballot", ballot(*matters)).status_code == 200
    assert on_roll(app) == {raiser.id, late.id}
    # Who did not vote is admitted at closing, since V is all verified residents (R6).
    assert secretary.post(f"{path}/close-voting").json["turnout"] == {"roll": 3, "returned": 2}
    assert on_roll(app) == {raiser.id, late.id, silent.id}
    after = cast.resident()
    assert refusal(after.put(f"{path}/ballot", ballot(*matters))) == (409, "wrong_state")
    assert on_roll(app) == {raiser.id, late.id, silent.id}


def test_roster_is_frozen_at_opening(cast: Cast, app: Flask):
    secretary, named = cast.secretary(), cast.resident()
    roll = [str(named.id)]
    session, matters = cast.open_session(secretary, named, mode="ROSTER", roll=roll)
    path = f"/sessions/{session['id']}"
    late = cast.resident()
    assert refusal(late.put(f"{path}/ballot", ballot(*matters))) == (403, "not_on_roll")
    body = {"roll": [*roll, str(late.id)]}
    assert refusal(secretary.put(f"{path}/roll", body)) == (409, "wrong_state")
    named.put(f"{path}/ballot", ballot(*matters))
    assert secretary.post(f"{path}/close-voting").json["turnout"] == {"roll": 1, "returned": 1}
    assert on_roll(app) == {named.id}


@pytest.mark.parametrize(
    ("titles", "outcomes"), [([], []), (["唯一一件"], [("SELECTED", MatterState.SELECTED)])]
)
def test_open_with_fewer_than_two_matters_holds_no_vote(
    cast: Cast,
    app: Flask,
    rows: Session,
    settings: Settings,
    titles: list[str],
    outcomes: list[tuple[str, MatterState]],
):
    secretary, raiser = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    secretary.post(f"{path}/start-collecting")
    cast.matters(secretary, raiser, titles)
    secretary.post(f"{path}/freeze-list")
    answer = secretary.post(f"{path}/open-voting")
    assert (answer.json["state"], answer.json["outcome"]) == ("TALLIED", "NO_VOTE")
    result = raiser.get(f"{path}/result").json
    assert (result["returned"], result["outcome"]) == (0, "NO_VOTE")
    assert [row["outcome"] for row in result["rows"]] == [outcome for outcome, _ in outcomes]

    assert len(rows.scalars(select(SessionResult)).all()) == 1
    assert len(rows.scalars(select(ResultRow)).all()) == len(outcomes)
    assert rows.scalars(select(Matter.state)).all() == [state for _, state in outcomes]
    assert rows.scalars(select(BallotSlot)).all() == []
    rows.rollback()
    assert not (settings.key_store / "sessions" / f"{session['id']}.key").exists()
    assert moves_of(app, session["id"])[-1] == Move(
        "conclude_without_vote", "LISTED", "TALLIED", secretary.id, None
    )


def test_single_matter_that_ended_is_skipped_without_a_vote(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    path = f"/sessions/{cast.session(secretary)['id']}"
    secretary.post(f"{path}/start-collecting")
    (matter,) = cast.matters(secretary, raiser, ["唯一一件"])
    secretary.post(f"{path}/freeze-list")
    secretary.post(f"/matters/{matter}/screen", {"outcome": "DISPATCHED", "reason": "已接单"})
    secretary.post(f"{path}/open-voting")
    rows = raiser.get(f"{path}/result").json["rows"]
    assert [row["outcome"] for row in rows] == ["SKIPPED"]
    assert raiser.get(f"/matters/{matter}").json["state"] == "DISPATCHED"


def test_open_is_logged(cast: Cast, app: Flask):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    assert moves_of(app, session["id"])[-1] == Move(
        "open_voting", "LISTED", "VOTING", secretary.id, None
    )
