"""Another operator's key: told on every board, and no vote in between notices."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.agenda.models import AgendaSession
from app.ballots.keys import changes as key_changes
from app.ballots.keys.operator import OperatorKeyState, operator_key_state
from app.ballots.keys.store import OPERATOR, KeyStore, own_name
from app.ballots.models import OperatorKey
from app.board.models import NoticeKind, PublicNotice
from app.config import Settings
from app.kit.clock import read_database_clock
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from tests.ballots.test_sealing import Vote, wrong
from tests.cast import Cast, ballot, stored
from tests.checks import refusal
from votes.verify import verify_file

Travel = Callable[[Any], None]


@pytest.fixture(autouse=True)
def _same_key_again(app: Flask) -> Iterator[None]:
    """The store outlives the test, and the next one pins what it holds."""
    yield
    keys: KeyStore = app.extensions["keys"]
    for owner in keys.held():
        keys.erase(owner)


def rotate(app: Flask) -> bytes:
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert done.exit_code == 0, done.output
    with app.app_context():
        assert operator_key_state(db.session(), app.extensions["keys"]) is OperatorKeyState.OK
    public: bytes = app.extensions["keys"].held_operator_key()
    assert public.hex() in done.output
    return public


def test_former_keys_stay_published(app: Flask, cast: Cast, client: FlaskClient):
    first = client.get(f"{PREFIX}/operator-key").json["public_key"]
    second, third = rotate(app).hex(), rotate(app).hex()
    told = client.get(f"{PREFIX}/operator-key").json
    assert (told["public_key"], [key["public_key"] for key in told["former"]]) == (
        third,
        [second, first],
    )
    newer, older = told["former"]
    assert (newer["until"], older["until"]) == (told["since"], newer["since"])


def test_every_board_is_told(app: Flask, cast: Cast, client: FlaskClient):
    cast.other_community()
    for _ in range(2):
        public = rotate(app).hex()
    kind = PublicNotice.kind == NoticeKind.OPERATOR_KEY_CHANGED
    told = stored(app, select(PublicNotice).where(kind).order_by(PublicNotice.id))
    assert len(told) == 8
    assert len({notice.compound_id for notice in told[:4]}) == 4
    assert {notice.data["public_key"] for notice in told[4:]} == {public}
    for words in (public, told[0].data["public_key"], "旧公钥"):
        assert words in told[-1].text
    assert "Receipts and results" in (told[-1].text_en or "")


@pytest.mark.parametrize("is_new", [False, True], ids=["seasoned", "new"])
def test_vote_keeps_the_key_of_its_opening(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    is_new: bool,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
):
    """Receipts of before and after, and the bundle, all hold together."""
    vote = Vote(cast)
    former = app.extensions["keys"].held_operator_key()
    rotate(app)
    if is_new:  # a process that has never held the former key
        monkeypatch.setitem(
            app.extensions, "keys", type(app.extensions["keys"])(settings.key_store)
        )
    late = vote.voters[5].put(f"{vote.path}/ballot", ballot(*vote.matters)).json
    vote.close()
    raw = vote.bundle(client).data
    assert vote.bundle(client).json["operator_key"] == former.hex()
    for receipt in (*vote.receipts, late):
        assert wrong(verify_file(raw, {**receipt, "session_id": vote.id})) == []
    # Whoever lost the answer gets the same one.
    lost = {"marks": late["marks"], "nonce": late["nonce"]}
    assert vote.voters[5].put(f"{vote.path}/ballot", lost).json == late


def test_next_vote_has_the_new_key(app: Flask, cast: Cast, client: FlaskClient):
    public = rotate(app)
    vote = Vote(cast)
    vote.close()
    assert vote.bundle(client).json["operator_key"] == public.hex()
    assert wrong(verify_file(vote.bundle(client).data, vote.receipts[0])) == []


def test_former_key_is_erased_when_no_vote_needs_it(
    app: Flask, cast: Cast, client: FlaskClient, travel: Travel
):
    with app.app_context():
        now = read_database_clock(db.session())
    travel(now)
    vote, keys = Vote(cast), app.extensions["keys"]
    former = keys.held_operator_key()
    rotate(app)
    lost = {name: vote.receipts[0][name] for name in ("marks", "nonce")}
    for close, hours, is_held in ((False, 30, True), (True, 31, True), (False, 56, False)):
        travel(now + timedelta(hours=hours))
        vote.voters = [cast.logged_in_anew(voter) for voter in vote.voters]
        vote.secretary = cast.logged_in_anew(vote.secretary)
        if close:
            vote.close()
        assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
        assert (own_name(former) in keys.held()) is is_held, hours
    fresh = type(keys)(keys._folder)
    app.extensions["keys"] = fresh
    try:
        again = vote.voters[0].put(f"{vote.path}/ballot", lost)
    finally:
        app.extensions["keys"] = keys
    assert refusal(again) == (503, "wrong_key_store")
    assert wrong(verify_file(vote.bundle(client).data, vote.receipts[0])) == []


def test_rotation_that_breaks_off_in_the_store_is_finished(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    """Between the commit and the store's last step nothing stands still."""
    former = app.extensions["keys"].held_operator_key()
    with monkeypatch.context() as broken:
        broken.setattr(key_changes, "settle", lambda *args: None)
        app.test_cli_runner().invoke(args=["keys", "rotate"])
    keys = app.extensions["keys"]
    (pinned,) = stored(app, select(OperatorKey.public_key).where(OperatorKey.until.is_(None)))
    assert keys.held_operator_key() == former != pinned
    Vote(cast).close()
    assert stored(app, select(AgendaSession.operator_key)) == [pinned]
    assert app.test_cli_runner().invoke(args=["keys", "settle"]).exit_code == 0
    assert keys.held_operator_key() == pinned
    assert keys.find(own_name(former)) is not None


def test_store_that_is_not_ours_is_not_rotated(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    keys = app.extensions["keys"]
    seed = keys.find(OPERATOR)
    keys.erase(OPERATOR)
    try:
        refused = app.test_cli_runner().invoke(args=["keys", "rotate"])
    finally:
        keys.keep(OPERATOR, seed)
    assert (refused.exit_code, "密钥库不对" in refused.output) == (1, True)
    assert len(stored(app, select(OperatorKey))) == 1


def test_lost_operator_key_is_replaced_and_open_votes_are_held_again(
    app: Flask, cast: Cast, client: FlaskClient, travel: Travel
):
    """The worst case: what was signed still holds, and nothing is stuck."""
    with app.app_context():
        now = read_database_clock(db.session())
    travel(now)
    sealed = Vote(cast)
    sealed.close()
    cast.home = cast.neighbour
    vote, keys = Vote(cast, period="2027-02"), app.extensions["keys"]
    run = app.test_cli_runner().invoke
    kept = run(args=["keys", "rotate", "--lost"], input="y\n")
    assert (kept.exit_code, "没有丢" in kept.output) == (1, True)
    keys.erase(OPERATOR)
    fresh = type(keys)(keys._folder)
    app.extensions["keys"] = fresh
    try:
        assert run(args=["keys", "rotate", "--lost"], input="y\n").exit_code == 0
        public = fresh.held_operator_key()
        refused = vote.voters[5].put(f"{vote.path}/ballot", ballot(*vote.matters))
        assert refusal(refused) == (503, "wrong_key_store")
        assert run(args=["finalise"]).exit_code == 0
        travel(now + timedelta(minutes=31))
        assert run(args=["finalise"]).exit_code == 0
    finally:
        app.extensions["keys"] = keys
    states = {each.state for each in stored(app, select(AgendaSession))}
    assert states == {"TALLIED", "VOID", "LISTED"}
    kind = PublicNotice.kind == NoticeKind.OPERATOR_KEY_CHANGED
    assert "旧密钥遗失" in stored(app, select(PublicNotice.text).where(kind))[0]
    raw = sealed.bundle(client).data
    assert wrong(verify_file(raw, {**sealed.receipts[0], "session_id": sealed.id})) == []
    told = client.get(f"{PREFIX}/operator-key").json
    assert told["public_key"] == public.hex()
    assert [key["public_key"] for key in told["former"]] == [
        sealed.bundle(client).json["operator_key"]
    ]
