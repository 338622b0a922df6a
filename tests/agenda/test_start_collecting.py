"""Announcing a session."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from tests.cast import Cast
from tests.checks import Move, moves_of, refusal


def test_start_collecting_announces_the_session(cast: Cast, app: Flask, rows: Session):
    secretary = cast.secretary()
    session = cast.session(secretary)
    answer = secretary.post(f"/sessions/{session['id']}/start-collecting")
    assert (answer.status_code, answer.json["state"]) == (200, "COLLECTING")
    assert rows.get_one(AgendaSession, UUID(session["id"])).state is SessionState.COLLECTING
    rows.rollback()
    assert moves_of(app, session["id"])[-1] == Move(
        "start_collecting", "DRAFT", "COLLECTING", secretary.id, None
    )


def test_start_collecting_after_the_opening_time_is_refused(
    cast: Cast, app: Flask, travel: Callable[[datetime], None]
):
    secretary = cast.secretary()
    session = cast.session(secretary)
    opens_at = datetime.fromisoformat(session["voting_opens_at"])
    travel(opens_at)
    secretary = cast.logged_in_anew(secretary)
    path = f"/sessions/{session['id']}"
    assert secretary.get(path).json["state"] == "DRAFT"  # the clock moves no draft
    assert refusal(secretary.post(f"{path}/start-collecting")) == (409, "opening_time_passed")
    assert len(moves_of(app, session["id"])) == 1
    assert secretary.post(f"{path}/cancel").status_code == 200


def test_start_collecting_just_before_the_opening_time(
    cast: Cast, travel: Callable[[datetime], None]
):
    secretary = cast.secretary()
    session = cast.session(secretary)
    travel(datetime.fromisoformat(session["voting_opens_at"]) - timedelta(minutes=1))
    secretary = cast.logged_in_anew(secretary)
    answer = secretary.post(f"/sessions/{session['id']}/start-collecting")
    assert (answer.status_code, answer.json["state"]) == (200, "COLLECTING")
