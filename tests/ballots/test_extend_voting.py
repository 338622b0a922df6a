"""Giving the vote more days, once."""

from datetime import datetime, timedelta

from flask import Flask

from tests.cast import Cast, ballot
from tests.checks import Move, moves_of, refusal


def test_extend_moves_the_end_by_three_days(cast: Cast, app: Flask):
    secretary, voter = cast.secretary(), cast.resident()
    before, matters = cast.open_session(secretary, voter)
    path = f"/sessions/{before['id']}"
    answer = secretary.post(f"{path}/extend-voting")
    assert (answer.status_code, answer.json["state"]) == (200, "EXTENDED")
    closes_at = datetime.fromisoformat(before["voting_closes_at"])
    extended_to = datetime.fromisoformat(answer.json["voting_closes_at"])
    assert extended_to - closes_at == timedelta(days=3)
    assert answer.json["round_table_at"] == before["round_table_at"]
    assert voter.put(f"{path}/ballot", ballot(*matters)).status_code == 200
    assert moves_of(app, before["id"])[-1] == Move(
        "extend_voting", "VOTING", "EXTENDED", secretary.id, None
    )


def test_extend_takes_an_early_round_table_along(cast: Cast):
    secretary = cast.secretary()
    drafted = cast.session(secretary)
    closes_at = datetime.fromisoformat(drafted["voting_closes_at"])
    secretary.post(f"/sessions/{drafted['id']}/cancel")
    session, _ = cast.open_session(
        secretary, cast.resident(), round_table_at=(closes_at + timedelta(days=1)).isoformat()
    )
    extended = secretary.post(f"/sessions/{session['id']}/extend-voting").json
    assert extended["round_table_at"] > extended["voting_closes_at"]


def test_extend_twice_is_refused(cast: Cast):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    path = f"/sessions/{session['id']}"
    once = secretary.post(f"{path}/extend-voting").json
    assert refusal(secretary.post(f"{path}/extend-voting")) == (409, "extension_used")
    assert secretary.get(path).json["voting_closes_at"] == once["voting_closes_at"]
