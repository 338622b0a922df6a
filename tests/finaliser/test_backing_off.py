"""How long is waited after an outage, what is said of it, and that one step stops no other."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.attachments.refusals import StoreUnavailable
from app.ballots.keys.store import KeyUnavailable
from app.finaliser import rounds
from app.finaliser.outages import LONGEST_WAIT_S, Outages, Part, wait_after
from app.finaliser.rounds import Rounds
from app.finaliser.steps import STEPS, Step
from app.kit.extensions import db


def test_waits_double_up_to_a_bound_and_are_spread():
    for failures in range(1, 200):
        whole = min(LONGEST_WAIT_S, 2.0 ** (failures - 1))
        waits = [wait_after(failures) for _ in range(50)]
        assert whole / 2 <= min(waits) <= max(waits) <= whole
        assert len(set(waits)) > 25


def test_outage_is_news_once_and_over_once():
    outages = Outages()
    assert [outages.note(Part.DATABASE, now) for now in (0.0, 1.0, 2.0)] == [True, False, False]
    assert outages.is_to_be_spared(Part.DATABASE, 2.1)
    assert not outages.is_to_be_spared(Part.KEY_STORE, 2.1)
    assert outages.seconds_to_wait(Part.DATABASE, 2.0) > 1.9  # the third time in a row
    assert outages.end([Part.DATABASE, Part.KEY_STORE], 5.0) == [(Part.DATABASE, 5.0)]
    assert outages.end([Part.DATABASE], 6.0) == []
    assert outages.note(Part.DATABASE, 7.0)
    assert outages.seconds_to_wait(Part.DATABASE, 7.0) <= 1.0  # back to the shortest


def names() -> list[str]:
    return [step.name for step in STEPS]


ERRORS: dict[str, Exception] = {
    "refusal": KeyUnavailable(),
    "database error of one row": OperationalError("SELECT", {}, Exception("locked")),
    "store of files": StoreUnavailable(),
    "fault of ours": ZeroDivisionError("a message that may name 王某"),
}


FAULTS = [
    *((error, name) for error in ERRORS for name in names() if error != "store of files"),
    ("store of files", "uploads"),
]


@pytest.mark.parametrize(("error", "broken"), FAULTS)
@pytest.mark.parametrize(("where", "left"), [("due", 0), ("move", 2)])
def test_step_that_fails_stops_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: str, broken: str, where: str, left: int
):
    moved = with_steps(monkeypatch, broken, where, ERRORS[error])
    with app.app_context():
        failing = Rounds(app).run()
    expected = [name for name in names() for _ in range(left if name == broken else 3)]
    assert moved == expected
    assert failing == {"attachment_store" if error == "store of files" else broken}


def with_steps(
    monkeypatch: pytest.MonkeyPatch, broken: str, where: str, error: Exception
) -> list[str]:
    """The real table of steps with three things due in each, of which the second fails in the
    broken one; answers a list that tells what moved."""
    moved: list[str] = []

    def fake(step: Step) -> Step:
        things = [uuid4() for _ in range(3)]

        def due(session: Session) -> Sequence[UUID]:
            if (step.name, where) == (broken, "due"):
                raise error
            return things

        def move(session: Session, thing_id: UUID) -> int:
            session.execute(text("SELECT 1"))
            if (step.name, where) == (broken, "move") and thing_id == things[1]:
                raise error
            moved.append(step.name)
            return 1

        return replace(step, due=due, move=move)

    monkeypatch.setattr(rounds, "STEPS", tuple(map(fake, STEPS)))
    return moved


def test_what_is_stuck_is_said_once_until_it_moves(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with_steps(monkeypatch, "orders", "move", ERRORS["fault of ours"])
    with app.app_context():
        made = Rounds(app)
        assert [made.run() for _ in range(3)] == [{"orders"}] * 3
    (told,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "orders" in told.getMessage()
    assert "ZeroDivisionError" in told.getMessage()
    assert "王某" not in told.getMessage()  # nobody's data reach the log


def test_key_store_that_is_away_is_asked_once_a_round(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked = []

    class Away:
        def find(self, owner: UUID | None) -> bytes | None:
            asked.append("find")
            raise KeyUnavailable

        def held(self) -> list[UUID]:
            asked.append("held")
            raise KeyUnavailable

    monkeypatch.setitem(app.extensions, "keys", Away())
    with app.app_context():
        made = Rounds(app)
        assert made.run() == {"key_store"}
        assert asked == ["held", "find"]
        assert made.run() == {"key_store"}
    assert asked == ["held", "find"]  # not again before its time
    assert isinstance(app.extensions["keys"], Away)
    assert capsys.readouterr().err.count("密钥库连不上") == 1


def test_one_round_ends_with_a_status_that_tells(app: Flask, monkeypatch: pytest.MonkeyPatch):
    run = app.test_cli_runner().invoke
    assert run(args=["finalise"]).exit_code == 0
    moved = with_steps(monkeypatch, "whistles", "due", ERRORS["fault of ours"])
    done = run(args=["finalise"])
    assert done.exit_code == 1
    assert "not everything could be done: whistles" in done.output
    assert len(moved) == 3 * (len(STEPS) - 1)


def test_heartbeat_that_cannot_be_written_stops_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    moved = with_steps(monkeypatch, "none", "due", ERRORS["refusal"])
    settings = replace(app.extensions["settings"], heartbeat_file=app_file(app) / "below")
    monkeypatch.setitem(app.extensions, "settings", settings)
    with app.app_context():
        made = Rounds(app)
        for _ in range(2):
            assert made.run() == {"heartbeat"}
            db.session.remove()
    assert len(moved) == 2 * 3 * len(STEPS)
    assert capsys.readouterr().err.count("写不了心跳文件") == 1


def app_file(app: Flask) -> Path:
    """A file where a folder would have to be."""
    path = app.extensions["settings"].attachment_folder / "file"
    path.write_text("")
    return path
