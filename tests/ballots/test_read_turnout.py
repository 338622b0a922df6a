"""Turnout is counted once a second by each process; who may read it is asked each time."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from app.agenda.models import Channel, RollEntry
from app.ballots import polled
from app.kit import clock, remembered
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from tests.cast import Cast, ballot
from tests.checks import counted


def store_elsewhere(app: Flask, session_id: str, voter_id: UUID) -> None:
    """As another process would: a ballot came in, and nobody tells this one."""
    with app.app_context():
        db.session.execute(
            update(RollEntry)
            .where(RollEntry.session_id == UUID(session_id), RollEntry.resident_id == voter_id)
            .values(channel=Channel.PHONE, voted_on=clock.local_date(clock.now()))
        )
        db.session.commit()


def test_own_ballot_shows_at_once_and_those_of_other_processes_within_a_second(
    cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    voters = [cast.resident() for _ in range(3)]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    path = f"/sessions/{session['id']}"

    def returned() -> int:
        return voters[0].get(f"{path}/turnout").json["returned"]

    assert returned() == 0
    assert voters[0].put(f"{path}/ballot", ballot(*matters)).status_code == 200
    assert returned() == 1
    store_elsewhere(app, session["id"], voters[1].id)
    assert returned() == 1
    later = monotonic() + polled.COUNT_SECONDS
    monkeypatch.setattr(remembered, "monotonic", lambda: later)
    assert returned() == 2


def test_roll_is_counted_for_the_first_of_many_readers(cast: Cast, app: Flask):
    voters = [cast.resident() for _ in range(3)]
    session, _ = cast.open_session(cast.secretary(), voters[0])
    path = f"/sessions/{session['id']}/turnout"
    with counted(app) as statements:
        for voter in voters:
            assert voter.get(path).status_code == 200
    assert ["count(" in each for each in statements] == [True, False, False]


def test_reader_is_asked_for_each_time(cast: Cast):
    reader, neighbour = cast.resident(), cast.resident(cast.neighbour)
    session, _ = cast.open_session(cast.secretary(), reader)
    path = f"/sessions/{session['id']}/turnout"
    assert reader.get(path).status_code == 200
    assert neighbour.get(path).status_code == 404
    assert reader.post("/auth/logout").status_code == 204
    assert reader.get(path).status_code == 401


def test_count_during_which_another_thread_stored_is_not_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    """Two threads of a worker: one has counted and not yet answered when the other casts."""
    reader, voter = cast.resident(), cast.resident()
    session, matters = cast.open_session(cast.secretary(), reader)
    path = f"/sessions/{session['id']}"
    ask = polled._look

    def ask_and_be_overtaken(*args: Any) -> Any:
        row = ask(*args)
        monkeypatch.setattr(polled, "_look", ask)
        answers = ThreadPoolExecutor(1).submit(voter.put, f"{path}/ballot", ballot(*matters))
        assert answers.result().status_code == 200
        return row

    monkeypatch.setattr(polled, "_look", ask_and_be_overtaken)
    assert reader.get(f"{path}/turnout").json["returned"] == 0
    assert reader.get(f"{path}/turnout").json["returned"] == 1


def test_nobody_makes_us_count_by_being_refused(cast: Cast, app: Flask):
    reader, neighbour = cast.resident(), cast.resident(cast.neighbour)
    session, matters = cast.open_session(cast.secretary(), reader)
    path = f"/sessions/{session['id']}"
    assert reader.get(f"{path}/turnout").status_code == 200
    for answer in (
        neighbour.put(f"{path}/ballot", ballot(*matters)),
        neighbour.post("/nowhere"),
        neighbour.client.options(f"{PREFIX}{path}/ballot"),
        neighbour.post("/auth/logout"),
    ):
        assert answer.status_code in (200, 204, 403, 404)
    with counted(app) as statements:
        assert reader.get(f"{path}/turnout").status_code == 200
    assert not any("count(" in each for each in statements)
