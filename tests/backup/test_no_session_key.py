"""No byte of a session's key is in any output of a backup, whatever is unpacked.

Beside a saved key, a dump of an open vote tells who marked what, also after the key was erased.
"""

import base64
import gzip
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import OPERATOR, KeyStore
from tests.backup.conftest import Console
from tests.backup.site import newest, postgresql_programs
from tests.ballots.test_sealing import Vote
from tests.operator_key import with_pinned_key
from tests.redis_server import RedisServer, redis_server

PART = 6  # bytes: by chance one of so many parts is found once in millions of runs
PASSPHRASE = "four words that nobody guesses"


def traces(content: bytes, key: bytes) -> list[str]:
    """Which parts of a key stand in the content, raw or spelled as text."""
    parts = [key[at : at + PART] for at in range(len(key) - PART + 1)]
    spelled = {part: (part, part.hex().encode(), part.hex().upper().encode()) for part in parts}
    found = [part.hex() for part, ways in spelled.items() if any(way in content for way in ways)]
    # Base64 of the whole key, at each of the three places where it may begin.
    whole = [base64.b64encode(bytes(lead) + key)[4:-4] for lead in range(3)]
    return found + [way.decode() for way in whole if way in content]


def unpacked(folder: Path, scratch: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, and what is compressed in it."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path, path.read_bytes()
        if path.suffix == ".gz":
            yield path, gzip.decompress(path.read_bytes())
        if path.suffix == ".dump":
            script = scratch / "script.sql"
            command = [postgresql_programs() / "pg_restore", f"--file={script}", str(path)]
            subprocess.run(command, check=True)
            yield script, script.read_bytes()


@pytest.fixture(params=["folder", "redis"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyStore]:
    if request.param == "folder":
        yield FolderKeyStore(tmp_path / "keys")
        return
    with redis_server(tmp_path / "redis") as server:
        running: RedisServer = server
        yield RedisKeyStore(running.url)


@pytest.fixture
def outputs(
    app: Flask,
    keys: KeyStore,
    console: Console,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Path:
    """All that the commands write, of an open vote whose key lies in this store."""
    monkeypatch.setitem(app.extensions, "keys", with_pinned_key(app, keys))
    vote: Vote = request.getfixturevalue("still_open")
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    secret = ("--passphrase-file", tmp_path / "passphrase")
    commands: list[tuple[Any, ...]] = [
        ("backup", out / "backups", "--files", out / "files"),
        ("check-audit", "--write", out / "heads.json"),
        ("backup-operator-key", out / "key" / "operator.pem", *secret),
    ]
    for command in commands:
        said = console(*command)
        assert said.status == 0, said
        (out / f"{command[0]}.txt").write_text(said.words)
    (out / "instance").symlink_to(tmp_path / "instance")
    (out / "vote").write_text(vote.id)
    return out


def test_no_part_of_a_key_is_in_any_output(outputs: Path, keys: KeyStore, tmp_path: Path):
    session_key = keys.find(UUID((outputs / "vote").read_text()))
    operator_key = keys.find(OPERATOR)
    assert session_key is not None
    assert operator_key is not None
    seen = 0
    for path, content in unpacked(outputs, tmp_path):
        assert traces(content, session_key) == [], path
        assert traces(content, operator_key) == [], path
        seen += 1
    assert seen >= 10


def test_the_search_finds_a_key_that_was_put_there(outputs: Path, keys: KeyStore, tmp_path: Path):
    """What it does not find is not there."""
    key = keys.find(UUID((outputs / "vote").read_text()))
    assert key is not None
    folder = newest(outputs / "backups")
    for spelled in (key, key[20:27], key.hex().encode(), base64.b64encode(b"x" + key)):
        (folder / "planted").write_bytes(os.urandom(100) + spelled + os.urandom(100))
        found = [path.name for path, content in unpacked(folder, tmp_path) if traces(content, key)]
        assert found == ["planted"]
