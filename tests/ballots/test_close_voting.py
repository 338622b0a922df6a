"""Closing the vote: counted, chosen, carried over; or extended where too few voted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionOutcome, SessionState
from app.ballots.models import Ballot, BallotMark, ResultRow, SessionResult
from app.board.models import NoticeKind, PublicNotice
from app.matters.models import Matter, MatterState
from tests.cast import Cast, Person, ballot, stored
from tests.checks import Move, moves_of, refusal

TITLES = ("停车", "路灯", "积水", "油烟", "噪音")


def cast_all(path: str, ballots: dict[Person, tuple[str | None, ...]]) -> None:
    for voter, matters in ballots.items():
        answer = voter.put(f"{path}/ballot", ballot(*matters))
        assert answer.status_code == 200, answer.text


def close(secretary: Person, path: str) -> dict[str, Any]:
    answer = secretary.post(f"{path}/close-voting")
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json
    return session


def outcomes(reader: Person, path: str) -> list[tuple[str, int, str]]:
    """Title, score and outcome of each matter, in order."""
    rows = reader.get(f"{path}/result").json["rows"]
    return [(row["title"], row["score"], row["outcome"]) for row in rows]


def test_close_selects_three_and_carries_the_others_over(cast: Cast, app: Flask, rows: Session):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(4)]
    session, m = cast.open_session(secretary, voters[0], TITLES)
    path = f"/sessions/{session['id']}"
    cast_all(
        path,
        {
            voters[0]: (m[0], m[1], m[2]),
            voters[1]: (m[0], m[2], m[1]),
            voters[2]: (m[1], m[0], m[3]),
            voters[3]: (m[2], m[3], m[0]),
        },
    )
    closed = close(secretary, path)
    assert (closed["state"], closed["outcome"]) == ("TALLIED", "DECIDED")
    assert outcomes(voters[0], path) == [
        ("停车", 14, "SELECTED"),
        ("路灯", 9, "SELECTED"),
        ("积水", 9, "SELECTED"),
        ("油烟", 4, "DEFERRED"),
        ("噪音", 0, "DEFERRED"),
    ]
    row = rows.get_one(AgendaSession, UUID(session["id"]))
    assert (row.state, row.outcome) == (SessionState.TALLIED, SessionOutcome.DECIDED)
    matters = {str(matter.id): matter for matter in rows.scalars(select(Matter))}
    assert [(matters[each].state, matters[each].carry_over) for each in m] == [
        *[(MatterState.SELECTED, 0)] * 3,
        *[(MatterState.DEFERRED, 1)] * 2,
    ]
    result = rows.get_one(SessionResult, UUID(session["id"]))
    assert (result.roll, result.returned, result.blank) == (4, 4, 0)
    assert [r.counts for r in result.rows][:2] == [[2, 1, 1], [1, 1, 1]]
    assert [r.decided_by for r in result.rows[:3]] == ["score", "raised_at", "score"]
    rows.rollback()
    assert moves_of(app, session["id"])[-1] == Move(
        "close_voting", "VOTING", "TALLIED", secretary.id, None
    )


def test_close_counts_a_blank_ballot_as_returned(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    cast_all(path, {voters[0]: (m[0],), voters[1]: (m[0],), voters[2]: ()})
    close(secretary, path)
    result = voters[0].get(f"{path}/result").json
    assert (result["returned"], result["blank"]) == (3, 1)
    assert outcomes(voters[0], path)[0] == ("停车", 10, "SELECTED")


def test_close_counts_the_last_ballot_of_each_voter(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(2)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    cast_all(path, {voters[0]: (m[0], m[1], m[2]), voters[1]: (m[2],)})
    cast_all(path, {voters[0]: (m[2], m[1])})
    close(secretary, path)
    assert [row[:2] for row in outcomes(voters[0], path)] == [
        ("积水", 10),
        ("路灯", 3),
        ("停车", 0),
    ]


def test_close_with_too_few_ballots_extends_once_and_is_then_consultative(
    cast: Cast, app: Flask, rows: Session
):
    """R6: 6 on an open roll need 3; two ballots leave the branch the top matter only."""
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(6)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    cast_all(path, {voters[0]: (m[0], m[1]), voters[1]: (m[0], m[1])})
    extended = close(secretary, path)
    assert (extended["state"], extended["outcome"]) == ("EXTENDED", None)
    assert refusal(voters[0].get(f"{path}/result")) == (409, "voting_not_closed")
    # The rule extended it, not the secretary who asked to close.
    assert moves_of(app, session["id"])[-1] == Move(
        "extend_voting", "VOTING", "EXTENDED", None, None
    )
    closed = close(secretary, path)
    assert (closed["state"], closed["outcome"]) == ("TALLIED", "CONSULTATIVE")
    assert outcomes(voters[0], path) == [
        ("停车", 10, "SELECTED"),
        ("路灯", 6, "DEFERRED"),
        ("积水", 0, "DEFERRED"),
    ]
    result = voters[0].get(f"{path}/result").json
    assert (result["returned"], result["required"], result["outcome"]) == (2, 3, "CONSULTATIVE")
    assert "仅供参考" in result["explanation"]
    notice = rows.scalars(select(PublicNotice).where(PublicNotice.kind == "TALLIED")).one()
    assert "供参考" in notice.title
    assert "仅供参考" in notice.text


def test_close_with_enough_ballots_after_the_extension_decides(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(6)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    cast_all(path, {voters[0]: (m[0],), voters[1]: (m[0],)})
    assert close(secretary, path)["state"] == "EXTENDED"
    cast_all(path, {voters[2]: (m[1],)})
    assert close(secretary, path)["outcome"] == "DECIDED"


@pytest.mark.parametrize(("returned", "state"), [(2, "EXTENDED"), (3, "TALLIED")])
def test_close_of_a_roster_needs_more_than_half(cast: Cast, returned: int, state: str):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(4)]
    roll = [str(voter.id) for voter in voters]
    session, m = cast.open_session(secretary, voters[0], mode="ROSTER", roll=roll)
    path = f"/sessions/{session['id']}"
    cast_all(path, dict.fromkeys(voters[:returned], (m[0],)))
    assert close(secretary, path)["state"] == state


@pytest.mark.parametrize("outcome", ["DISPATCHED", "WHISTLED", "REFUSED"])
def test_matter_that_ended_keeps_its_score_and_is_skipped(cast: Cast, outcome: str):
    """R8: solved, handed on or found unlawful while voting was open."""
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, m = cast.open_session(secretary, voters[0], TITLES)
    path = f"/sessions/{session['id']}"
    cast_all(path, dict.fromkeys(voters[:2], (m[0], m[1], m[2])))
    screened = {"outcome": outcome, "reason": "已经解决"}
    assert secretary.post(f"/matters/{m[0]}/screen", screened).status_code == 200
    # It stays on the ballot, and may still be marked.
    cast_all(path, {voters[2]: (m[0], m[1], m[3])})
    close(secretary, path)
    assert outcomes(voters[0], path) == [
        ("停车", 15, "SKIPPED"),
        ("路灯", 9, "SELECTED"),
        ("积水", 2, "SELECTED"),
        ("油烟", 1, "DEFERRED"),
        ("噪音", 0, "DEFERRED"),
    ]
    ended = voters[0].get(f"/matters/{m[0]}").json
    assert (ended["state"], ended["carry_over"]) == (outcome, 0)


def test_deferred_matter_is_listed_again_and_counts_its_turns(cast: Cast):
    secretary, community = cast.secretary(), cast.community_secretary()
    voter = cast.resident()
    (matter,) = cast.matters(secretary, voter, ["总也选不上"])
    turns = []
    for month in range(1, 4):
        session, listed = cast.open_session(secretary, voter, ["其他"], period=f"2027-0{month}")
        assert matter in [each["id"] for each in session["matters"]]
        path = f"/sessions/{session['id']}"
        cast_all(path, {voter: (next(each for each in listed if each != matter),)})
        close(secretary, path)
        turns.append(voter.get(f"/matters/{matter}").json["carry_over"])
        for place in (cast.neighbour, cast.third):
            body = {"compound_id": str(place.id), "reason": "测试轮空"}
            community.post(f"/communities/{cast.community.id}/rotation/skip", body)
        answer = secretary.post(f"/matters/{matter}/screen", {"outcome": "LISTED"})
        assert answer.status_code == (200 if month < 3 else 409), answer.text
    assert turns == [1, 2, 3]
    assert refusal(answer) == (409, "carried_over_too_often")


def tally_notice(app: Flask) -> PublicNotice:
    (notice,) = stored(app, select(PublicNotice).where(PublicNotice.kind == NoticeKind.TALLIED))
    found: PublicNotice = notice
    return found


def test_early_closing_by_hand_is_said_in_the_notice(cast: Cast, app: Flask):
    secretary, voter = cast.secretary(), cast.resident()
    session, m = cast.open_session(secretary, voter)
    path = f"/sessions/{session['id']}"
    cast_all(path, {voter: (m[0],)})
    closed = close(secretary, path)
    assert closed["closed_at"] < session["voting_closes_at"]
    assert "提前截止" in tally_notice(app).text


def test_closing_by_the_clock_is_not_called_early(
    cast: Cast, app: Flask, travel: Callable[[datetime], None]
):
    secretary, voter = cast.secretary(), cast.resident()
    session, m = cast.open_session(secretary, voter)
    path = f"/sessions/{session['id']}"
    cast_all(path, {voter: (m[0],)})
    travel(datetime.fromisoformat(session["voting_closes_at"]))
    closed = cast.logged_in_anew(voter).get(path).json
    assert (closed["state"], closed["closed_at"]) == ("TALLIED", session["voting_closes_at"])
    assert "提前" not in tally_notice(app).text


def test_close_publishes_nothing_while_ballots_and_roll_disagree(
    cast: Cast, app: Flask, rows: Session
):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(3)]
    session, m = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    cast_all(path, dict.fromkeys(voters, (m[0],)))
    stolen = rows.scalars(select(Ballot.slot)).first()
    for model in (BallotMark, Ballot):
        rows.execute(delete(model).where(model.slot == stolen))
    rows.commit()
    assert refusal(secretary.post(f"{path}/close-voting")) == (500, "server_error")
    assert rows.get_one(AgendaSession, UUID(session["id"])).state is SessionState.VOTING
    assert rows.scalars(select(SessionResult)).all() == []
    assert rows.scalars(select(ResultRow)).all() == []
    assert set(rows.scalars(select(Matter.state))) == {MatterState.LISTED}
