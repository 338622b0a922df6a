"""Sessions follow the clock by themselves: to the microsecond, once, and whoever looks first."""

import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.agenda.models import AgendaSession, SessionState
from app.ballots.models import Ballot, BallotMark, SessionResult
from app.board.models import NoticeKind, PublicNotice
from app.config import Settings
from app.kit.extensions import db
from app.matters.models import Matter
from tests.cast import Cast, ballot, stored
from tests.checks import moves_of
from tests.databases import ROOT
from tests.race.conftest import StopClock
from tests.race.server import environment

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
TITLES = ("停车", "路灯", "积水")

Travel = Callable[[str | datetime], None]


class Month:
    """A session planned for an hour from now to a week from now, and the people of it."""

    def __init__(
        self, cast: Cast, titles: tuple[str, ...] = TITLES, step: str = "LISTED", voters: int = 3
    ) -> None:
        self._cast = cast
        self.secretary = cast.secretary()
        self.voters = [cast.resident(name=f"居民{i}") for i in range(voters)]
        session = cast.session(self.secretary)
        self.id = session["id"]
        self.path = f"/sessions/{self.id}"
        self.opens, self.closes = (
            datetime.fromisoformat(session[name])
            for name in ("voting_opens_at", "voting_closes_at")
        )
        if step != "DRAFT":
            assert self.secretary.post(f"{self.path}/start-collecting").status_code == 200
        self.matters = cast.matters(self.secretary, self.voters[0], titles)
        if step in ("LISTED", "VOTING"):
            assert self.secretary.post(f"{self.path}/freeze-list").status_code == 200
        if step == "VOTING":
            assert self.secretary.post(f"{self.path}/open-voting").status_code == 200

    def vote(self, number: int) -> Any:
        """The answer to the cast of one of the voters, logged in at this moment."""
        voter = self._cast.logged_in_anew(self.voters[number])
        return voter.put(f"{self.path}/ballot", ballot(*self.matters))

    def read(self, path: str = "") -> Any:
        return self._cast.logged_in_anew(self.secretary).get(self.path + path).json

    def stored_state(self) -> SessionState:
        """Its state in the rows, without anybody having looked at it over the API."""
        query = select(AgendaSession.state).where(AgendaSession.id == UUID(self.id))
        (state,) = stored(self._cast.app, query)
        return SessionState(state)

    def clock_moves(self) -> list[str]:
        """What the clock itself did with the session, in order."""
        return [move.verb for move in moves_of(self._cast.app, self.id) if move.by is None]


def finalise(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["finalise"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("after", "status"), [(-MICROSECOND, 409), (0 * DAY, 200), (MICROSECOND, 200)]
)
def test_opening_is_inclusive(cast: Cast, stop_clock: StopClock, after: timedelta, status: int):
    month = Month(cast)
    stop_clock(month.opens + after)
    assert month.vote(0).status_code == status
    assert month.stored_state() == ("VOTING" if status == 200 else "LISTED")


@pytest.mark.parametrize(
    ("after", "status"), [(-MICROSECOND, 200), (0 * DAY, 409), (MICROSECOND, 409)]
)
def test_closing_is_exclusive(cast: Cast, stop_clock: StopClock, after: timedelta, status: int):
    month = Month(cast, step="VOTING")
    assert [month.vote(i).status_code for i in (0, 1)] == [200, 200]
    stop_clock(month.closes + after)
    assert month.vote(2).status_code == status
    assert month.stored_state() == ("VOTING" if status == 200 else "TALLIED")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("after", "status"), [(-MICROSECOND, 200), (0 * DAY, 409)])
@pytest.mark.parametrize("wrong_by", [timedelta(seconds=-5), timedelta(seconds=5)])
def test_the_clock_of_the_database_decides(
    cast: Cast, stop_clock: StopClock, after: timedelta, status: int, wrong_by: timedelta
):
    month = Month(cast, step="VOTING")
    assert [month.vote(i).status_code for i in (0, 1)] == [200, 200]
    stop_clock(month.closes + wrong_by, database=month.closes + after)
    assert month.vote(2).status_code == status


def test_untouched_session_is_opened_and_closed_by_the_finaliser(
    app: Flask, cast: Cast, travel: Travel
):
    month = Month(cast)
    assert finalise(app) == ""
    travel(month.opens)
    assert "1" in finalise(app)
    assert month.stored_state() == "VOTING"
    assert [month.vote(i).status_code for i in (0, 1)] == [200, 200]
    travel(month.closes)
    assert "1" in finalise(app)
    assert month.stored_state() == "TALLIED"
    assert finalise(app) == ""
    assert month.clock_moves() == ["open_voting", "close_voting"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions/{session}",
        "/api/v1/sessions/{session}/turnout",
        "/api/v1/sessions/{session}/result",
        "/api/v1/sessions/{session}/ballot",
        "/api/v1/sessions/{session}/roll",
        "/api/v1/compounds/{compound}",
        "/api/v1/compounds/{compound}/sessions",
        "/api/v1/compounds/{compound}/matters",
        "/api/v1/matters/{matter}",
        "/api/v1/communities/{community}/rotation",
        "/api/v1/board/compounds/{compound}/feed.json",
        "/api/v1/board/communities/{community}/feed.atom",
        "/api/v1/board/subdistricts/{subdistrict}/feed.json",
        "/board/compounds/{compound}",
        "/board/subdistricts/{subdistrict}",
    ],
)
def test_any_read_brings_the_session_up_to_date(
    cast: Cast, client: FlaskClient, travel: Travel, path: str
):
    month = Month(cast)
    travel(month.opens)
    token = cast.logged_in_anew(month.secretary).token
    client.get(
        path.format(
            session=month.id,
            compound=cast.home.id,
            matter=month.matters[0],
            community=cast.community.id,
            subdistrict=cast.subdistrict.id,
        ),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert month.stored_state() == "VOTING"


def test_read_of_another_place_moves_nothing(cast: Cast, travel: Travel):
    month = Month(cast)
    _, elsewhere = cast.other_community()
    travel(month.opens)
    cast.secretary(elsewhere).get(f"/compounds/{elsewhere.id}/sessions")
    assert month.stored_state() == "LISTED"


def test_list_freezes_by_itself_when_voting_opens(cast: Cast, travel: Travel):
    month = Month(cast, step="COLLECTING")
    travel(month.opens)
    read = month.read()
    assert read["state"] == "VOTING"
    assert [(each["number"], each["id"]) for each in read["matters"]] == [
        (number, matter) for number, matter in enumerate(month.matters, start=1)
    ]
    assert read["turnout"] == {"roll": 3, "returned": 0}
    assert month.clock_moves() == ["freeze_list", "open_voting"]


def test_draft_never_opens_by_itself(app: Flask, cast: Cast, travel: Travel):
    month = Month(cast, step="DRAFT")
    travel(month.closes + DAY)
    assert finalise(app) == ""
    assert month.read()["state"] == "DRAFT"
    secretary = cast.logged_in_anew(month.secretary)
    answer = secretary.post(f"{month.path}/start-collecting")
    assert (answer.status_code, answer.json["code"]) == (409, "opening_time_passed")
    assert month.vote(0).status_code == 409
    assert month.clock_moves() == []


def test_missed_participation_extends_once_then_is_consultative(
    app: Flask, cast: Cast, stop_clock: StopClock
):
    month = Month(cast, step="VOTING", voters=3)  # two of three must return a ballot
    assert month.vote(0).status_code == 200
    stop_clock(month.closes)
    read = month.read()
    assert read["state"] == "EXTENDED"
    longer = month.closes + 3 * DAY
    assert datetime.fromisoformat(read["voting_closes_at"]) == longer
    stop_clock(longer - MICROSECOND)
    assert finalise(app) == ""
    stop_clock(longer)
    assert finalise(app) != ""
    assert month.read()["outcome"] == "CONSULTATIVE"
    assert [row["outcome"] for row in month.read("/result")["rows"]] == ["DEFERRED"] * 3
    assert month.clock_moves() == ["extend_voting", "close_voting"]


def test_ballots_of_the_extension_count(cast: Cast, stop_clock: StopClock):
    month = Month(cast, step="VOTING")
    assert month.vote(0).status_code == 200
    stop_clock(month.closes)
    assert month.vote(1).status_code == 200
    stop_clock(month.closes + 3 * DAY)
    assert month.vote(2).status_code == 409
    assert month.read()["outcome"] == "DECIDED"
    assert month.read("/result")["returned"] == 2


def test_server_was_down_when_voting_closed(cast: Cast, stop_clock: StopClock):
    month = Month(cast, step="VOTING")
    assert [month.vote(i).status_code for i in (0, 1)] == [200, 200]
    stop_clock(month.closes + 2 * DAY)
    assert month.vote(2).status_code == 409
    read = month.read()
    assert (read["state"], read["outcome"]) == ("TALLIED", "DECIDED")
    assert datetime.fromisoformat(read["closed_at"]) == month.closes
    assert month.read("/result")["returned"] == 2


def test_server_was_down_when_voting_should_have_been_extended(cast: Cast, stop_clock: StopClock):
    """Nobody could vote meanwhile, so the three days begin when it is back."""
    month = Month(cast, step="VOTING")
    back = month.closes + 5 * DAY
    stop_clock(back)
    read = month.read()
    assert read["state"] == "EXTENDED"
    assert datetime.fromisoformat(read["voting_closes_at"]) == back + 3 * DAY
    assert month.vote(0).status_code == 200


def test_server_was_down_from_before_opening_until_after_closing(cast: Cast, stop_clock: StopClock):
    month = Month(cast, step="COLLECTING")
    back = month.closes + DAY
    stop_clock(back)
    read = month.read()
    assert read["state"] == "EXTENDED"
    assert datetime.fromisoformat(read["voting_closes_at"]) == back + 3 * DAY
    # All at one instant, so the log has no order among them.
    assert sorted(month.clock_moves()) == ["extend_voting", "freeze_list", "open_voting"]
    assert month.vote(0).status_code == 200


@pytest.mark.parametrize("titles", [(), ("停车",)], ids=["no matter", "one matter"])
@pytest.mark.parametrize("step", ["COLLECTING", "LISTED"])
def test_fewer_than_two_matters_are_concluded_without_a_vote(
    app: Flask, cast: Cast, travel: Travel, titles: tuple[str, ...], step: str
):
    month = Month(cast, titles, step)
    travel(month.opens)
    finalise(app)
    assert month.stored_state() == "TALLIED"
    assert month.read()["outcome"] == "NO_VOTE"
    result = month.read("/result")
    assert [row["outcome"] for row in result["rows"]] == ["SELECTED"] * len(titles)
    assert (result["roll"], result["returned"]) == (3, 0)
    assert stored(app, select(Matter.state)) == ["SELECTED"] * len(titles)
    assert month.vote(0).status_code == 409


def test_two_finalisers_at_once_close_each_session_once(app: Flask, cast: Cast, settings: Settings):
    months = []
    for _ in range(4):
        months.append(Month(cast, step="VOTING", voters=1))
        assert months[-1].vote(0).status_code == 200
        cast.community, cast.home = cast.other_community()
    now = datetime.now(UTC)
    with app.app_context():
        db.session.execute(
            update(AgendaSession).values(
                voting_opens_at=now - DAY, voting_closes_at=now, round_table_at=now + DAY
            )
        )
        db.session.commit()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "finalise"]
    processes = [subprocess.Popen(command, cwd=ROOT, env=environment(settings)) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert [month.stored_state() for month in months] == ["TALLIED"] * 4
    assert [month.clock_moves() for month in months] == [["close_voting"]] * 4
    assert len(stored(app, select(SessionResult))) == 4
    notices = select(PublicNotice).where(PublicNotice.kind == NoticeKind.TALLIED)
    assert len(stored(app, notices)) == 4
    assert max(stored(app, select(Matter.carry_over))) <= 1


def test_session_whose_counts_disagree_stops_no_other(
    app: Flask, cast: Cast, travel: Travel, caplog: pytest.LogCaptureFixture
):
    broken = Month(cast, step="VOTING", voters=1)
    cast.community, cast.home = cast.other_community()
    sound = Month(cast, step="VOTING", voters=1)
    assert [month.vote(0).status_code for month in (broken, sound)] == [200, 200]
    with app.app_context():
        for model in (BallotMark, Ballot):
            db.session.execute(delete(model).where(model.session_id == UUID(broken.id)))
        db.session.commit()
    travel(max(broken.closes, sound.closes))
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 1
    assert sound.stored_state() == "TALLIED"
    assert broken.stored_state() == "VOTING"
    assert broken.vote(0).status_code == 409
    assert broken.read("/result")["code"] == "voting_not_closed"
    alarms = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert alarms
    assert all(broken.id in record.getMessage() for record in alarms)
