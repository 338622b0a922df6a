"""Writing the roll of a ROSTER session anew, until voting opens."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.people.models import Role
from tests.cast import Cast, Person, stored
from tests.checks import Move, moves_of, refusal


def named(*voters: Person) -> dict[str, list[str]]:
    return {"roll": [str(voter.id) for voter in voters]}


@pytest.mark.parametrize("steps", [[], ["start-collecting"], ["start-collecting", "freeze-list"]])
def test_replace_writes_the_roll_anew_before_voting(cast: Cast, app: Flask, steps: list[str]):
    secretary = cast.secretary()
    old, new, both = (cast.resident() for _ in range(3))
    session = cast.session(secretary, mode="ROSTER", **named(old, both))
    path = f"/sessions/{session['id']}"
    for step in steps:
        assert secretary.post(f"{path}/{step}").status_code == 200
    answer = secretary.put(f"{path}/roll", named(new, both))
    assert answer.status_code == 200, answer.text
    assert answer.json["turnout"]["roll"] == 2
    entries = stored(app, select(RollEntry))
    assert {entry.resident_id for entry in entries} == {new.id, both.id}


def test_replace_with_somebody_who_may_not_vote_leaves_the_roll(cast: Cast, app: Flask):
    secretary, voter, child = cast.secretary(), cast.resident(), cast.resident(born=date.today())
    session = cast.session(secretary, mode="ROSTER", **named(voter))
    answer = secretary.put(f"/sessions/{session['id']}/roll", named(voter, child))
    assert refusal(answer) == (422, "ineligible_voter")
    assert [entry.resident_id for entry in stored(app, select(RollEntry))] == [voter.id]


def test_replace_in_an_open_session_is_refused(cast: Cast):
    secretary, voter = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    answer = secretary.put(f"/sessions/{session['id']}/roll", named(voter))
    assert refusal(answer) == (422, "roll_not_allowed")


def test_replace_after_opening_is_refused(cast: Cast, app: Flask):
    secretary, voter, late = cast.secretary(), cast.resident(), cast.resident()
    session, _ = cast.open_session(secretary, voter, mode="ROSTER", **named(voter))
    answer = secretary.put(f"/sessions/{session['id']}/roll", named(voter, late))
    assert refusal(answer) == (409, "wrong_state")
    assert [entry.resident_id for entry in stored(app, select(RollEntry))] == [voter.id]


def test_roll_shows_masked_names_and_not_who_voted(cast: Cast):
    secretary, auditor = cast.secretary(), cast.officer(Role.AUDITOR)
    voters = [cast.resident(name=name) for name in ("王小明", "李四")]
    session = cast.session(secretary, mode="ROSTER", **named(*voters))
    expected = [
        {"resident_id": str(voter.id), "masked_name": masked}
        for voter, masked in zip(voters, ("王○○", "李○"), strict=True)
    ]
    for reader in (secretary, auditor):
        shown = reader.get(f"/sessions/{session['id']}/roll").json
        assert shown == sorted(expected, key=lambda entry: entry["resident_id"])


def test_replace_is_logged(cast: Cast, app: Flask):
    secretary, voter = cast.secretary(), cast.resident()
    session = cast.session(secretary, mode="ROSTER", **named(voter))
    secretary.put(f"/sessions/{session['id']}/roll", named(voter))
    assert moves_of(app, session["id"])[-1] == Move(
        "replace_roll", "DRAFT", "DRAFT", secretary.id, None
    )
