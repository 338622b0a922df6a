"""The operator's key apart: under a passphrase, beside no backup, never in place of another."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import OPERATOR, KeyStore, public_half
from app.ballots.models import OperatorKey
from app.kit.extensions import db
from tests.backup.conftest import Console, Said
from tests.backup.test_no_session_key import PASSPHRASE
from tests.ballots.test_sealing import Vote
from tests.redis_server import redis_server


def pin_another(app: Flask, store: KeyStore) -> None:
    """A key of this store's own, in place of that of all tests."""
    store.erase(OPERATOR)
    seed = os.urandom(32)
    store.keep(OPERATOR, seed)
    with app.app_context():
        db.session.execute(update(OperatorKey).values(public_key=public_half(seed)))
        db.session.commit()


@pytest.fixture(params=["folder", "redis"])
def keys(
    request: pytest.FixtureRequest, tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeyStore]:
    if request.param == "folder":
        store: KeyStore = FolderKeyStore(tmp_path / "keys")
        monkeypatch.setitem(app.extensions, "keys", store)
        pin_another(app, store)
        yield store
        return
    with redis_server(tmp_path / "redis") as server:
        store = RedisKeyStore(server.url)
        monkeypatch.setitem(app.extensions, "keys", store)
        pin_another(app, store)
        yield store


class Shelf:
    """Runs both commands with a passphrase from a file."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._console, self.file = console, folder / "apart" / "operator.pem"
        self._secret = folder / "passphrase"

    def run(self, command: str, file: Path | None = None, passphrase: str = PASSPHRASE) -> Said:
        self._secret.write_text(f"{passphrase}\n")
        return self._console(command, file or self.file, "--passphrase-file", self._secret)


@pytest.fixture
def shelf(console: Console, tmp_path: Path) -> Shelf:
    return Shelf(console, tmp_path)


def public_of(keys: KeyStore) -> bytes:
    public = keys.held_operator_key()
    assert public is not None
    return public


def test_key_comes_back_to_an_empty_store(keys: KeyStore, shelf: Shelf):
    keys.keep(OPERATOR, os.urandom(32))
    key, public = keys.find(OPERATOR), public_of(keys)
    said = shelf.run("backup-operator-key")
    assert (said.status, public.hex() in said.words) == (0, True), said
    assert stat.S_IMODE(shelf.file.stat().st_mode) == 0o600
    keys.erase(OPERATOR)
    said = shelf.run("restore-operator-key")
    assert (said.status, public.hex() in said.words) == (0, True), said
    assert keys.find(OPERATOR) == key
    assert shelf.run("restore-operator-key").status == 0  # the same key again is no fault


def test_key_that_is_not_the_pinned_one_is_not_put_back(app: Flask, keys: KeyStore, shelf: Shelf):
    """The copy of another installation would sign what nobody can check."""
    keys.keep(OPERATOR, os.urandom(32))
    assert shelf.run("backup-operator-key").status == 0
    keys.erase(OPERATOR)
    with app.app_context():
        db.session.execute(update(OperatorKey).values(public_key=bytes(32)))
        db.session.commit()
    said = shelf.run("restore-operator-key")
    assert (said.status, "not the operator's key that is pinned" in said.words) == (1, True), said
    assert keys.find(OPERATOR) is None


def test_another_key_is_not_replaced(keys: KeyStore, shelf: Shelf):
    keys.keep(OPERATOR, os.urandom(32))
    assert shelf.run("backup-operator-key").status == 0
    keys.erase(OPERATOR)
    other = os.urandom(32)
    keys.keep(OPERATOR, other)
    said = shelf.run("restore-operator-key")
    assert (said.status, "nothing was changed" in said.words) == (1, True), said
    assert keys.find(OPERATOR) == other


@pytest.mark.parametrize(
    ("passphrase", "words"),
    [("four words that nobody knows", "the passphrase is wrong"), ("", "the passphrase is wrong")],
)
def test_wrong_passphrase_is_refused(keys: KeyStore, shelf: Shelf, passphrase: str, words: str):
    keys.keep(OPERATOR, os.urandom(32))
    assert shelf.run("backup-operator-key").status == 0
    keys.erase(OPERATOR)
    said = shelf.run("restore-operator-key", passphrase=passphrase)
    assert (said.status, words in said.words) == (1, True), said
    assert keys.find(OPERATOR) is None


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xff" * 100])
def test_what_is_no_key_is_refused(keys: KeyStore, shelf: Shelf, tmp_path: Path, content: bytes):
    (tmp_path / "other.pem").write_bytes(content)
    keys.erase(OPERATOR)
    said = shelf.run("restore-operator-key", tmp_path / "other.pem")
    assert (said.status, keys.find(OPERATOR)) == (1, None), said


def test_short_passphrase_is_refused(keys: KeyStore, shelf: Shelf):
    said = shelf.run("backup-operator-key", passphrase="fifteen letters")
    assert (said.status, "16 characters or more" in said.words) == (1, True), said
    assert not shelf.file.exists()


def test_key_that_is_not_there_is_not_copied(keys: KeyStore, shelf: Shelf):
    """Nor another one that lies in its place."""
    for wrong in (None, os.urandom(32)):
        keys.erase(OPERATOR)
        if wrong is not None:
            keys.keep(OPERATOR, wrong)
        assert shelf.run("backup-operator-key").status == 1
        assert not shelf.file.exists()


def test_earlier_copy_is_not_overwritten(keys: KeyStore, shelf: Shelf):
    keys.keep(OPERATOR, os.urandom(32))
    assert shelf.run("backup-operator-key").status == 0
    before = shelf.file.read_bytes()
    assert shelf.run("backup-operator-key").status == 1
    assert shelf.file.read_bytes() == before


@pytest.mark.parametrize("place", ["backups", "backups/sub", "run", "run/sub"])
def test_key_is_not_put_beside_a_backup(
    console: Console, shelf: Shelf, app: Flask, tmp_path: Path, still_open: Vote, place: str
):
    assert console("backup", tmp_path / "backups").status == 0
    (run,) = (tmp_path / "backups").iterdir()
    folders = {
        "backups": run.parent,
        "backups/sub": run.parent / "sub",
        "run": run,
        "run/sub": run / "sub",
    }
    folder = folders[place]
    said = shelf.run("backup-operator-key", folder / "operator.pem")
    assert (said.status, "keep the operator's key elsewhere" in said.words) == (1, True), said
    assert not (folder / "operator.pem").exists()


def test_openssl_reads_the_copy(keys: KeyStore, shelf: Shelf):
    """Without this program, too, the key is not lost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl")
    keys.keep(OPERATOR, os.urandom(32))
    assert shelf.run("backup-operator-key").status == 0
    command = [openssl, "pkey", "-in", shelf.file, "-passin", f"pass:{PASSPHRASE}"]
    done = subprocess.run([*command, "-pubout", "-outform", "DER"], capture_output=True)
    assert done.stdout.endswith(public_of(keys)), done.stderr
