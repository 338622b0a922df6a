"""Who may vote when things change between planning, opening and closing."""

from datetime import UTC, date, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.kit.clock import local_date
from app.people.models import Role
from tests.cast import Cast, ballot, stored
from tests.checks import moves_of, refusal


def eighteen_on(day: date) -> date:
    return day.replace(year=day.year - 18)


def test_minor_who_comes_of_age_after_an_early_opening_does_not_vote(cast: Cast, app: Flask):
    """The roster was right for the planned day; voting opened before it."""
    secretary, adult = cast.secretary(), cast.resident()
    in_a_week = datetime.now(UTC) + timedelta(days=7)
    minor = cast.resident(born=eighteen_on(local_date(in_a_week)) - timedelta(days=1))
    session, matters = cast.open_session(
        secretary,
        adult,
        mode="ROSTER",
        roll=[str(adult.id), str(minor.id)],
        voting_opens_at=in_a_week.isoformat(),
        voting_closes_at=(in_a_week + timedelta(days=7)).isoformat(),
        round_table_at=(in_a_week + timedelta(days=9)).isoformat(),
    )
    path = f"/sessions/{session['id']}"
    assert refusal(minor.put(f"{path}/ballot", ballot(*matters))) == (403, "under_age")
    assert session["turnout"]["roll"] == 1
    assert stored(app, select(RollEntry.resident_id)) == [adult.id]
    struck = [move for move in moves_of(app, session["id"]) if move.verb == "strike_from_roll"]
    assert [move.reason for move in struck] == [str(minor.id)]


def test_office_given_during_the_vote_silences_nobody(cast: Cast):
    secretary = cast.secretary()
    voter, other = cast.resident(), cast.resident()
    session, matters = cast.open_session(secretary, other)
    cast.appoint(voter, Role.PROPERTY_MANAGER)
    path = f"/sessions/{session['id']}"
    assert voter.put(f"{path}/ballot", ballot(*matters)).status_code == 200


def test_office_laid_down_during_the_vote_gives_no_ballot(cast: Cast):
    secretary, other, manager = cast.secretary(), cast.resident(), cast.resident()
    appointment = cast.appoint(manager, Role.PROPERTY_MANAGER)
    session, matters = cast.open_session(secretary, other)
    path = f"/sessions/{session['id']}"
    assert refusal(manager.put(f"{path}/ballot", ballot(*matters)))[1] == "staff_may_not_vote"
    assert manager.post(f"/appointments/{appointment}/end").status_code == 200
    assert refusal(manager.put(f"{path}/ballot", ballot(*matters))) == (403, "not_on_roll")


def test_two_voters_with_one_nonce_are_told_apart(cast: Cast):
    """Equal nonces would give equal trackers, also where the marks differ."""
    secretary = cast.secretary()
    first, second = cast.resident(), cast.resident()
    session, (a, b, c) = cast.open_session(secretary, first)
    path, nonce = f"/sessions/{session['id']}/ballot", {"nonce": "ab" * 16}
    assert first.put(path, {**ballot(a, b), **nonce}).status_code == 200
    assert refusal(second.put(path, {**ballot(c, b), **nonce})) == (409, "nonce_reused")
    assert first.put(path, {**ballot(b, a), **nonce}).status_code == 200
