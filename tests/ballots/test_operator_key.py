"""The operator's key: made by a command, pinned, compared, replaced; never by a request."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import check_before_serving
from app.agenda.models import AgendaSession
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.operator import OperatorKeyState, operator_key_state
from app.ballots.keys.store import KEY_BYTES, OPERATOR, KeyStore, public_half
from app.ballots.models import OperatorKey, SessionBundle
from app.config import Settings, UnsafeSettings
from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from tests.ballots.test_sealing import Vote
from tests.cast import Cast, stored
from tests.checks import refusal
from tests.databases import ROOT
from tests.race.server import environment

ADDRESS = f"{PREFIX}/operator-key"


@pytest.fixture
def keys(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderKeyStore:
    """The application with nothing pinned, on an empty store of its own."""
    store = FolderKeyStore(tmp_path / "own")
    monkeypatch.setitem(app.extensions, "keys", store)
    with app.app_context():
        db.session.execute(delete(OperatorKey))
        db.session.commit()
    return store


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    return lambda *args: app.test_cli_runner().invoke(args=["keys", *args])


def state_of(app: Flask, keys: KeyStore) -> OperatorKeyState:
    with app.app_context():
        return operator_key_state(db.session(), keys)


def put(keys: KeyStore) -> bytes:
    """Another key in the operator's place; its public half."""
    seed = os.urandom(KEY_BYTES)
    if keys.find(OPERATOR) is not None:
        keys.erase(OPERATOR)
    keys.keep(OPERATOR, seed)
    return public_half(seed)


def test_no_request_makes_a_key(app: Flask, keys: FolderKeyStore, client: FlaskClient):
    assert refusal(client.get(ADDRESS)) == (503, "operator_key_not_pinned")
    assert (keys.find(OPERATOR), stored(app, select(OperatorKey))) == (None, [])
    assert state_of(app, keys) is OperatorKeyState.NOT_PINNED


def test_command_makes_the_key_once(app: Flask, keys: FolderKeyStore, run: Any, client: Any):
    made = run("make")
    assert made.exit_code == 0, made.output
    (pinned,) = stored(app, select(OperatorKey))
    assert pinned.public_key == keys.held_operator_key()
    assert pinned.public_key.hex() in made.output
    told = client.get(ADDRESS).json
    assert (told["public_key"], told["algorithm"], told["former"]) == (
        pinned.public_key.hex(),
        "Ed25519",
        [],
    )
    assert "flask keys rotate" in run("make").output
    assert run("make").exit_code == 1
    assert "已经设定" in run("pin").output
    assert [key.public_key for key in stored(app, select(OperatorKey))] == [pinned.public_key]
    entries = stored(app, select(AuditEntry).where(AuditEntry.thing == "operator_keys"))
    assert [(each.verb, each.reason) for each in entries] == [("make", pinned.public_key.hex())]


def test_key_that_is_there_is_pinned_and_not_made(app: Flask, keys: FolderKeyStore, run: Any):
    assert "flask keys make" in run("pin").output
    public = put(keys)
    assert "flask keys pin" in run("make").output
    assert keys.held_operator_key() == public
    assert run("pin").exit_code == 0
    assert [key.public_key for key in stored(app, select(OperatorKey))] == [public]


def test_pinned_key_must_be_the_one_of_published_bundles(
    app: Flask,
    cast: Cast,
    run: Any,
    tmp_path: Path,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
):
    """An installation of before, on which the store was once replaced."""
    vote = Vote(cast)
    vote.close()
    older = json.loads(vote.bundle(client).data)["operator_key"]
    forget_pin(app)
    monkeypatch.setitem(app.extensions, "keys", FolderKeyStore(tmp_path / "another"))
    public = put(app.extensions["keys"])
    refused = run("pin")
    assert refused.exit_code == 1
    assert (older in refused.output, "--take-former" in refused.output) == (True, True)
    assert stored(app, select(OperatorKey)) == []
    assert run("pin", "--take-former").exit_code == 0
    told = client.get(ADDRESS).json
    assert (told["public_key"], [key["public_key"] for key in told["former"]]) == (
        public.hex(),
        [older],
    )
    (sealed,) = stored(app, select(AgendaSession.operator_key))
    assert sealed.hex() == older
    # Whoever lost the answer is not told a promise that the bundle contradicts.
    receipt = vote.receipts[0]
    again = vote.voters[0].put(
        f"{vote.path}/ballot", {"marks": receipt["marks"], "nonce": receipt["nonce"]}
    )
    assert refusal(again) == (503, "wrong_key_store")


def forget_pin(app: Flask) -> None:
    """As after the migration of an installation from before."""
    with app.app_context():
        db.session.execute(update(AgendaSession).values(operator_key=None))
        db.session.execute(delete(OperatorKey))
        db.session.commit()


def test_published_bundles_of_the_same_key_are_no_hindrance(
    app: Flask, cast: Cast, run: Any, client: FlaskClient
):
    vote = Vote(cast)
    vote.close()
    forget_pin(app)
    assert run("pin").exit_code == 0
    (since,) = stored(app, select(OperatorKey.since))
    assert since == stored(app, select(SessionBundle.sealed_at))[0]
    receipt = vote.receipts[0]
    again = vote.voters[0].put(
        f"{vote.path}/ballot", {"marks": receipt["marks"], "nonce": receipt["nonce"]}
    )
    assert again.json == receipt


STATES: dict[OperatorKeyState, Callable[[FolderKeyStore], Any]] = {
    OperatorKeyState.OK: lambda keys: None,
    OperatorKeyState.MISSING: lambda keys: keys.erase(OPERATOR),
    OperatorKeyState.DIFFERS: put,
    OperatorKeyState.STORE_AWAY: lambda keys: in_the_way(keys),
}


def in_the_way(keys: FolderKeyStore) -> None:
    """A folder that cannot be read as one, also by root."""
    shutil.rmtree(keys._folder)
    keys._folder.write_bytes(b"")


@pytest.mark.parametrize("state", STATES, ids=str)
def test_store_is_compared_wherever_the_key_is_asked_for(
    app: Flask,
    keys: FolderKeyStore,
    run: Any,
    client: FlaskClient,
    settings: Settings,
    state: OperatorKeyState,
    caplog: pytest.LogCaptureFixture,
):
    """Also in a process that has signed with the right key before."""
    assert run("make").exit_code == 0
    with app.app_context():
        public = db.session.scalars(select(OperatorKey.public_key)).one()
    keys.sign(b"message", public)
    STATES[state](keys)
    is_ok = state is OperatorKeyState.OK
    assert state_of(app, keys) is state
    shown = run("show")
    assert (shown.exit_code == 0) is is_ok, shown.output
    answer = client.get(ADDRESS)
    away = state is OperatorKeyState.STORE_AWAY
    expected = "key_unavailable" if away else "wrong_key_store"
    assert answer.status_code == 200 if is_ok else refusal(answer) == (503, expected)
    Ed25519PublicKey.from_public_bytes(public).verify(keys.sign(b"message", public), b"message")
    start = lambda: check_before_serving(as_in_production(app, settings))  # noqa: E731
    if is_ok or away:  # what is away may be as it should be, and meanwhile nothing is signed
        start()
    else:
        with pytest.raises(UnsafeSettings, match=f"KEY_STORE: operator key {state}"):
            start()
    if expected == "wrong_key_store" and not is_ok:
        assert any(record.levelno >= logging.ERROR for record in caplog.records)


def as_in_production(app: Flask, settings: Settings) -> Flask:
    """The application with the one setting that `check_before_serving` looks at."""
    served = Flask("served")
    served.config.update(app.config)
    served.extensions = {
        **app.extensions,
        "settings": Settings(**{**vars(settings), "production": True}),
    }
    served.app_context = app.app_context  # type: ignore[method-assign]
    return served


def test_development_starts_without_a_key(app: Flask, keys: FolderKeyStore):
    check_before_serving(app)


def test_server_asks_and_commands_do_not(app: Flask, keys: FolderKeyStore, settings: Settings):
    """What mends the fault must start in spite of it."""
    program = "import wsgi; print('serving')"
    environ = environment(settings) | {"KEY_STORE": str(keys._folder)}
    environ |= {"PROBE": "import app; app.check_before_serving = lambda app: print('asked')"}
    asking = "import os; exec(os.environ['PROBE']); "
    served = python(environ, "-c", asking + program)
    assert served.split() == ["asked", "serving"]
    command = "from flask.cli import cli; cli(['--app', 'wsgi', 'keys', 'make'], prog_name='flask')"
    assert "asked" not in python(environ, "-c", asking + command)
    assert state_of(app, keys) is OperatorKeyState.OK


def python(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_database_takes_one_pinned_key(app: Flask):
    (since,) = stored(app, select(OperatorKey.since))
    another = {"public_key": bytes(32), "since": since}
    with app.app_context():
        with pytest.raises(IntegrityError):
            db.session.execute(insert(OperatorKey), [another])
        db.session.rollback()
        db.session.execute(insert(OperatorKey), [{**another, "until": since}])
        db.session.rollback()
