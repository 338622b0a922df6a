"""Taking a backup: whole, private, of one instant; or nothing that looks like one."""

import csv
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.attachments.models import Attachment
from app.attachments.purging import KEPT
from app.backup.engines import pg_tools
from app.backup.engines.postgresql import PostgresqlDatabase
from app.backup.faults import ToolFault
from app.backup.manifest import read_manifest
from app.backup.revisions import newest_revision
from app.backup.stamp import read_stamp
from app.backup.taking import find_backups
from app.kit.extensions import db
from tests.backup.conftest import Console
from tests.backup.site import Site, good, newest, postgresql_programs, refused
from tests.ballots.test_sealing import Vote
from tests.cast import Cast, ballot
from tests.operator_key import provide_operator_key


def taken(console: Console, parent: Path, *options: object) -> Path:
    said = console("backup", parent, *options)
    assert said.status == 0, said
    return newest(parent)


def test_backup_says_what_it_holds_and_how_to_check_it(
    console: Console, tmp_path: Path, sealed: Vote, still_open: Vote, app: Flask, engine_name: str
):
    folder = taken(console, tmp_path / "backups")
    manifest = read_manifest(folder)
    found = {path.name for path in folder.iterdir()}
    assert found == {*manifest.files, "manifest.json", "SHA256SUMS"}
    dump = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}[engine_name]
    assert found >= {dump, "heads.json", "attachments.json"}
    assert (manifest.engine, manifest.revision) == (engine_name, newest_revision())
    counts = {name: manifest.counts[name] for name in ("sessions", "ballots", "bundles")}
    assert counts == {"sessions": 2, "ballots": 5, "bundles": 1}
    assert manifest.open_votes == (still_open.id,)
    heads = json.loads((folder / "heads.json").read_bytes())
    votes = {vote["id"]: (vote["casts"], vote["root"]) for vote in heads["votes"]}
    root = json.loads(sealed.bundle(app.test_client()).data)["root"]
    assert votes == {sealed.id: (6, root), still_open.id: (6, None)}
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert done.returncode == 0, done
    stamp = read_stamp(tmp_path / "instance" / "last-backup.json")
    assert stamp is not None
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert (stamp["folder"], stamp["manifest_sha256"]) == (str(folder), digest)


def test_only_the_service_reads_a_backup(console: Console, tmp_path: Path, still_open: Vote):
    os.umask(0o000)
    try:
        folder = taken(console, tmp_path / "backups", "--files", tmp_path / "files")
    finally:
        os.umask(0o022)
    below = [*(tmp_path / "backups").rglob("*"), *(tmp_path / "files").rglob("*"), folder.parent]
    assert len(below) > 8
    for path in below:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))


def test_two_backups_at_once_are_refused(console: Console, tmp_path: Path, still_open: Vote):
    (tmp_path / "backups").mkdir()
    handle = os.open(tmp_path / "backups", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    said = console("backup", tmp_path / "backups")
    os.close(handle)
    assert (said.status, "another backup is under way" in said.words) == (1, True)
    assert list((tmp_path / "backups").iterdir()) == []


def test_older_backups_are_let_go_of_and_nothing_else(
    console: Console, tmp_path: Path, still_open: Vote
):
    parent = tmp_path / "backups"
    parent.mkdir()
    for name in ("2020-01-01T00-00-00Z", "notes"):  # neither is a backup
        (parent / name).mkdir()
    folders = []
    for _ in range(3):
        folders.append(taken(console, parent, "--keep", 2).name)
        time.sleep(1.01)  # their names tell seconds
    assert [path.name for path in find_backups(parent)] == folders[1:]
    assert sorted(path.name for path in parent.iterdir()) == [
        "2020-01-01T00-00-00Z",
        *folders[1:],
        "notes",
    ]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("keys", "must lie neither in nor above"),
        ("keys/sessions", "must lie neither in nor above"),
        ("attachments/backups", "must lie neither in nor above"),
        (".", "must lie neither in nor above"),
        ("beside", "holds a copy of the operator's key"),
    ],
)
def test_backups_lie_neither_beside_keys_nor_in_live_data(
    console: Console, tmp_path: Path, still_open: Vote, place: str, words: str
):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "key.pem").write_bytes(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    before = sorted(tmp_path.rglob("*"))
    said = console("backup", tmp_path / place)
    assert (said.status, words in said.words) == (1, True), said
    assert sorted(tmp_path.rglob("*")) == before


def test_backup_of_another_revision_is_refused(console: Console, tmp_path: Path, app: Flask):
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        said = console("backup", tmp_path / "backups")
    finally:
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE alembic_version SET version_num = '{newest_revision()}'"
            )
    assert (said.status, "back up with the release that runs" in said.words) == (1, True), said
    assert list((tmp_path / "backups").iterdir()) == []


# Files


def test_copy_of_the_files_grows_by_what_is_new_and_forgets_what_no_backup_names(
    console: Console, tmp_path: Path, still_open: Vote, app: Flask, rows: Session
):
    parent, copies = tmp_path / "backups", tmp_path / "files"
    said = console("backup", parent, "--files", copies)
    assert "2 new, 0 there already" in said.words  # the photo and its thumbnail
    source = tmp_path / "attachments"
    assert {p.relative_to(copies): p.read_bytes() for p in copies.rglob("*") if p.is_file()} == {
        p.relative_to(source): p.read_bytes() for p in source.rglob("*") if p.is_file()
    }
    time.sleep(1.01)
    said = console("backup", parent, "--files", copies)
    assert "0 new, 2 there already, 0 let go of" in said.words
    photo = rows.scalars(select(Attachment)).one()
    photo.uploaded_at -= KEPT * 2
    rows.delete(photo)
    rows.commit()
    time.sleep(1.01)
    album = copies / "2019-05-01" / "IMG_1.jpg"
    album.parent.mkdir()
    album.write_bytes(b"somebody's own")
    said = console("backup", parent, "--files", copies, "--keep", 1)
    assert "2 let go of" in said.words
    assert [path for path in copies.rglob("*") if path.is_file()] == [album]


def test_file_that_is_missing_is_said_and_the_backup_is_good(
    console: Console, tmp_path: Path, still_open: Vote
):
    shutil.rmtree(tmp_path / "attachments")
    said = console("backup", tmp_path / "backups", "--files", tmp_path / "files")
    assert (said.status, "files missing or damaged: 2" in said.words) == (1, True), said
    assert read_manifest(newest(tmp_path / "backups")).open_votes == (still_open.id,)
    stamp = read_stamp(tmp_path / "instance" / "last-backup.json")
    assert stamp is not None
    assert stamp["files_copied"] is False


# A run that fails


def test_run_without_space_leaves_nothing(empty_site: Site, engine_name: str):
    empty_site.migrate()
    backups = empty_site.folder / "backups"
    done = empty_site.flask("backup", backups, limit="ulimit -f 8")  # blocks of a kilobyte
    words = refused(done)
    assert "SQLite" in words if engine_name == "sqlite" else "pg_dump" in words, words
    assert list(backups.iterdir()) == []
    assert not (empty_site.folder / "instance" / "last-backup.json").exists()


def test_killed_run_leaves_no_backup_and_the_next_one_clears_up(
    console: Console, tmp_path: Path, still_open: Vote
):
    parent = tmp_path / "backups"
    left = parent / ".partial-2026-11-29T02-30-00Z"
    left.mkdir(parents=True)
    (left / "manifest.json").write_text("{}")
    assert find_backups(parent) == []
    folder = taken(console, parent)
    assert [path.name for path in parent.iterdir()] == [folder.name]


# SQLite


@pytest.fixture
def sqlite_file(app: Flask) -> Path:
    with app.app_context():
        return Path(str(db.engine.url.database))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_plain_cp_of_sqlite_loses_what_was_committed(
    console: Console, tmp_path: Path, still_open: Vote, sqlite_file: Path
):
    with closing(sqlite3.connect(sqlite_file)) as held:  # whoever closes last would tidy up
        held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cast = still_open.voters[5].put(f"{still_open.path}/ballot", ballot(*still_open.matters))
        assert cast.status_code == 200, cast.text
        copied = Path(shutil.copy(sqlite_file, tmp_path / "cp.db"))
    folder = taken(console, tmp_path / "backups")

    def ballots(path: Path) -> int:
        with closing(sqlite3.connect(path)) as connection:
            found: int = connection.execute("SELECT count(*) FROM ballots").fetchone()[0]
            return found

    assert (ballots(copied), ballots(folder / "database.sqlite3")) == (5, 6)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_backup_of_sqlite_holds_live_rows_only(
    console: Console, tmp_path: Path, still_open: Vote, sqlite_file: Path
):
    """What free pages keep of deleted rows is not copied; the online backup API would."""
    secret = b"deleted but not overwritten " * 40
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE gone (content)")
        connection.executemany("INSERT INTO gone VALUES (?)", [(secret,)] * 20)
        connection.execute("DROP TABLE gone")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with closing(sqlite3.connect(tmp_path / "api.db")) as other:
            connection.backup(other)
    folder = taken(console, tmp_path / "backups")
    assert secret in (tmp_path / "api.db").read_bytes()
    assert secret not in (folder / "database.sqlite3").read_bytes()


# PostgreSQL


@pytest.fixture
def postgresql_url(app: Flask) -> str:
    url: str = app.extensions["settings"].database_url
    return url


def program(folder: Path, name: str, lines: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{lines}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_password_is_in_no_argument(tmp_path: Path, postgresql_url: str):
    real = postgresql_programs() / "pg_dump"
    spy = f'echo "$@" >> {tmp_path}/arguments; echo "$PGPASSWORD" >> {tmp_path}/password'
    program(tmp_path / "bin", "pg_dump", f'{spy}\nexec {real} "$@"')
    url = make_url(postgresql_url).set(password="geheim")
    database = PostgresqlDatabase(url, tmp_path / "bin")
    (tmp_path / "dumped").mkdir()
    with database.dump(tmp_path / "dumped"):
        pass
    assert "geheim" not in (tmp_path / "arguments").read_text()
    assert "geheim" in (tmp_path / "password").read_text()
    assert (tmp_path / "dumped" / "database.dump").stat().st_size > 0


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("lines", ["echo 'pg_dump (PostgreSQL) 9.6.24'", "exit 127"])
def test_older_or_missing_pg_dump_is_said_plainly(
    console: Console,
    tmp_path: Path,
    postgresql_url: str,
    app: Flask,
    lines: str,
    monkeypatch: pytest.MonkeyPatch,
):
    program(tmp_path / "bin", "pg_dump", lines)
    settings = app.extensions["settings"]
    changed = type(settings)(**{**vars(settings), "pg_bin": tmp_path / "bin"})
    monkeypatch.setitem(app.extensions, "settings", changed)
    said = console("backup", tmp_path / "backups")
    assert said.status == 1
    assert "there is no pg_dump of PostgreSQL 18 or newer" in said.words
    assert "PG_BIN" in said.words
    assert list((tmp_path / "backups").iterdir()) == []


def test_program_nearest_to_the_server_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A newer pg_dump writes what an older server cannot read back."""
    for version in ("15.2", "17.1", "19.0"):
        program(tmp_path / version, "pg_dump", f"echo 'pg_dump (PostgreSQL) {version}'")
    folders = [tmp_path / version for version in ("19.0", "15.2", "17.1")]
    monkeypatch.setattr(pg_tools, "usual_folders", lambda: folders)
    assert pg_tools.find_tool("pg_dump", 16, None).version == "17.1"
    with pytest.raises(ToolFault):
        pg_tools.find_tool("pg_dump", 20, None)


def test_order_of_rows_tells_nothing(console: Console, cast: Cast, app: Flask, tmp_path: Path):
    """Ballots and roll entries lie in the order in which people voted; side by side they would name
    each ballot's voter without any key. A plain pg_dump is what the search must find out."""
    url = make_url(app.extensions["settings"].database_url)
    if url.get_backend_name() == "postgresql":
        # No gaps that rows of other tests have left, and in which these would lie in any order.
        with app.app_context(), db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM FULL ballots, roll_entries"))
    voters = [cast.resident() for _ in range(24)]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    came = Random(7).sample(voters, len(voters))
    for voter in came:
        answer = voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
        assert answer.status_code == 200, answer.text
    keys = app.extensions["keys"]
    slots = {keys.slot(UUID(session["id"]), voter.id, None): voter.id for voter in came}
    folder = taken(console, tmp_path / "backups")

    def resemblance(rows: tuple[list[bytes], list[UUID]]) -> int:
        ballots, roll = rows
        assert len(ballots) == len(roll) == len(came)
        return sum(slots[slot] == voter for slot, voter in zip(ballots, roll, strict=True))

    assert resemblance(rows_as_they_lie(folder)) <= 5  # by chance one of 24
    if url.get_backend_name() == "postgresql":
        assert resemblance(rows_of_a_plain_dump(url, tmp_path)) == 24


def rows_as_they_lie(folder: Path) -> tuple[list[bytes], list[UUID]]:
    """Slots of ballots, and voters of the roll, in the order in which a backup holds them."""
    if (folder / "database.sqlite3").exists():
        with closing(sqlite3.connect(folder / "database.sqlite3")) as connection:
            ballots = connection.execute("SELECT slot FROM ballots").fetchall()
            roll = connection.execute("SELECT resident_id FROM roll_entries").fetchall()
        return [slot for (slot,) in ballots], [UUID(voter) for (voter,) in roll]
    tables = {}
    for name in ("ballots", "roll_entries"):
        with gzip.open(folder / f"rows-{name}.csv.gz", "rt") as file:
            tables[name] = list(csv.DictReader(file))
    return (
        [bytes.fromhex(row["slot"].removeprefix("\\x")) for row in tables["ballots"]],
        [UUID(row["resident_id"]) for row in tables["roll_entries"]],
    )


def rows_of_a_plain_dump(url: URL, folder: Path) -> tuple[list[bytes], list[UUID]]:
    plain = url.difference_update_query(["options"]).render_as_string(hide_password=False)
    script = subprocess.run(
        [postgresql_programs() / "pg_dump", "--data-only", "--format=plain", plain],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    def column(table: str, name: str) -> list[str]:
        found = re.search(
            rf"^COPY public\.{table} \((.*)\) FROM stdin;\n((?s:.*?))^\\\.$", script, re.M
        )
        assert found is not None
        at = found[1].split(", ").index(name)
        return [line.split("\t")[at] for line in found[2].splitlines()]

    slots = [bytes.fromhex(each.removeprefix("\\\\x")) for each in column("ballots", "slot")]
    return slots, [UUID(each) for each in column("roll_entries", "resident_id")]


def wait_for_a_waiting_dump(connection: "psycopg.Connection[object]") -> None:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'"
        " AND wait_event_type = 'Lock' AND backend_xmin IS NOT NULL"
    )
    end = time.monotonic() + 60
    while connection.execute(query).fetchone() != (1,):  # its view is its transaction's own
        assert time.monotonic() < end, "pg_dump never came"
        connection.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.05)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_forgetting_waits_for_a_backup_and_then_comes(empty_site: Site):
    """A dump that began before the end of a vote sees its ballots: they are cleared away after it,
    and the key tells until then that there is work left."""
    empty_site.migrate()
    provide_operator_key(empty_site.start())
    cast = Cast(empty_site.app)
    vote = Vote(cast)
    keys = empty_site.settings.key_store / "sessions" / f"{vote.id}.key"
    with psycopg.connect(empty_site.settings.database_url) as blocker:
        # Nothing else of this asks for cases.
        blocker.execute("LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        running = empty_site.start_flask("backup", empty_site.folder / "backups")
        wait_for_a_waiting_dump(blocker)
        vote.close()
        refused(empty_site.flask("finalise"))
        assert keys.exists()
        blocker.rollback()
    good(running.finish())
    good(empty_site.flask("finalise"))
    assert not keys.exists()
