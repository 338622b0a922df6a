"""The key store: a folder of keys outside the database."""

import stat
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.ballots.keys import KeyStore, KeyUnavailable
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.config import Settings
from tests.cast import Cast, ballot, stored
from tests.checks import refusal


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_can_be_read_by_the_service_alone(tmp_path: Path):
    keys, session_id = KeyStore(tmp_path / "keys"), uuid4()
    keys.create_session_key(session_id)
    keys.sign(b"message")
    files = sorted(path for path in (tmp_path / "keys").rglob("*") if path.is_file())
    assert [path.name for path in files] == ["operator.key", f"{session_id}.key"]
    assert [mode(path) for path in files] == [0o600, 0o600]
    assert mode(tmp_path / "keys" / "sessions") == 0o700
    assert [len(path.read_bytes()) for path in files] == [32, 32]


def test_key_is_made_once(tmp_path: Path):
    session_id, voter = uuid4(), uuid4()
    first, second = KeyStore(tmp_path), KeyStore(tmp_path)
    first.create_session_key(session_id)
    slot, signed = first.slot(session_id, voter), first.sign(b"message")
    second.create_session_key(session_id)
    assert second.slot(session_id, voter) == slot
    assert second.sign(b"message") == signed
    assert second.operator_public_key() == first.operator_public_key()


def test_slots_differ_by_voter_and_by_session(tmp_path: Path):
    keys = KeyStore(tmp_path)
    sessions, voters = [uuid4(), uuid4()], [uuid4(), uuid4()]
    for session_id in sessions:
        keys.create_session_key(session_id)
    slots = {keys.slot(session_id, voter) for session_id in sessions for voter in voters}
    assert len(slots) == 4
    assert {len(slot) for slot in slots} == {32}


def test_signature_is_checked_with_the_public_key(tmp_path: Path):
    keys = KeyStore(tmp_path)
    public = Ed25519PublicKey.from_public_bytes(keys.operator_public_key())
    public.verify(keys.sign(b"message"), b"message")


@pytest.mark.parametrize("content", [b"", b"\0" * 31, b"\0" * 33], ids=len)
def test_damaged_key_is_not_used(tmp_path: Path, content: bytes):
    keys, session_id = KeyStore(tmp_path), uuid4()
    keys.create_session_key(session_id)
    (tmp_path / "sessions" / f"{session_id}.key").write_bytes(content)
    with pytest.raises(KeyUnavailable):
        keys.slot(session_id, uuid4())


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
        assert refusal(answer) == (503, "key_unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert refusal(voter.get(path)) == (503, "key_unavailable")
    assert [row.version for row in stored(app, select(Ballot))] == [1]
    assert [mark.weight for mark in stored(app, select(BallotMark))] == [5]
    assert len(stored(app, select(BallotCommitment))) == 1
    assert [entry.resident_id for entry in stored(app, select(RollEntry))] == [voter.id]

    key.write_bytes(kept)
    assert voter.get(path).json == receipt
    assert voter.put(path, ballot(*matters)).json["version"] == 2
