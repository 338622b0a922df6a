"""Reading one's own ballot, and whether a ballot came in in one's name."""

from uuid import UUID

import pytest

from app.ballots.keys.store import KeyStore
from app.kit.clock import local_date, now
from tests.cast import Cast, ballot
from tests.checks import refusal


@pytest.mark.parametrize("choice", [(0, 1, 2), (None, 2), ()], ids=str)
def test_read_is_the_receipt_of_the_live_ballot(cast: Cast, choice: tuple[int | None, ...]):
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    path = f"/sessions/{session['id']}/ballot"
    voter.put(path, ballot(matters[1]))
    chosen = [None if index is None else matters[index] for index in choice]
    receipt = voter.put(path, ballot(*chosen)).json
    assert receipt["version"] == 2
    answer = voter.get(path)
    assert (answer.status_code, answer.json) == (200, receipt)


def test_read_without_a_ballot_is_not_found(cast: Cast):
    voter, neighbour = cast.resident(), cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    path = f"/sessions/{session['id']}/ballot"
    neighbour.put(path, ballot(*matters))
    assert refusal(voter.get(path)) == (404, "not_found")


def test_read_before_voting_opens_is_not_found(cast: Cast):
    voter = cast.resident()
    session = cast.session(cast.secretary())
    assert refusal(voter.get(f"/sessions/{session['id']}/ballot")) == (404, "not_found")


def test_read_after_closing_is_refused_to_everybody(cast: Cast):
    voter, absent, secretary = cast.resident(), cast.resident(), cast.secretary()
    session, matters = cast.open_session(secretary, voter)
    path = f"/sessions/{session['id']}"
    voter.put(f"{path}/ballot", ballot(*matters))
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    for person in (voter, absent):
        assert refusal(person.get(f"{path}/ballot")) == (409, "ballots_sealed")


def test_participations_tell_channel_and_day_and_no_content(cast: Cast):
    voter, absent = cast.resident(), cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    assert voter.get("/me/participations").json == []
    voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    assert voter.get("/me/participations").json == [
        {
            "session_id": session["id"],
            "channel": "PHONE",
            "voted_on": local_date(now()).isoformat(),
            "withdrawn_on": None,
        }
    ]
    assert absent.get("/me/participations").json == []


def test_participations_hold_every_session(cast: Cast):
    voter, secretary = cast.resident(), cast.community_secretary()
    branch = cast.secretary()
    for period in ("2027-01", "2027-02"):
        session, matters = cast.open_session(branch, voter, period=period)
        path = f"/sessions/{session['id']}"
        voter.put(f"{path}/ballot", ballot(*matters))
        branch.post(f"{path}/close-voting")
        for place in (cast.neighbour, cast.third):
            body = {"compound_id": str(place.id), "reason": "测试轮空"}
            secretary.post(f"/communities/{cast.community.id}/rotation/skip", body)
    assert len(voter.get("/me/participations").json) == 2


def test_slots_of_two_sessions_tell_nothing_of_each_other(cast: Cast):
    """A voter's slot follows from the session's own key."""
    voter = cast.resident()
    session, _ = cast.open_session(cast.secretary(), voter)
    keys: KeyStore = cast.app.extensions["keys"]
    other = UUID(int=UUID(session["id"]).int ^ 1)
    keys.create_session_key(other)
    slots = {keys.slot(each, voter.id, None) for each in (UUID(session["id"]), other)}
    assert len(slots) == 2
