"""Who only reads does not queue behind writers, and a move that is due is made nevertheless."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from app.agenda.models import AgendaSession
from app.kit.extensions import db
from tests.cast import Cast


@contextmanager
def writing(app: Flask, session_id: str) -> Iterator[None]:
    """Another connection has written to the session and not committed yet."""
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.execute(
            update(AgendaSession).where(AgendaSession.id == UUID(session_id)).values(place="别处")
        )
        yield
        connection.rollback()


@pytest.mark.parametrize("what", ["", "/turnout", "/result", "/ballot", "/bundle.json"])
def test_reader_is_answered_while_somebody_writes(cast: Cast, app: Flask, what: str):
    readers = cast.resident(), cast.resident(cast.neighbour)
    session, _ = cast.open_session(cast.secretary(), readers[0])
    path = f"/sessions/{session['id']}{what}"
    calm = [who.get(path).status_code for who in readers]
    assert 503 not in calm
    with writing(app, session["id"]):
        assert [who.get(path).status_code for who in readers] == calm


@pytest.mark.parametrize("what", ["", "/turnout"])
def test_reader_makes_the_move_that_is_due(
    cast: Cast, travel: Callable[[datetime], None], what: str
):
    reader = cast.resident()
    session, _ = cast.open_session(cast.secretary(), reader)
    travel(datetime.now(UTC) + timedelta(days=11))
    again = cast.logged_in_anew(reader)
    assert again.get(f"/sessions/{session['id']}{what}").json["state"] == "EXTENDED"
