"""`flask doctor`: every thing that can be missing or wrong is found, with what to do about it."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.store import OPERATOR
from app.config import Settings
from app.finaliser.heartbeat import Heartbeat, write_heartbeat
from app.health import findings, probes
from app.health.findings import QUESTIONS
from app.kit import clock
from app.kit.extensions import db
from app.schema import revisions
from tests import databases
from tests.cast import Cast
from tests.health.test_readyz import set_revision
from tests.operator_key import with_pinned_key

SECRET = "3c7f0a9d5be1482f6d90c1e7a24b8f35"
OTHERS_PORT = "redis://127.0.0.1:1/0"


@dataclass
class House:
    """An application that lacks nothing, for a test to take something away."""

    app: Flask
    settings: Settings
    instance: Path
    monkeypatch: pytest.MonkeyPatch

    def change(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)

    def ask(self) -> tuple[int, dict[str, list[str] | None]]:
        """The exit status, and the codes of each question that found something."""
        self.monkeypatch.setitem(self.app.extensions, "settings", self.settings)
        done = self.app.test_cli_runner().invoke(args=["doctor", "--json"])
        told = json.loads(done.output)
        assert told["is_well"] is (done.exit_code == 0)
        codes = {
            name: None if faults is None else [fault["code"] for fault in faults]
            for name, faults in told["checks"].items()
        }
        return done.exit_code, {name: found for name, found in codes.items() if found != []}


@pytest.fixture
def house(
    app: Flask, cast: Cast, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> House:
    cast.secretary()
    instance = tmp_path / "instance"
    for folder in (instance, instance / "attachments"):
        folder.mkdir(mode=0o700)
    monkeypatch.setattr(app, "instance_path", str(instance))
    keys = with_pinned_key(app, FolderKeyStore(tmp_path / "keys"))
    monkeypatch.setitem(app.extensions, "keys", keys)
    this_year = clock.local_date(clock.now()).year
    monkeypatch.setattr(probes, "read_years", lambda: frozenset({this_year, this_year + 1}))
    monkeypatch.setattr(findings, "LEAST_FREE_BYTES", 1)
    monkeypatch.setattr(findings, "LEAST_FREE_SHARE", 0.0)
    monkeypatch.setattr(findings, "faults_of", without_laxness(findings.faults_of))
    database = app.config["SQLALCHEMY_DATABASE_URI"]
    if database.startswith("sqlite"):
        Path(database.removeprefix("sqlite:///")).parent.chmod(0o700)
    well = replace(
        settings,
        production=True,
        database_url=database,
        secret_key=SECRET,
        public_url="https://yyt.example",
        wechat_api_base="https://api.weixin.qq.com",
        key_store=tmp_path / "keys",
        attachment_folder=instance / "attachments",
        heartbeat_file=instance / "finaliser.json",
        backup_stamp=instance / "last-backup.json",
        rate_limit_url="",
    )
    write_heartbeat(well.heartbeat_file, Heartbeat(clock.now()).after_round([]))
    write_backup(instance, clock.now())
    return House(app, well, instance, monkeypatch)


def without_laxness(faults_of: Callable[..., Any]) -> Callable[..., Any]:
    """The tests' own server does not wait for its disk; all else is asked."""
    return lambda connection, production: (
        fault
        for fault in faults_of(connection, production=production)
        if fault.code not in ("fsync_off", "synchronous_commit_off")
    )


def write_backup(instance: Path, at: datetime) -> None:
    (instance / "last-backup.json").write_text(json.dumps({"at": at.isoformat()}))


def test_nothing_is_found_where_nothing_is_wrong(house: House):
    assert house.ask() == (0, {})
    text = house.app.test_cli_runner().invoke(args=["doctor"]).output
    assert text.count("✓") == len(QUESTIONS)


def no_rows(house: House) -> None:
    with house.app.app_context():
        databases.empty(db.engine)


def no_offices(house: House) -> None:
    with house.app.app_context():
        db.session.execute(db.text("UPDATE appointments SET until = since"))
        db.session.commit()


def silent_finaliser(house: House) -> None:
    write_heartbeat(house.settings.heartbeat_file, Heartbeat(clock.now() - timedelta(hours=1)))


def failing_finaliser(house: House) -> None:
    write_heartbeat(house.settings.heartbeat_file, Heartbeat(clock.now()).after_round(["orders"]))


def unreachable_attachments(house: House) -> None:
    file = house.instance / "attachments" / "file"
    file.write_text("")
    store = type(house.app.extensions["attachment_store"])(file)
    house.monkeypatch.setitem(house.app.extensions, "attachment_store", store)


def full_disk(house: House) -> None:
    house.monkeypatch.setattr(findings, "LEAST_FREE_BYTES", 1 << 60)


def other_clock(house: House) -> None:
    house.monkeypatch.setattr(
        findings.clock, "read_database_clock", lambda session: clock.now() + timedelta(minutes=3)
    )


WRONG: dict[str, tuple[Callable[[House], object], dict[str, list[str]]]] = {
    "profile": (lambda h: h.change(production=False), {"settings": ["profile_development"]}),
    "secret": (lambda h: h.change(secret_key="k" * 40), {"settings": ["secret_key_guessable"]}),
    "two settings": (
        lambda h: h.change(public_url="", wechat_appid=""),
        {"settings": ["wechat_account_missing", "public_url_not_https"]},
    ),
    "schema": (lambda h: set_revision(h.app, revisions()[1]), {"database": ["schema_behind"]}),
    "operator's key": (
        lambda h: h.app.extensions["keys"].erase(OPERATOR),
        {"operator_key": ["operator_key_missing"]},
    ),
    "holidays": (
        lambda h: h.monkeypatch.setattr(probes, "read_years", lambda: frozenset({1999})),
        {"holidays": ["holidays_missing"]},
    ),
    "no finaliser": (
        lambda h: h.settings.heartbeat_file.unlink(),
        {"finaliser": ["finaliser_silent"]},
    ),
    "silent finaliser": (silent_finaliser, {"finaliser": ["finaliser_silent"]}),
    "failing finaliser": (failing_finaliser, {"finaliser": ["finaliser_failing"]}),
    "no backup": (
        lambda h: (h.instance / "last-backup.json").unlink(),
        {"backup": ["backup_missing"]},
    ),
    "old backup": (
        lambda h: write_backup(h.instance, clock.now() - timedelta(days=3)),
        {"backup": ["backup_old"]},
    ),
    "empty": (
        no_rows,
        {"operator_key": ["operator_key_not_pinned"], "places": ["no_place", "no_officer"]},
    ),
    "no officer": (no_offices, {"places": ["no_officer"]}),
    "rights": (lambda h: h.instance.chmod(0o755), {"rights": ["open_to_others"]}),
    "disk": (full_disk, {"disk": ["disk_full"]}),
    "attachments": (unreachable_attachments, {"attachments": ["attachment_store_unreachable"]}),
    "limits": (
        lambda h: h.change(rate_limit_url=OTHERS_PORT),
        {"limits": ["limits_unreachable"]},
    ),
    "clock": (other_clock, {"clock": ["clock_skew"]}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found_and_nothing_else(house: House, what: str):
    spoil, expected = WRONG[what]
    try:
        spoil(house)
        status, found = house.ask()
    finally:
        set_revision(house.app, revisions()[0])
        house.instance.chmod(0o700)
    if what == "holidays":
        found["holidays"] = sorted(set(found["holidays"] or []))
    assert (status, found) == (1, expected)


def test_every_question_finds_something(house: House):
    asked = {name for _, expected in WRONG.values() for name in expected}
    assert asked | {"key_store"} == {question.name for question in QUESTIONS}


def test_what_cannot_be_told_is_no_finding_of_its_own(
    settings: Settings, tmp_path: Path, engine_name: str
):
    """An empty machine: no database, a key store that is away."""
    url = {
        "sqlite": f"sqlite:///{tmp_path / 'not-there.db'}",
        "postgresql": "postgresql://nobody@127.0.0.1:1/none",
    }[engine_name]
    away = replace(settings, database_url=url, key_store_url=OTHERS_PORT)
    app = create_app(away, tmp_path / "instance")
    house = House(app, away, tmp_path / "instance", pytest.MonkeyPatch())
    status, found = house.ask()
    app.extensions["wechat"].close()
    assert status == 1
    assert found["database"] == [
        {"sqlite": "schema_missing", "postgresql": "database_unreachable"}[engine_name]
    ]
    assert found["key_store"] == ["key_store_unreachable"]
    assert [found[name] for name in ("operator_key", "holidays", "places", "clock")] == [None] * 4
    assert not (tmp_path / "not-there.db").exists()  # whoever looks makes nothing


def test_it_speaks_where_nothing_else_starts(tmp_path: Path):
    environ = {
        "PATH": "/usr/bin:/bin",
        "YYT_PROFILE": "production",
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'yyt.db'}",
        "KEY_STORE": str(tmp_path / "keys"),
        "HEARTBEAT_FILE": str(tmp_path / "heartbeat.json"),
        "PYTHONPATH": str(databases.ROOT),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi"]

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, *words], cwd=tmp_path, env=environ, capture_output=True, text=True
        )

    looked = run("doctor", "--json")
    assert looked.returncode == 1, looked.stderr
    found = {fault["code"] for fault in json.loads(looked.stdout)["checks"]["settings"]}
    assert {"secret_key_guessable", "public_url_not_https", "limits_in_memory"} <= found
    for other in (run("finalise"), run("routes")):
        assert other.returncode == 4
        assert "不能启动 · cannot start" in other.stderr
        assert "SECRET_KEY" in other.stderr
        assert "Traceback" not in other.stderr
    environ["DATABASE_URL"] = "somewhere"  # nothing can be made of that, not even to look at
    broken = run("doctor")
    assert broken.returncode == 4
    assert "DATABASE_URL" in broken.stderr
    assert "SECRET_KEY" in broken.stderr
