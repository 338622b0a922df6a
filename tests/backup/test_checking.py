"""`check-audit`: what was restored is whole, and an older or rewritten copy is named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.backup.heads import Heads
from app.backup.revisions import newest_revision
from app.ballots.keys.store import KeyStore
from app.kit.extensions import db
from tests.backup.conftest import Console
from tests.ballots.test_sealing import Vote
from tests.cast import Cast, ballot
from tests.databases import without_triggers
from tests.void import void_session


@dataclass
class Scene:
    """A sealed and an open vote, what was noted of them, and the database to be spoilt."""

    app: Flask
    sealed: Vote
    open: Vote
    heads: Path
    folder: Path

    def sql(self, statement: str, **values: object) -> None:
        """Change the database as somebody who rules the server, references or not."""
        with self.app.app_context():
            engine = db.engine
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with without_triggers(connection):
                connection.execute(text(statement), values)
            connection.commit()
            connection.invalidate()  # its pragma goes with it

    def id(self, vote: Vote) -> str:
        """The id as this engine stores it."""
        with self.app.app_context():
            return vote.id if db.engine.dialect.name == "postgresql" else UUID(vote.id).hex

    @property
    def keys(self) -> KeyStore:
        found: KeyStore = self.app.extensions["keys"]
        return found


@pytest.fixture
def scene(app: Flask, console: Console, sealed: Vote, still_open: Vote, tmp_path: Path) -> Scene:
    heads = tmp_path / "elsewhere.json"
    said = console("check-audit", "--write", heads)
    assert said.status == 0, said
    return Scene(app, sealed, still_open, heads, tmp_path)


def test_what_was_noted_holds_also_after_more_came(scene: Scene, console: Console, cast: Cast):
    assert scene.open.voters[5].put(f"{scene.open.path}/ballot", ballot()).status_code == 200
    body = {"title": "路灯", "body": "不亮", "category": "LIGHTING"}
    compound = scene.open.secretary.get(scene.open.path).json["compound_id"]
    assert scene.open.voters[0].post(f"/compounds/{compound}/matters", body).status_code == 201
    said = console("check-audit", "--against", scene.heads)
    assert said.status == 0, said
    assert "✗" not in said.words
    scene.open.close()
    said = console("check-audit", "--against", scene.heads)
    assert said.status == 0, said


def test_void_vote_is_no_older_copy(scene: Scene, console: Console, app: Flask):
    """Its ballots are gone for good, and the log tells why."""
    void_session(app, scene.open.id)
    said = console("check-audit", "--against", scene.heads)
    assert (said.status, "casts had come in" in said.words) == (0, False), said


Spoil = Callable[[Scene], None]

SPOILT: dict[str, tuple[Spoil, str]] = {
    "the newest entries are not there": (
        lambda s: drop_newest(s),
        "are missing: this is an older copy",
    ),
    "a whole log is not there": (lambda s: drop_log(s), "the whole log is missing"),
    "a vote is not there": (
        lambda s: s.sql("DELETE FROM agenda_sessions WHERE id = :id", id=s.id(s.open)),
        "this vote is missing",
    ),
    "casts are not there": (
        lambda s: s.sql("DELETE FROM ballot_commitments"),
        "6 casts had come in and 0 are here",
    ),
    "a result is not there": (
        lambda s: s.sql("DELETE FROM session_bundles"),
        "and is now 无 none",
    ),
}

BROKEN: dict[str, tuple[Spoil, str]] = {
    "an entry was changed": (
        lambda s: s.sql("UPDATE audit_entries SET verb = 'praise'"),
        "broken from 1",
    ),
    "a state was changed": (
        lambda s: s.sql(
            "UPDATE agenda_sessions SET state = 'EXTENDED' WHERE id = :id", id=s.id(s.open)
        ),
        "is EXTENDED, and VOTING by its log",
    ),
    "a parent was taken away": (
        lambda s: s.sql("DELETE FROM communities"),
        "rows refer to no row of communities",
    ),
    "a bundle was changed": (lambda s: change_bundle(s), "the content has another SHA-256"),
    "a root was changed": (
        lambda s: s.sql("UPDATE session_bundles SET root = :root", root=bytes(32)),
        "The same root as the one seen earlier",
    ),
    "a bundle is not there": (
        lambda s: s.sql("DELETE FROM session_bundles"),
        "is missing",
    ),
    "a commitment is not there": (
        lambda s: s.sql("DELETE FROM sealed_commitments WHERE version = 2"),
        "its commitments are not those of the database",
    ),
    "a ballot is not there": (
        lambda s: s.sql("DELETE FROM ballots WHERE version = 2"),
        "5 people have voted, and there are 4 ballots",
    ),
    "a photo is not there": (
        lambda s: shutil.rmtree(s.folder / "attachments"),
        ".thumbnail is missing",
    ),
    "a photo was changed": (lambda s: change_photo(s), "is damaged"),
    "the key of an open vote is lost": (
        lambda s: s.keys.erase(UUID(s.open.id)),
        "is lost: it cannot be counted and is held again",
    ),
    "the key of an open vote is damaged": (
        lambda s: cut_key(s),
        "the key store: The voting key is not available",
    ),
    "the keys are newer than the database": (
        lambda s: s.keys.create_session_key(uuid4()),
        "the database is older",
    ),
    "the schema is another": (
        lambda s: s.sql("UPDATE alembic_version SET version_num = '0014'"),
        "run alembic upgrade head first",
    ),
}


def compound_of(scene: Scene) -> str:
    with scene.app.app_context():
        found = db.session.execute(
            text("SELECT compound_id FROM agenda_sessions WHERE id = :id"),
            {"id": scene.id(scene.open)},
        ).scalar_one()
    return str(found)


def drop_newest(scene: Scene) -> None:
    chain = compound_of(scene)
    newest = "(SELECT max(number) FROM audit_links WHERE chain_id = :chain)"
    scene.sql(
        "DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_links"
        f" WHERE chain_id = :chain AND number > {newest} - 2)",
        chain=chain,
    )
    scene.sql(
        f"DELETE FROM audit_links WHERE chain_id = :chain AND number > {newest} - 2", chain=chain
    )


def drop_log(scene: Scene) -> None:
    chain = compound_of(scene)
    scene.sql("DELETE FROM audit_entries WHERE compound_id = :chain", chain=chain)
    scene.sql("DELETE FROM audit_links WHERE chain_id = :chain", chain=chain)


def change_bundle(scene: Scene) -> None:
    with scene.app.app_context():
        body = bytes(db.session.execute(text("SELECT body FROM session_bundles")).scalar_one())
    scene.sql("UPDATE session_bundles SET body = :body", body=body.replace(b"PHONE", b"PAPER", 1))


def change_photo(scene: Scene) -> None:
    (photo,) = (p for p in (scene.folder / "attachments").glob("*/*") if not p.suffix)
    photo.write_bytes(photo.read_bytes() + b"\0")


def cut_key(scene: Scene) -> None:
    (scene.folder / "keys" / "sessions" / f"{scene.open.id}.key").write_bytes(b"short")


@pytest.mark.parametrize("name", SPOILT)
def test_older_copy_is_named(scene: Scene, console: Console, name: str):
    spoil, words = SPOILT[name]
    spoil(scene)
    said = console("check-audit", "--against", scene.heads)
    assert (said.status, words in said.words) == (1, True), said


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_whole_is_named(scene: Scene, console: Console, name: str):
    spoil, words = BROKEN[name]
    spoil(scene)
    try:
        said = console("check-audit")
    finally:
        scene.sql("UPDATE alembic_version SET version_num = :head", head=newest_revision())
    assert (said.status, words in said.words) == (1, True), said


def test_rewritten_log_is_named_although_it_holds_by_itself(scene: Scene, console: Console):
    """A log that was written anew as a whole recounts well; only who noted its head can tell."""
    noted = Heads.from_json(scene.heads.read_bytes())
    data = json.loads(noted.to_json())
    for chain in data["chains"]:
        chain["hash"] = "00" * 32
    scene.heads.write_text(json.dumps(data))
    said = console("check-audit", "--against", scene.heads)
    assert (said.status, "the log was rewritten" in said.words) == (1, True), said
    assert console("check-audit").status == 0


def test_another_result_is_named(scene: Scene, console: Console):
    noted = Heads.from_json(scene.heads.read_bytes())
    vote = noted.votes[UUID(scene.sealed.id)]
    changed = {**noted.votes, UUID(scene.sealed.id): vote._replace(root="11" * 32)}
    scene.heads.write_bytes(Heads(noted.at, noted.chains, changed).to_json())
    said = console("check-audit", "--against", scene.heads)
    assert (said.status, f"the sealed root was {'11' * 32}" in said.words) == (1, True), said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": "yueyuetan-heads/2", "at": "", "chains": [], "votes": []}',
        b'{"format": "yueyuetan-heads/1", "at": "", "chains": [{}], "votes": []}',
        b'{"format": "yueyuetan-heads/1", "at": "", "chains": 7, "votes": []}',
        b'{"format": "yueyuetan-heads/1", "at": "", "chains": [{"id": 3}], "votes": []}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_heads_file_is_refused(console: Console, tmp_path: Path, content: bytes):
    (tmp_path / "heads.json").write_bytes(content)
    said = console("check-audit", "--against", tmp_path / "heads.json")
    assert (said.status, "this is no heads.json" in said.words) == (1, True), said


def test_check_does_not_hold_up_whoever_writes(
    scene: Scene, app: Flask, engine_name: str, monkeypatch: pytest.MonkeyPatch
):
    """On SQLite one that wrote would keep casts waiting for as long as it reads."""
    answers = []

    def cast_meanwhile(session: Session, keys: KeyStore) -> list[object]:
        answers.append(scene.open.voters[5].put(f"{scene.open.path}/ballot", ballot()))
        return []

    monkeypatch.setattr("app.backup.checks.find_key_faults", cast_meanwhile)
    said = Console(app)("check-audit")
    assert said.status == 0, said
    assert [answer.status_code for answer in answers] == [200]
