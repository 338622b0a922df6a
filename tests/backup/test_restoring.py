"""Restoring: into an empty database, or over everything with its name typed; else nothing moves."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.agenda.models import AgendaSession
from app.backup.engines.postgresql import SET_ASIDE, TO_ASIDE
from app.backup.engines.which import open_database
from app.backup.faults import BackupFault, Busy, NotEmpty
from app.backup.folders import facts_of
from app.backup.manifest import Manifest, write_manifest
from app.backup.restoring import restore_backup
from app.kit.extensions import db
from app.people.models import Resident
from tests.backup.conftest import Console
from tests.backup.site import Site, good, newest, postgresql_programs, refused
from tests.ballots.test_sealing import Vote
from tests.cast import Cast

Damage = Callable[[Path], None]


@pytest.fixture
def backup(console: Console, tmp_path: Path, sealed: Vote, still_open: Vote) -> Path:
    """A backup of a sealed and of an open vote."""
    said = console("backup", tmp_path / "backups")
    assert said.status == 0, said
    return newest(tmp_path / "backups")


@pytest.fixture
def lived_in(empty_site: Site) -> Site:
    """An installation with rows of its own."""
    empty_site.migrate()
    Cast(empty_site.start()).visitor(name="原住民")
    empty_site.stop()
    return empty_site


def restore(site: Site, backup: Path, *, over: bool = False) -> Manifest:
    url = site.settings.database_url
    return restore_backup(backup, open_database(url, postgresql_programs()), over=over)


def people(site: Site) -> list[str]:
    with site.session() as session:
        return list(session.scalars(select(Resident.name).order_by(Resident.name)))


def change_manifest(folder: Path, **changes: Any) -> None:
    """As if it had been written so: all hashes agree."""
    manifest = Manifest.from_data(json.loads((folder / "manifest.json").read_bytes()))
    for name in ("manifest.json", "SHA256SUMS"):
        (folder / name).unlink()
    files = {name: facts_of(folder / name) for name in manifest.files}
    write_manifest(folder, Manifest(**{**vars(manifest), "files": files, **changes}))


def test_empty_database_is_restored_row_for_row(
    empty_site: Site, backup: Path, app: Flask, sealed: Vote
):
    words = good(empty_site.flask("restore", backup))
    assert "check-audit --against" in words
    assert empty_site.bundle(sealed.id) == sealed.bundle(app.test_client()).data
    with empty_site.session() as session:
        assert session.scalar(select(func.count()).select_from(AgendaSession)) == 2


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a byte of the dump": (lambda f: flip(database_file(f)), "has another SHA-256"),
    "a byte of the manifest": (lambda f: flip(f / "manifest.json"), "has another SHA-256"),
    "a byte of the heads": (lambda f: flip(f / "heads.json"), "has another SHA-256"),
    "a byte of the list of files": (lambda f: flip(f / "attachments.json"), "SHA-256"),
    "a byte of the sums": (lambda f: flip(f / "SHA256SUMS"), "the backup is damaged"),
    "the end of the dump": (lambda f: cut(database_file(f)), "has another SHA-256"),
    "no dump": (lambda f: database_file(f).unlink(), "and the files differ"),
    "a file too many": (lambda f: (f / "note").write_text(""), "and the files differ: note"),
    "no sums": (lambda f: (f / "SHA256SUMS").unlink(), "is no backup"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "is no backup"),
    "a newer revision": (
        lambda f: change_manifest(f, revision="0999"),
        "is unknown to this release",
    ),
    "a foreign revision": (
        lambda f: change_manifest(f, revision="abcdef"),
        "is unknown to this release",
    ),
    "another engine": (lambda f: change_manifest(f, engine="oracle"), "the backup is of oracle"),
}


def database_file(folder: Path) -> Path:
    (found,) = folder.glob("database.*")
    return found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


@pytest.mark.parametrize("over", [False, True])
def test_what_is_no_whole_backup_of_ours_changes_nothing(
    lived_in: Site, empty_site: Site, backup: Path, tmp_path: Path, over: bool
):
    for name, (damage, words) in DAMAGES.items():
        broken = tmp_path / "broken" / name.replace(" ", "-")
        shutil.copytree(backup, broken)
        damage(broken)
        with pytest.raises(BackupFault) as fault:
            restore(lived_in, broken, over=over)
        assert words in str(fault.value), name
        assert people(lived_in) == ["原住民"], name


def test_folder_of_backups_names_the_newest(empty_site: Site, backup: Path):
    with pytest.raises(BackupFault, match=f"the newest is .*{backup.name}"):
        restore(empty_site, backup.parent)


def test_database_that_is_not_empty_is_left_alone(lived_in: Site, backup: Path):
    with pytest.raises(NotEmpty):
        restore(lived_in, backup)
    assert people(lived_in) == ["原住民"]


def test_name_is_typed_before_everything_is_overwritten(lived_in: Site, backup: Path, sealed: Vote):
    words = refused(lived_in.flask("restore", backup, "--over-everything", given="wrong\n"))
    assert "nothing was changed" in words
    assert people(lived_in) == ["原住民"]
    name = lived_in.database_name
    good(lived_in.flask("restore", backup, "--over-everything", given=f"{name}\n"))
    assert "原住民" not in people(lived_in)
    assert lived_in.bundle(sealed.id)


def test_dump_that_cannot_be_read_leaves_what_was_there(lived_in: Site, backup: Path):
    """All hashes agree, and yet it is no dump: whoever wrote it wrote nonsense."""
    dump = database_file(backup)
    content = dump.read_bytes()
    dump.write_bytes(content[: len(content) * 3 // 4])
    change_manifest(backup)
    with pytest.raises(BackupFault):
        restore(lived_in, backup, over=True)
    assert people(lived_in) == ["原住民"]


def test_database_in_use_is_not_pulled_away(lived_in: Site, backup: Path):
    """Whoever has it open would go on writing to what is there no more."""
    with lived_in.start().app_context():
        now = datetime.now(UTC)
        db.session.add(Resident(openid="new", name="新来的", birth_date=None, joined_at=now))
        db.session.commit()  # the connection stays in the pool
    with pytest.raises(Busy):
        restore(lived_in, backup, over=True)
    lived_in.stop()
    assert people(lived_in) == ["原住民", "新来的"]
    restore(lived_in, backup, over=True)
    assert "新来的" not in people(lived_in)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_sqlite_files_of_the_lost_database_do_not_come_back(empty_site: Site, backup: Path):
    """A `-wal` that was left behind belongs to another file."""
    empty_site.migrate()
    keeper = sqlite3.connect(empty_site.database)
    keeper.execute("CREATE TABLE ghost (x)")
    shutil.copy(f"{empty_site.database}-wal", empty_site.folder / "wal")
    keeper.close()
    empty_site.database.unlink()
    shutil.copy(empty_site.folder / "wal", f"{empty_site.database}-wal")
    restore(empty_site, backup)
    with sqlite3.connect(empty_site.database) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'ghost'")
        assert found.fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("has_come", [False, True])
# SQLite's file is put in place at one stroke.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_restoring_that_was_killed_is_ended_by_the_next(
    lived_in: Site, backup: Path, sealed: Vote, has_come: bool
):
    """Killed before the new tables were there, or before the old ones were let go of."""
    url = lived_in.settings.database_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TO_ASIDE)
        if has_come:
            connection.execute("CREATE TABLE public.residents (name text)")
    with pytest.raises(NotEmpty):
        restore(lived_in, backup)
    dump = database_file(backup)
    whole = dump.read_bytes()
    dump.write_bytes(b"nonsense")
    change_manifest(backup)
    with pytest.raises(BackupFault):
        restore(lived_in, backup, over=True)
    assert people(lived_in) == ["原住民"]  # what was there before is there again
    dump.write_bytes(whole)
    change_manifest(backup)
    restore(lived_in, backup, over=True)
    assert lived_in.bundle(sealed.id)
    with psycopg.connect(url) as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = %s", (SET_ASIDE,)
        ).fetchone()
    assert left == (0,)


# Any SQLite reads the file of any other.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_backup_of_a_newer_server_is_refused_in_words(empty_site: Site, backup: Path):
    change_manifest(backup, engine_version="99.1")
    with pytest.raises(BackupFault, match="restore it to a server as new or newer"):
        restore(empty_site, backup)


def test_older_revision_is_restored_and_says_to_upgrade(
    empty_site: Site, console: Console, tmp_path: Path, engine_name: str
):
    """A backup that an older release took, of a schema that this one knows."""
    empty_site.migrate("0014")
    database = open_database(empty_site.settings.database_url, postgresql_programs())
    folder = tmp_path / "2026-01-01T00-00-00Z"
    folder.mkdir()
    with database.dump(folder):
        pass
    for name in ("heads.json", "attachments.json"):
        (folder / name).write_text("{}")
    manifest = Manifest(
        engine=engine_name,
        engine_version=database.version(),
        revision="0014",
        taken_at="2026-01-01T00:00:00+00:00",
        files={path.name: facts_of(path) for path in folder.iterdir()},
        counts={},
        open_votes=(),
    )
    write_manifest(folder, manifest)
    empty_site.destroy_database()
    empty_site.make()
    words = good(empty_site.flask("restore", folder))
    assert "its schema is 0014: run .venv/bin/alembic upgrade head" in words
    assert "run alembic upgrade head first" in refused(empty_site.flask("check-audit"))
    empty_site.migrate()
    good(empty_site.flask("check-audit"))
