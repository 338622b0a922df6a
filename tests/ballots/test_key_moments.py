"""What happens to the key store, at each moment of a vote: nothing that was handed out fails to
verify under the vote's key, nothing changes without a word, and what was right goes on when the
right store is back."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.agenda.models import AgendaSession
from app.ballots import sealing, voting
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import KEY_BYTES, OPERATOR, KeyStore
from app.ballots.models import Ballot, BallotCommitment, SessionBundle
from tests.ballots.test_sealing import wrong
from tests.cast import Cast, ballot, stored
from tests.redis_server import RedisServer, redis_server
from votes.receipt import promise_message
from votes.verify import verify_file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


class Place:
    """Where keys lie, as somebody sees it who may do anything there."""

    def store(self) -> KeyStore:
        """As a process sees it that has just begun."""
        raise NotImplementedError

    def read(self) -> dict[str, bytes]:
        raise NotImplementedError

    def write(self, content: dict[str, bytes]) -> None:
        raise NotImplementedError

    def go_away(self) -> None:
        raise NotImplementedError

    def come_back(self) -> None:
        raise NotImplementedError

    def be_there(self) -> None:
        """For the next test."""


class Folder(Place):
    def __init__(self, folder: Path) -> None:
        self.folder, self._aside = folder, folder.with_name("aside")

    def store(self) -> KeyStore:
        return FolderKeyStore(self.folder)

    def read(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def write(self, content: dict[str, bytes]) -> None:
        shutil.rmtree(self.folder)
        for name, key in content.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(key)
        self.folder.mkdir(exist_ok=True)

    def go_away(self) -> None:
        self.folder.rename(self._aside)
        self.folder.write_bytes(b"")  # what is no folder cannot be read as one, by root neither

    def come_back(self) -> None:
        self.folder.unlink()
        self._aside.rename(self.folder)


class InRedis(Place):
    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._client().flushall()

    def _client(self) -> "Redis":
        return Redis(port=self._server.port)

    def store(self) -> KeyStore:
        return RedisKeyStore(self._server.url)

    def read(self) -> dict[str, bytes]:
        client = self._client()
        return {name.decode(): client.get(name) for name in client.scan_iter()}

    def write(self, content: dict[str, bytes]) -> None:
        client = self._client()
        client.flushall()
        for name, key in content.items():
            client.set(name, key)

    def go_away(self) -> None:
        self._server.kill()

    def come_back(self) -> None:
        self._server.start()

    def be_there(self) -> None:
        self._server.kill()
        self._server.start()


@pytest.fixture(params=["folder", "redis"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """The application on a store of its own, which holds the pinned key."""
    made = (
        Folder(tmp_path / "keys")
        if request.param == "folder"
        else InRedis(request.getfixturevalue("server"))
    )
    seed = app.extensions["keys"].find(OPERATOR)
    keys = made.store()
    keys.keep(OPERATOR, seed)
    monkeypatch.setitem(app.extensions, "keys", keys)
    yield made
    made.be_there()


# What can happen to a store: what becomes of its content, by the names of the operator's key and of
# the vote's.
Content = dict[str, bytes]
Happening = Callable[[Content, str, str], Content]
ANOTHER = os.urandom(KEY_BYTES)
HAPPENINGS: dict[str, Happening] = {
    "operator key gone": lambda keys, operator, vote: without(keys, operator),
    "operator key replaced": lambda keys, operator, vote: {**keys, operator: ANOTHER},
    "operator key damaged": lambda keys, operator, vote: {**keys, operator: b"short"},
    "vote's key gone": lambda keys, operator, vote: without(keys, vote),
    "vote's key replaced": lambda keys, operator, vote: {**keys, vote: ANOTHER},
    "vote's key damaged": lambda keys, operator, vote: {**keys, vote: b""},
    "all flushed": lambda keys, operator, vote: {},
    "another installation's": lambda keys, operator, vote: {operator: ANOTHER, vote: ANOTHER},
}
AWAY = "store away"
# With which codes requests are refused then.
CODES = {
    **{name: {"wrong_key_store"} for name in HAPPENINGS},
    **{name: {"voting_key_missing"} for name in HAPPENINGS if name.startswith("vote's key")},
    AWAY: {"key_unavailable"},
}


def without(keys: Content, name: str) -> Content:
    return {each: key for each, key in keys.items() if each != name}


MOMENTS = ("before opening", "open", "with ballots", "extended", "sealed")


class Vote:
    """A vote that has come to a moment; whoever asks anything of it is checked at once."""

    def __init__(self, cast: Cast, moment: str) -> None:
        self.app, self.secretary = cast.app, cast.secretary()
        self.voters = [cast.resident() for _ in range(4)]
        self.matters: list[str] = []
        if moment == "before opening":
            session = cast.session(self.secretary)
            self.path = f"/sessions/{session['id']}"
            self.secretary.post(f"{self.path}/start-collecting")
            self.matters = cast.matters(self.secretary, self.voters[0], ("停车", "路灯"))
            self.secretary.post(f"{self.path}/freeze-list")
        else:
            session, self.matters = cast.open_session(self.secretary, self.voters[0])
            self.path = f"/sessions/{session['id']}"
        self.id = UUID(session["id"])
        self.bodies = [{**ballot(*self.matters), "nonce": f"{i:032x}"} for i in range(4)]
        self.receipts = [self.cast(i).json for i in range(3 if moment in MOMENTS[2:] else 0)]
        if moment == "extended":
            assert self.secretary.post(f"{self.path}/extend-voting").status_code == 200
        if moment == "sealed":
            assert self.secretary.post(f"{self.path}/close-voting").status_code == 200

    def cast(self, voter: int) -> TestResponse:
        return self.voters[voter].put(f"{self.path}/ballot", self.bodies[voter])

    @property
    def state(self) -> str:
        return str(stored(self.app, select(AgendaSession.state))[0])

    def rows(self) -> list[Any]:
        """How much is stored of it."""
        models = (Ballot, BallotCommitment, SessionBundle)
        counts = [stored(self.app, select(func.count()).select_from(each))[0] for each in models]
        return [self.state, *counts]

    def ask(self) -> dict[str, TestResponse]:
        """Everything that needs a key. Where it is answered it may be asked again."""
        voter, secretary = self.voters[0], self.secretary
        asked = {
            "cast again": self.cast(0),
            "first cast": self.cast(3),
            "my ballot": voter.get(f"{self.path}/ballot"),
            "withdraw": voter.delete(f"{self.path}/ballot", query_string={"expected_version": 9}),
            "operator key": voter.get("/operator-key"),
        }
        if self.state == "LISTED":
            asked["open"] = secretary.post(f"{self.path}/open-voting")
        if self.state in ("VOTING", "EXTENDED"):
            asked["close"] = secretary.post(f"{self.path}/close-voting")
        return asked

    def check(self, answers: dict[str, TestResponse]) -> None:
        """Whatever was handed out holds. Raises AssertionError for what does not."""
        (named,) = stored(self.app, select(AgendaSession.operator_key))
        for asked, answer in answers.items():
            told = answer.json or {}
            if "promise" in told:
                message = promise_message(
                    str(self.id), bytes.fromhex(told["commitment"]), told["version"]
                )
                assert holds(named, bytes.fromhex(told["promise"]), message), asked
            if asked == "operator key" and answer.status_code == 200 and named is not None:
                assert told["public_key"] == named.hex()
        bundle = self.voters[0].get(f"{self.path}/bundle.json")
        if bundle.status_code == 200:
            assert wrong(verify_file(bundle.data)) == []
            assert bundle.json["operator_key"] == named.hex()
            for receipt in self.receipts:
                named_receipt = {**receipt, "session_id": str(self.id)}
                assert wrong(verify_file(bundle.data, named_receipt)) == []


def holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def names(place: Place, session_id: UUID) -> tuple[str, str]:
    """What the operator's key and the vote's are called in this place."""
    if isinstance(place, Folder):
        return "operator.key", f"sessions/{session_id}.key"
    return "yueyuetan:key:operator", f"yueyuetan:key:{session_id}"


OPERATORS = frozenset(name for name in HAPPENINGS if not name.startswith("vote's key"))
SLOTS = frozenset(HAPPENINGS) - {name for name in HAPPENINGS if name.startswith("operator key")}


def must_refuse(name: str, moment: str, is_new: bool) -> set[str]:
    """What cannot be answered then; `is_new` is a process that has not found the right key."""
    wrong_store = name in OPERATORS or name == AWAY
    asked = {"operator key"} if wrong_store else set()
    if moment == "before opening":
        return asked | ({"open"} if wrong_store else set())
    if moment == "sealed":
        return asked | ({"cast again"} if wrong_store and is_new else set())
    needs_slot = {"cast again", "first cast", "my ballot", "withdraw"}
    if moment != "open":  # there too few have voted to close before the end
        asked.add("close")
    if name in SLOTS or name == AWAY:
        asked |= needs_slot
    elif is_new:
        asked |= {"cast again", "first cast"}
    return asked


def happens(place: Place, name: str, content: Content, vote: Vote) -> None:
    if name == AWAY:
        place.go_away()
    else:
        place.write(HAPPENINGS[name](content, *names(place, vote.id)))


def is_over(place: Place, name: str, content: Content) -> None:
    place.come_back() if name == AWAY else place.write(content)


@pytest.mark.parametrize("moment", MOMENTS)
def test_store_at_each_moment_of_a_vote(
    place: Place,
    cast: Cast,
    app: Flask,
    moment: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    """Also where a process has found the right key before, and where one begins just now."""
    vote = Vote(cast, moment)
    content, seasoned = place.read(), app.extensions["keys"]
    happenings = [*HAPPENINGS, AWAY]
    if moment in ("before opening", "sealed"):  # there is no vote's key
        happenings = [*sorted(OPERATORS), AWAY]
    for name in happenings:
        # Whoever begins first: what it may store would be there for the other.
        for keys in (place.store(), seasoned):
            monkeypatch.setitem(app.extensions, "keys", keys)
            before = vote.rows()
            happens(place, name, content, vote)
            caplog.clear()
            answers = vote.ask()
            vote.check(answers)
            refused = {asked: told for asked, told in answers.items() if told.status_code == 503}
            where = f"{name}, {'new' if keys is not seasoned else 'seasoned'}"
            assert refused.keys() >= must_refuse(name, moment, keys is not seasoned), where
            assert {told.json["code"] for told in refused.values()} == CODES[name], where
            if name != AWAY:
                assert any(each.levelno >= logging.ERROR for each in caplog.records), where
            if "first cast" in refused:
                assert vote.rows() == before, where
            assert vote.state == before[0], where
            is_over(place, name, content)
    vote.check(vote.ask())
    assert vote.state != "VOID"
    assert vote.state == ("VOTING" if moment == "before opening" else "TALLIED")


@pytest.mark.parametrize("name", [*HAPPENINGS, AWAY])
def test_store_between_count_and_signature(
    place: Place, cast: Cast, app: Flask, name: str, monkeypatch: pytest.MonkeyPatch
):
    vote = Vote(cast, "with ballots")
    content, count = place.read(), voting.count_ballots

    def count_and_then(*args: Any) -> Any:
        counted = count(*args)
        happens(place, name, content, vote)
        return counted

    with monkeypatch.context() as between:
        between.setattr(voting, "count_ballots", count_and_then)
        closed = vote.secretary.post(f"{vote.path}/close-voting")
    if name in OPERATORS or name == AWAY:
        assert (closed.status_code, closed.json["code"]) == (503, *CODES[name])
        assert vote.rows() == ["VOTING", 3, 3, 0]
        is_over(place, name, content)
        closed = vote.secretary.post(f"{vote.path}/close-voting")
    assert (closed.status_code, vote.state) == (200, "TALLIED")
    vote.check({})
    assert vote.voters[0].get(f"{vote.path}/bundle.json").status_code == 200


# Mutants: what the care is for.


def sign_with_another(self: KeyStore, message: bytes, public_key: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(ANOTHER).sign(message)


@pytest.mark.parametrize("is_verified", [True, False], ids=["honest", "mutant"])
def test_signature_is_verified_before_it_seals(
    place: Place, cast: Cast, is_verified: bool, monkeypatch: pytest.MonkeyPatch
):
    vote = Vote(cast, "with ballots")
    monkeypatch.setattr(KeyStore, "sign", sign_with_another)
    if not is_verified:
        monkeypatch.setattr(sealing, "require_verified", lambda *args: None)
    closed = vote.secretary.post(f"{vote.path}/close-voting")
    if is_verified:
        assert (closed.status_code, closed.json["code"]) == (503, "signature_not_verified")
        assert vote.rows() == ["VOTING", 3, 3, 0]
    else:
        assert closed.status_code == 200
        with pytest.raises(AssertionError, match="signature"):
            vote.check({})


@pytest.mark.parametrize("is_compared", [True, False], ids=["honest", "mutant"])
def test_key_of_the_store_is_compared(
    place: Place, cast: Cast, app: Flask, is_compared: bool, monkeypatch: pytest.MonkeyPatch
):
    """A process that begins on a store with another operator's key."""
    vote = Vote(cast, "with ballots")
    place.write({**place.read(), names(place, vote.id)[0]: ANOTHER})
    monkeypatch.setitem(app.extensions, "keys", place.store())
    if not is_compared:
        another = Ed25519PrivateKey.from_private_bytes(ANOTHER)
        monkeypatch.setattr(KeyStore, "_find_signer", lambda self, public_key: another)
    answers = {"cast again": vote.cast(0)}
    if is_compared:
        vote.check(answers)
        assert answers["cast again"].status_code == 503
    else:
        with pytest.raises(AssertionError, match="cast again"):
            vote.check(answers)
