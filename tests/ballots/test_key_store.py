"""The key stores: the same contract for a folder and for a real Redis, outside the database."""

import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from redis import Redis
from sqlalchemy import select

from app import create_app
from app.agenda.models import RollEntry
from app.ballots.keys import redis as key_redis
from app.ballots.keys.choice import KeysDiffer, make_key_store, move_keys
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import (
    KEY_BYTES,
    OPERATOR,
    KeyStore,
    KeyUnavailable,
    VotingKeyMissing,
    WrongKeyStore,
    public_half,
)
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.config import Settings, UnsafeSettings
from tests.ballots.test_sealing import Vote, wrong
from tests.cast import Cast, ballot, stored
from tests.checks import refusal
from tests.redis_server import RedisServer, redis_server
from votes.verify import verify_file

KINDS = ("folder", "redis")
Shelf = Callable[[], KeyStore]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=KINDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """Makes stores over one and the same place, as processes of several hosts have them."""
    if request.param == "folder":
        return lambda: FolderKeyStore(tmp_path / "keys")
    server: RedisServer = request.getfixturevalue("server")
    Redis(port=server.port).flushall()
    return lambda: RedisKeyStore(server.url)


@pytest.fixture
def keys(shelf: Shelf) -> KeyStore:
    return shelf()


# The contract


def test_key_is_made_once(shelf: Shelf):
    session_id, voter = uuid4(), uuid4()
    first, second = shelf(), shelf()
    check = first.create_session_key(session_id)
    slot = first.slot(session_id, voter, check)
    assert second.create_session_key(session_id) == check
    assert second.slot(session_id, voter, check) == slot
    assert len(check) == 16


def test_what_was_never_kept_is_erased_all_the_same(keys: KeyStore):
    """Before the first vote there is no folder yet, and a secret vote begins by erasing."""
    keys.erase(uuid4())
    assert keys.held() == []


def test_many_at_once_end_with_one_key(shelf: Shelf):
    session_id, voter = uuid4(), uuid4()

    def begin(_: int) -> bytes:
        mine = shelf()
        return mine.slot(session_id, voter, mine.create_session_key(session_id))

    with ThreadPoolExecutor(8) as workers:
        assert len(set(workers.map(begin, range(32)))) == 1


def test_slots_differ_by_voter_and_by_session(keys: KeyStore):
    sessions, voters = [uuid4(), uuid4()], [uuid4(), uuid4()]
    for session_id in sessions:
        keys.create_session_key(session_id)
    slots = {keys.slot(session_id, voter, None) for session_id in sessions for voter in voters}
    assert len(slots) == 4
    assert {len(slot) for slot in slots} == {32}


def with_operator_key(keys: KeyStore) -> bytes:
    """Puts an operator's key into the store; answers its public half."""
    seed = os.urandom(KEY_BYTES)
    keys.keep(OPERATOR, seed)
    return public_half(seed)


def test_signature_is_checked_with_the_public_key(keys: KeyStore):
    public = with_operator_key(keys)
    signature = keys.sign(b"message", public)
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"message")


def assert_does_not_sign(shelf: Shelf, public_key: bytes) -> None:
    with pytest.raises(WrongKeyStore):
        shelf().sign(b"message", public_key)
    with pytest.raises(WrongKeyStore):
        shelf().require_operator_key(public_key)


def test_store_signs_with_no_key_but_the_one_that_it_is_told(shelf: Shelf):
    keys = shelf()
    other = public_half(os.urandom(KEY_BYTES))
    assert_does_not_sign(shelf, other)
    public = with_operator_key(keys)
    assert_does_not_sign(shelf, other)
    assert keys.held_operator_key() == public
    assert keys.held() == []


def test_key_of_another_making_is_not_the_sessions_key(shelf: Shelf):
    keys, session_id = shelf(), uuid4()
    check = keys.create_session_key(session_id)
    keys.require_session_key(session_id, check)
    keys.erase(session_id)
    keys.create_session_key(session_id)
    for ask in (
        lambda: keys.slot(session_id, uuid4(), check),
        lambda: keys.slip_nonce(session_id, "123456", check),
        lambda: keys.require_session_key(session_id, check),
    ):
        with pytest.raises(VotingKeyMissing):
            ask()


def test_held_names_sessions_alone(keys: KeyStore):
    sessions = [uuid4() for _ in range(30)]
    for session_id in sessions:
        keys.create_session_key(session_id)
    with_operator_key(keys)
    assert sorted(keys.held()) == sorted(sessions)


def test_erased_key_is_gone_for_every_process(shelf: Shelf):
    first, second = shelf(), shelf()
    session_id, other = uuid4(), uuid4()
    for each in (session_id, other):
        first.create_session_key(each)
    second.slot(session_id, uuid4(), None)
    first.erase(session_id)
    first.erase(session_id)  # twice is no error
    assert second.held() == [other]
    with pytest.raises(KeyUnavailable):
        second.slot(session_id, uuid4(), None)
    second.slot(other, uuid4(), None)


@pytest.mark.parametrize("content", [b"", b"\0" * 31, b"\0" * 33], ids=len)
def test_damaged_key_is_not_used(
    shelf: Shelf, content: bytes, tmp_path: Path, request: pytest.FixtureRequest
):
    keys, session_id = shelf(), uuid4()
    keys.create_session_key(session_id)
    if isinstance(keys, FolderKeyStore):
        (tmp_path / "keys" / "sessions" / f"{session_id}.key").write_bytes(content)
    else:
        server: RedisServer = request.getfixturevalue("server")
        Redis(port=server.port).set(f"yueyuetan:key:{session_id}", content)
    with pytest.raises(KeyUnavailable):
        keys.slot(session_id, uuid4(), None)


# A folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_can_be_read_by_the_service_alone(tmp_path: Path):
    keys, session_id = FolderKeyStore(tmp_path / "keys"), uuid4()
    keys.create_session_key(session_id)
    with_operator_key(keys)
    files = sorted(path for path in (tmp_path / "keys").rglob("*") if path.is_file())
    assert [path.name for path in files] == ["operator.key", f"{session_id}.key"]
    assert [mode(path) for path in files] == [0o600, 0o600]
    assert mode(tmp_path / "keys" / "sessions") == 0o700
    assert [len(path.read_bytes()) for path in files] == [32, 32]


# Redis


def test_key_outlives_the_death_of_redis(tmp_path: Path):
    session_id, voter = uuid4(), uuid4()
    with redis_server(tmp_path / "redis") as server:
        keys = RedisKeyStore(server.url)
        keys.create_session_key(session_id)
        slot, public = keys.slot(session_id, voter, None), with_operator_key(keys)
        server.kill()
        for ask in (
            lambda: keys.slot(session_id, voter, None),
            lambda: keys.create_session_key(uuid4()),
            lambda: keys.erase(session_id),
            lambda: RedisKeyStore(server.url).sign(b"message", public),
            lambda: keys.require_operator_key(public),
            keys.held,
        ):
            with pytest.raises(KeyUnavailable) as refused:
                ask()
            assert refused.value.retry_after == 5
        server.start()
        assert keys.slot(session_id, voter, None) == slot
        assert keys.held_operator_key() == public
        assert keys.held() == [session_id]


def test_erased_key_leaves_the_disk_too(tmp_path: Path):
    session_id = uuid4()
    with redis_server(tmp_path / "redis") as server:
        keys = RedisKeyStore(server.url)
        keys.create_session_key(session_id)
        keys.create_session_key(other := uuid4())
        key = keys.find(session_id)
        assert key is not None
        assert key in server.on_disk()
        keys.erase(session_id)
        until_not_on_disk(server, key)  # the file before it is taken away in the background
        server.kill()
        server.start()
        assert keys.held() == [other]
        assert keys.find(session_id) is None


def until_not_on_disk(server: RedisServer, key: bytes) -> None:
    deadline = time.monotonic() + 20
    while key in server.on_disk():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_key_whose_file_cannot_be_written_anew_is_still_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """So the finaliser comes back to it; the key itself is overwritten by then."""
    monkeypatch.setattr(key_redis, "REWRITE_PAUSE_S", 0)
    session_id = uuid4()
    with redis_server(tmp_path / "redis", **{"rename-command": "BGREWRITEAOF gone"}) as server:
        keys = RedisKeyStore(server.url)
        keys.create_session_key(session_id)
        with pytest.raises(KeyUnavailable):
            keys.erase(session_id)
        assert keys.held() == [session_id]
        with pytest.raises(KeyUnavailable):
            keys.slot(session_id, uuid4(), None)


def test_redis_that_does_not_answer_is_not_waited_for(tmp_path: Path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        keys = RedisKeyStore(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        begun = time.monotonic()
        with pytest.raises(KeyUnavailable):
            keys.held()
        assert time.monotonic() - begun < 8


def with_redis(settings: Settings, url: str, production: bool = True) -> Settings:
    return Settings(
        **{**vars(settings), "key_store_url": url, "production": production, "rate_limit_url": ""}
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "no"),
        ("appendfsync", "everysec"),
        ("save", "3600 1"),
        ("maxmemory-policy", "allkeys-lru"),
    ],
)
def test_production_refuses_a_redis_that_may_lose_or_keep_keys(
    settings: Settings, tmp_path: Path, name: str, value: str
):
    words = f"KEY_STORE: Redis runs with {name} '{value}'"
    with (
        redis_server(tmp_path / "redis", **{name: value}) as server,
        pytest.raises(UnsafeSettings, match=words),
    ):
        make_key_store(with_redis(settings, server.url)).check()


def test_production_starts_with_a_safe_redis_only(settings: Settings, server: RedisServer):
    make_key_store(with_redis(settings, server.url)).check()
    with pytest.raises(UnsafeSettings, match="lets nobody in"):
        make_key_store(with_redis(settings, server.url.replace("//", "//nobody:wrong@"))).check()
    with pytest.raises(KeyUnavailable):  # what is away may be as it should be
        make_key_store(with_redis(settings, "redis://:secret@127.0.0.1:1/0")).check()


@pytest.mark.parametrize(
    "value", ["http://keys.example", "redis://127.0.0.1:port/0", "postgresql://keys"]
)
def test_address_of_something_else_is_refused(tmp_path: Path, value: str):
    settings = Settings.from_environment(tmp_path, {"KEY_STORE": value})
    with pytest.raises(UnsafeSettings, match="KEY_STORE") as refused:
        create_app(settings, tmp_path)
    assert value not in str(refused.value)


def test_setting_tells_folder_from_redis(tmp_path: Path):
    chosen = {
        value: type(make_key_store(Settings.from_environment(tmp_path, {"KEY_STORE": value})))
        for value in ("", str(tmp_path / "mine"), "redis://127.0.0.1:1/3", "unix:///run/redis.sock")
    }
    assert list(chosen.values()) == [
        *(FolderKeyStore, FolderKeyStore),
        *(RedisKeyStore, RedisKeyStore),
    ]


# Moving


def test_keys_move_from_a_folder_to_redis(tmp_path: Path, server: RedisServer):
    Redis(port=server.port).flushall()
    source, target = FolderKeyStore(tmp_path / "keys"), RedisKeyStore(server.url)
    session_id, voter = uuid4(), uuid4()
    source.create_session_key(session_id)
    before = source.slot(session_id, voter, None), with_operator_key(source)
    assert move_keys(source, target) == 2
    assert (target.slot(session_id, voter, None), target.held_operator_key()) == before
    assert (source.held(), source.find(OPERATOR)) == ([], None)


def test_keys_that_differ_are_not_moved(tmp_path: Path):
    source, target = FolderKeyStore(tmp_path / "old"), FolderKeyStore(tmp_path / "new")
    session_id = uuid4()
    source.create_session_key(session_id)
    before = with_operator_key(source)
    with_operator_key(target)
    with pytest.raises(KeysDiffer, match="operator"):
        move_keys(source, target)
    assert (source.held(), source.held_operator_key()) == ([session_id], before)


def test_command_moves_the_keys_of_a_folder(app: Flask, tmp_path: Path, settings: Settings):
    source, session_id = FolderKeyStore(tmp_path / "old"), uuid4()
    source.create_session_key(session_id)
    run = app.test_cli_runner().invoke
    answer = run(args=["move-keys", str(tmp_path / "old")])
    assert answer.exit_code == 0, answer.output
    assert "已移走 1 把密钥" in answer.output
    assert session_id in app.extensions["keys"].held()
    app.extensions["keys"].erase(session_id)
    same = run(args=["move-keys", str(settings.key_store)])
    assert (same.exit_code, "KEY_STORE 就是这个文件夹" in same.output) == (1, True)


# Votes


@pytest.fixture
def on_redis(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """The application with its keys in a Redis that may be killed."""
    with redis_server(tmp_path / "redis") as running:
        keys = RedisKeyStore(running.url)
        keys.keep(OPERATOR, app.extensions["keys"].find(OPERATOR))
        monkeypatch.setitem(app.extensions, "keys", keys)
        yield running


def test_vote_goes_on_after_redis_was_killed(
    on_redis: RedisServer, cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    vote = Vote(cast)
    voter, path = vote.voters[0], f"{vote.path}/ballot"
    before = voter.get(path).json
    on_redis.kill()
    for answer in (
        voter.put(path, ballot(vote.matters[0])),
        vote.voters[5].put(path, ballot(vote.matters[0])),  # nothing of theirs is stored
        voter.get(path),
    ):
        assert refusal(answer) == (503, "key_unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert len(stored(app, select(Ballot))) == 5
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 1
    on_redis.start()
    # Another process, on another host, goes on with the same keys.
    monkeypatch.setitem(app.extensions, "keys", RedisKeyStore(on_redis.url))
    assert voter.get(path).json == before
    replaced = voter.put(path, ballot(*vote.matters)).json
    assert replaced["version"] == before["version"] + 1
    vote.close()
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert app.extensions["keys"].held() == []
    raw = voter.get(f"{vote.path}/bundle.json").data
    assert wrong(verify_file(raw, {**replaced, "session_id": vote.id})) == []
    assert wrong(verify_file(raw, vote.receipts[2])) == []


def test_key_that_redis_could_not_forget_is_erased_later(
    on_redis: RedisServer, cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    vote = Vote(cast)
    vote.close()
    keys: RedisKeyStore = app.extensions["keys"]
    with monkeypatch.context() as broken:
        broken.setattr(keys, "erase", lambda owner: on_redis.kill() or keys.held())
        assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 1
    on_redis.start()
    assert keys.held() == [UUID(vote.id)]
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert keys.held() == []


def test_cast_without_the_session_key_stores_nothing(cast: Cast, app: Flask, settings: Settings):
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    path = f"/sessions/{session['id']}/ballot"
    receipt = voter.put(path, ballot(matters[0])).json
    key = settings.key_store / "sessions" / f"{UUID(session['id'])}.key"
    kept = key.read_bytes()
    key.unlink()

    late = cast.resident()  # would be admitted to the roll by casting
    for answer in (voter.put(path, ballot(*matters)), late.put(path, ballot(*matters))):
        assert refusal(answer) == (503, "voting_key_missing")
        assert answer.headers["Retry-After"] == "60"
    assert refusal(voter.get(path)) == (503, "voting_key_missing")
    assert [row.version for row in stored(app, select(Ballot))] == [1]
    assert [mark.weight for mark in stored(app, select(BallotMark))] == [5]
    assert len(stored(app, select(BallotCommitment))) == 1
    assert [entry.resident_id for entry in stored(app, select(RollEntry))] == [voter.id]

    key.write_bytes(kept)
    assert voter.get(path).json == receipt
    assert voter.put(path, ballot(*matters)).json["version"] == 2
