"""Calling a session off, before voting only."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.board.models import NoticeKind, PublicNotice
from app.matters.models import Matter, MatterState
from tests.cast import Cast, stored
from tests.checks import Move, moves_of, refusal

REASON = "与防汛值守冲突"
STEPS = {
    "DRAFT": [],
    "COLLECTING": ["start-collecting"],
    "LISTED": ["start-collecting", "freeze-list"],
}


@pytest.mark.parametrize("state", STEPS)
def test_cancel_before_voting(cast: Cast, app: Flask, rows: Session, state: str):
    secretary = cast.secretary()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    for step in STEPS[state]:
        secretary.post(f"{path}/{step}")
    answer = secretary.post(f"{path}/cancel", {"reason": REASON})
    assert (answer.status_code, answer.json["state"]) == (200, "CANCELLED")
    assert rows.get_one(AgendaSession, UUID(session["id"])).state is SessionState.CANCELLED
    rows.rollback()
    assert moves_of(app, session["id"])[-1] == Move(
        "cancel", state, "CANCELLED", secretary.id, REASON
    )
    notices = stored(app, select(PublicNotice.kind))
    assert (NoticeKind.SESSION_CANCELLED in notices) is (state != "DRAFT")


def test_cancel_leaves_the_matters(cast: Cast, app: Flask):
    secretary, raiser = cast.secretary(), cast.resident()
    path = f"/sessions/{cast.session(secretary)['id']}"
    secretary.post(f"{path}/start-collecting")
    cast.matters(secretary, raiser, ["甲", "乙"])
    secretary.post(f"{path}/freeze-list")
    secretary.post(f"{path}/cancel")
    matters = stored(app, select(Matter))
    assert {(matter.state, matter.carry_over) for matter in matters} == {(MatterState.LISTED, 0)}


def test_cancel_by_the_community_secretary(cast: Cast):
    session = cast.session(cast.secretary())
    answer = cast.community_secretary().post(f"/sessions/{session['id']}/cancel")
    assert answer.json["state"] == "CANCELLED"


def test_cancel_of_an_open_vote_is_refused(cast: Cast, rows: Session):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    answer = secretary.post(f"/sessions/{session['id']}/cancel", {"reason": REASON})
    assert refusal(answer) == (409, "wrong_state")
    assert rows.get_one(AgendaSession, UUID(session["id"])).state is SessionState.VOTING


def test_cancelled_session_has_no_result(cast: Cast):
    secretary, reader = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    secretary.post(f"/sessions/{session['id']}/cancel")
    assert refusal(reader.get(f"/sessions/{session['id']}/result")) == (409, "no_result")
