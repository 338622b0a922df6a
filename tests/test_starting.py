"""Nothing is served or moved on a database that is not this program's own or may lose something."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from app import create_app, starting
from app.config import Settings, UnsafeSettings
from app.kit.extensions import db
from app.schema import Schema, judge, revisions
from tests import databases
from tests.race.server import environment

HEAD, *OLDER = revisions()


@pytest.mark.parametrize(
    ("found", "schema"),
    [
        ([HEAD], Schema.OWN),
        ([], Schema.MISSING),
        *(([each], Schema.BEHIND) for each in OLDER),
        ([f"{int(HEAD) + 1:04}"], Schema.AHEAD),
        (["9999"], Schema.AHEAD),
        (["0000"], Schema.UNKNOWN),
        (["1975ea83b712"], Schema.UNKNOWN),
        ([""], Schema.UNKNOWN),
        ([HEAD, OLDER[0]], Schema.UNKNOWN),
    ],
)
def test_every_revision_is_judged(found: list[str], schema: Schema):
    assert judge(found) is schema


@contextmanager
def other_database(settings: Settings, folder: Path, revision: str | None) -> Iterator[Settings]:
    """The same settings on a database of its own, at this revision or empty."""
    if settings.database_url.startswith("sqlite"):
        url = f"sqlite:///{folder / 'other.db'}"
        if revision:
            databases.migrate(url, revision)
        yield replace(settings, database_url=url)
        return
    admin = create_engine(os.environ["TEST_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    name = f"yyt_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(settings.database_url).set(database=name).render_as_string(hide_password=False)
    try:
        if revision:
            databases.migrate(url, revision)
        yield replace(settings, database_url=url)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def refused(settings: Settings, folder: Path) -> str:
    """With what words a start is refused, empty where it is not."""
    app = create_app(settings, folder / "instance")
    try:
        starting.refuse_to_start(app)
    except UnsafeSettings as error:
        return str(error)
    finally:
        with app.app_context():
            db.engine.dispose()
        app.extensions["wechat"].close()
    return ""


@pytest.mark.parametrize(
    ("revision", "words"),
    [(None, "holds no tables yet"), (OLDER[0], "of an older version"), ("head", "")],
)
def test_foreign_schema_is_refused_in_development_too(
    settings: Settings, tmp_path: Path, revision: str | None, words: str
):
    with other_database(settings, tmp_path, revision) as other:
        assert words in refused(other, tmp_path)
        assert bool(refused(other, tmp_path)) == bool(words)
        # What brings it up to date must run, and so must what looks at it.
        command = [sys.executable, "-m", "flask", "--app", "wsgi"]
        environ = environment(other) | {"HEARTBEAT_FILE": str(tmp_path / "heartbeat.json")}
        moved = subprocess.run(
            [*command, "finalise"], cwd=databases.ROOT, env=environ, capture_output=True, text=True
        )
        assert (moved.returncode == 0) == (not words), moved.stderr
        assert words in moved.stderr
        assert "Traceback" not in moved.stderr
        databases.migrate(other.database_url)
        assert refused(other, tmp_path) == ""


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("grants", "is_refused"),
    [
        ([], True),
        (["pg_read_all_stats"], False),
        (["pg_monitor"], False),
        (["pg_read_all_settings"], True),
    ],
)
def test_role_that_cannot_see_others_snapshots_is_refused(
    app: Flask, settings: Settings, grants: list[str], is_refused: bool
):
    role = f"yyt_{uuid4().hex}"
    admin = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        for grant in grants:
            connection.execute(text(f"GRANT {grant} TO {role}"))
        connection.execute(text(f"SET ROLE {role}"))
        faults = [fault.code for fault in starting.unseen_snapshots(connection)]
        (fault,) = [*starting.unseen_snapshots(connection)] or [None]
        connection.execute(text("RESET ROLE"))
        connection.execute(text(f"DROP ROLE {role}"))
    admin.dispose()
    assert faults == (["no_pg_read_all_stats"] if is_refused else [])
    assert fault is None or f"GRANT pg_read_all_stats TO {role}" in fault.zh


def test_all_that_is_wrong_with_a_database_is_told_at_once(
    settings: Settings, tmp_path: Path, engine_name: str
):
    production = replace(settings, production=True)
    with other_database(production, tmp_path, OLDER[0]) as other:
        app = create_app(replace(other, production=False), tmp_path / "instance")
        app.extensions["settings"] = other
        with pytest.raises(UnsafeSettings) as error:
            starting.refuse_to_start(app)
        with app.app_context():
            db.engine.dispose()
    lines = str(error.value).splitlines()
    assert "older version" in lines[0]
    if engine_name == "postgresql":  # the tests' own server waits for no disk
        assert ["fsync" in line or "synchronous_commit" in line for line in lines[1:]] == [True] * 2


def test_database_that_is_away_keeps_nothing_from_starting(settings: Settings, tmp_path: Path):
    away = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    assert refused(away, tmp_path) == ""


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_files_of_one_machine_are_closed_to_others_at_start(settings: Settings, tmp_path: Path):
    instance = tmp_path / "instance"
    (instance / "keys" / "sessions").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    key = instance / "keys" / "sessions" / "one.key"
    key.write_bytes(b"k")
    for folder in (instance, elsewhere):
        url = f"sqlite:///{folder / 'yyt.db'}"
        databases.migrate(url)
        for path in (tmp_path, folder, folder / "yyt.db", key, key.parent):
            path.chmod(0o755 if path.is_dir() else 0o644)
        own = replace(settings, database_url=url, key_store=instance / "keys")
        assert refused(own, tmp_path) == ""
        assert mode(folder / "yyt.db") == 0o600
        assert mode(key) == 0o600
        assert mode(key.parent) == mode(instance) == 0o700
    # Other things may lie beside a database that was put elsewhere.
    assert mode(elsewhere) == mode(tmp_path) == 0o755


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
