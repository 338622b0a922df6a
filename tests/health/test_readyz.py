"""`/healthz` and `/readyz`: what fails is named, what hangs holds nobody up, no more is told."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import storage_from_string
from sqlalchemy import make_url, text
from sqlalchemy.orm import scoped_session, sessionmaker

from app import create_app
from app.attachments.stores import Folder
from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.redis import RedisKeyStore
from app.ballots.keys.store import OPERATOR, KeyStore
from app.config import Settings
from app.finaliser.heartbeat import Heartbeat, read_heartbeat, write_heartbeat
from app.health import probes
from app.health.probes import Asker, Probe
from app.kit import clock
from app.kit.extensions import db
from app.schema import revisions
from tests.cast import Cast, ballot
from tests.operator_key import with_pinned_key

WITHIN_S = 3.5


@pytest.fixture
def well(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flask:
    """The application with all that it needs, and holidays for years to come."""
    keys = with_pinned_key(app, FolderKeyStore(tmp_path / "keys"))
    monkeypatch.setitem(app.extensions, "keys", keys)
    this_year = clock.local_date(clock.now()).year
    monkeypatch.setattr(probes, "read_years", lambda: frozenset({this_year, this_year + 1}))
    settings: Settings = app.extensions["settings"]
    write_heartbeat(settings.heartbeat_file, Heartbeat(clock.now()).after_round([]))
    return app


def codes(app: Flask) -> tuple[int, str, dict[str, str]]:
    """Status, the word for all, and the checks that do not hold."""
    answer = app.test_client().get("/readyz")
    failed = {
        name: check["code"]
        for name, check in answer.json["checks"].items()
        if check["status"] != "ok"
    }
    return answer.status_code, answer.json["status"], failed


def test_all_is_well(well: Flask):
    assert codes(well) == (200, "ready", {})
    answer = well.test_client().get("/readyz")
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json["checks"]) == {name for p in probes.PROBES for name in p.names}


def with_revision(revision: str | None) -> Callable[[Flask, pytest.MonkeyPatch], None]:
    def change(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        set_revision(app, revision)

    return change


def set_revision(app: Flask, revision: str | None) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision is not None:
            connection.execute(text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})


def no_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "db", db_of(app, "postgresql://nobody@127.0.0.1:1/none"))


def db_of(app: Flask, url: str) -> Any:
    settings = replace(app.extensions["settings"], database_url=url)
    other = create_app(settings, Path(app.instance_path))
    with other.app_context():
        engine = db.engine

    class Other:
        pass

    Other.engine = engine  # type: ignore[attr-defined]
    Other.session = scoped_session(sessionmaker(engine))  # type: ignore[attr-defined]
    return Other


def no_redis(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "keys", RedisKeyStore("redis://127.0.0.1:1/0"))


def no_operator_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions["keys"].erase(OPERATOR)


def other_operator_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: KeyStore = app.extensions["keys"]
    keys.erase(OPERATOR)
    keys.keep(OPERATOR, b"k" * 32)


def no_pinned_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM operator_keys"))


def no_heartbeat(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions["settings"].heartbeat_file.unlink()


def old_heartbeat(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Heartbeat(clock.now() - timedelta(minutes=6))
    write_heartbeat(app.extensions["settings"].heartbeat_file, old)


def failing_step(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Heartbeat(clock.now()).after_round(["sessions"])
    write_heartbeat(app.extensions["settings"].heartbeat_file, failing)


def no_holidays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "read_years", lambda: frozenset({2020}))


def no_attachments(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    file = app.extensions["settings"].heartbeat_file  # no folder
    monkeypatch.setitem(app.extensions, "attachment_store", Folder(file))


def no_rate_limits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = storage_from_string("redis://127.0.0.1:1", wrap_exceptions=True)
    monkeypatch.setitem(app.extensions, "rate_limiter", SimpleNamespace(storage=storage))
    settings = replace(app.extensions["settings"], rate_limit_url="redis://127.0.0.1:1")
    monkeypatch.setitem(app.extensions, "settings", settings)


Change = Callable[[Flask, pytest.MonkeyPatch], None]
VITAL: dict[str, tuple[Change, dict[str, str]]] = {
    "database": (
        no_database,
        {"database": "unreachable", "schema": "not_asked", "operator_key": "not_asked"},
    ),
    "behind": (with_revision(revisions()[1]), {"schema": "behind"}),
    "ahead": (with_revision("9999"), {"schema": "ahead"}),
    "unknown": (with_revision("ab12"), {"schema": "unknown"}),
    "no revision": (with_revision(None), {"schema": "missing"}),
    "redis": (no_redis, {"key_store": "unreachable", "operator_key": "not_asked"}),
    "operator key": (no_operator_key, {"operator_key": "missing"}),
    "another operator's key": (other_operator_key, {"operator_key": "differs"}),
    "no pinned key": (no_pinned_key, {"operator_key": "not_pinned"}),
}
NOT_VITAL: dict[str, tuple[Change, dict[str, str]]] = {
    "no heartbeat": (no_heartbeat, {"finaliser": "no_heartbeat"}),
    "old heartbeat": (old_heartbeat, {"finaliser": "old_heartbeat"}),
    "failing step": (failing_step, {"finaliser": "failing"}),
    "holidays": (no_holidays, {"holidays": "this_year_missing"}),
    "limits": (no_rate_limits, {"rate_limits": "unreachable"}),
    "attachments": (no_attachments, {"attachment_store": "unreachable"}),
}


def test_every_check_is_seen_failing():
    named = {name for _, failed in {**VITAL, **NOT_VITAL}.values() for name in failed}
    assert named == {name for probe in probes.PROBES for name in probe.names}
    assert {name for _, failed in VITAL.values() for name in failed} == probes.VITAL


@pytest.mark.parametrize("what", {**VITAL, **NOT_VITAL})
def test_what_fails_is_named(well: Flask, monkeypatch: pytest.MonkeyPatch, what: str):
    change, failed = {**VITAL, **NOT_VITAL}[what]
    change(well, monkeypatch)
    try:
        expected = (503, "not_ready") if what in VITAL else (200, "degraded")
        assert codes(well) == (*expected, failed)
        assert well.test_client().get("/healthz").json == {"status": "ok"}
    finally:
        set_revision(well, revisions()[0])


@pytest.mark.parametrize(
    ("today", "years", "code", "covered"),
    [
        ("2026-09-30", {2026}, "ok", 2026),
        ("2026-10-01", {2026}, "next_year_missing", 2026),
        ("2026-10-01", {2026, 2027}, "ok", 2027),
        ("2026-12-31", {2025, 2026}, "next_year_missing", 2026),
        ("2027-01-01", {2026}, "this_year_missing", 2026),
        ("2027-01-01", {2026, 2028}, "this_year_missing", 2026),
        ("2027-01-01", {2027}, "ok", 2027),
    ],
)
def test_next_years_holidays_are_asked_for_from_october_on(
    today: str, years: set[int], code: str, covered: int
):
    day = date.fromisoformat(today)
    assert probes.holidays_code(day, frozenset(years)) == code
    assert probes.covered_until(day, frozenset(years)) == date(covered, 12, 31)


def test_question_that_hangs_is_not_asked_again_and_holds_up_the_first_alone(well: Flask):
    asked = []

    def hang() -> dict[str, str]:
        asked.append(1)
        time.sleep(1)
        return {"slow": "ok"}

    asker = Asker(well, (Probe(("slow",), hang), Probe(("quick",), lambda: {"quick": "ok"})))
    began = time.monotonic()
    for _ in range(3):
        assert asker.ask(within_s=0.1) == {"slow": "no_answer", "quick": "ok"}
        assert asker.ask(within_s=10) == {"slow": "no_answer", "quick": "ok"}
    assert time.monotonic() - began < 0.9
    assert len(asked) == 1
    time.sleep(1)
    assert asker.ask(within_s=10) == {"slow": "ok", "quick": "ok"}
    assert len(asked) == 2


def test_server_that_takes_connections_and_says_nothing_holds_nobody_up(
    well: Flask, monkeypatch: pytest.MonkeyPatch
):
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(probes, "db", db_of(well, f"postgresql://n@127.0.0.1:{port}/none"))
        monkeypatch.setitem(well.extensions, "keys", RedisKeyStore(f"redis://127.0.0.1:{port}/0"))
        for _ in range(2):
            began = time.monotonic()
            status, _, failed = codes(well)
            assert time.monotonic() - began < WITHIN_S
            assert status == 503
            assert {failed["database"], failed["key_store"]} <= {"no_answer", "unreachable"}


def test_neither_tells_an_address_a_version_or_a_secret(well: Flask):
    settings: Settings = well.extensions["settings"]
    client: FlaskClient = well.test_client()
    for path in ("/healthz", "/readyz"):
        body = client.get(path).text
        for secret in (
            settings.secret_key,
            str(make_url(settings.database_url).database),
            str(settings.key_store),
            revisions()[0],
            socket.gethostname(),
        ):
            assert secret not in body, path


def test_heartbeat_that_is_half_written_or_nonsense_is_none(tmp_path: Path):
    path = tmp_path / "folder" / "heartbeat.json"
    assert read_heartbeat(path) is None
    whole = Heartbeat(clock.now()).after_round(["b", "a"])
    write_heartbeat(path, whole)
    assert read_heartbeat(path) == whole
    assert whole.failing == ("a", "b")
    assert os.listdir(path.parent) == [path.name]
    for text_ in ("", "{", "[]", '{"at": "soon"}', '{"at": null, "failing": 3}'):
        path.write_text(text_)
        assert read_heartbeat(path) is None, text_


def test_gate_asks_once_and_refuses_a_foreign_schema_with_words(app: Flask, cast: Cast):
    resident = cast.resident()
    app.extensions["database_is_fit"] = False
    set_revision(app, "9999")
    try:
        for answer in (
            resident.get("/me"),
            resident.put("/sessions/0198c0de-0000-7000-8000-000000000000/ballot", ballot()),
        ):
            assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
            assert answer.headers["Retry-After"]
        assert app.test_client().get("/docs").status_code == 200
        assert app.test_client().get("/healthz").status_code == 200
    finally:
        set_revision(app, revisions()[0])
    assert resident.get("/me").status_code == 200
    assert app.extensions["database_is_fit"] is True
