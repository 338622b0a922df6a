"""Production does not start where a promise would be broken; development starts by itself."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from app import create_app, starting
from app.config import Settings, UnsafeSettings
from app.kit.extensions import db
from app.wechat.client import VENDOR_BASE


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The tests' settings as production would have them, on the same database."""
    return replace(
        settings,
        production=True,
        rate_limit_url="",
        secret_key="3c7f0a9d5be1482f6d90c1e7a24b8f35",
        wechat_api_base=VENDOR_BASE,
        public_url="https://yyt.example",
    )


@pytest.fixture
def durable(settings: Settings, engine_name: str) -> Iterator[None]:
    """A database that keeps what it acknowledged, whatever the server's own setting."""
    if engine_name == "sqlite":
        yield
        return
    with_setting(settings.database_url, "synchronous_commit", "on")
    yield
    with_setting(settings.database_url, "synchronous_commit", None)


def with_setting(url: str, name: str, value: str | None) -> None:
    """Set a parameter for all new connections to the database, or reset it."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        change = f"RESET {name}" if value is None else f"SET {name} = {value}"
        connection.execute(text(f"ALTER DATABASE {make_url(url).database} {change}"))
    engine.dispose()


def start(settings: Settings, instance: Path) -> None:
    """Start the application once, as a server does, and let go of it."""
    app = create_app(settings, instance)
    try:
        starting.refuse_to_start(app)
    finally:
        with app.app_context():
            db.engine.dispose()
        app.extensions["wechat"].close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"wechat_api_base": VENDOR_BASE + ".example.com"}, "WECHAT_API_BASE"),
        ({"wechat_appid": ""}, "WECHAT_APPID"),
        ({"public_url": "http://yyt.example"}, "PUBLIC_URL"),
    ],
)
def test_production_does_not_start_on_unsafe_settings(
    production: Settings, tmp_path: Path, changes: dict[str, Any], words: str
):
    with pytest.raises(UnsafeSettings, match=words):
        create_app(replace(production, **changes), tmp_path)


def test_production_names_every_fault_at_once(production: Settings, tmp_path: Path):
    unsafe = replace(production, secret_key="short", public_url="http://yyt.example")
    with pytest.raises(UnsafeSettings, match=r"(?s)SECRET_KEY.*PUBLIC_URL"):
        create_app(unsafe, tmp_path)


def test_production_does_not_start_where_commits_may_be_lost(
    production: Settings, tmp_path: Path, engine_name: str, durable: None
):
    if engine_name == "sqlite":  # has no such setting: it is opened with synchronous=FULL
        start(production, tmp_path)
        return
    with_setting(production.database_url, "synchronous_commit", "off")
    with pytest.raises(UnsafeSettings, match="synchronous_commit = off"):
        start(production, tmp_path)
    start(replace(production, production=False), tmp_path)  # tests may do without


def test_production_starts_where_commits_are_kept(
    production: Settings, tmp_path: Path, durable: None, engine_name: str
):
    if engine_name == "postgresql" and not has_fsync(production.database_url):
        # The server that tests start for themselves; nothing but this is wrong with it.
        with pytest.raises(UnsafeSettings) as refused:
            start(production, tmp_path)
        (fault,) = str(refused.value).splitlines()
        assert "PostgreSQL runs with fsync = off" in fault
        return
    start(production, tmp_path)


def has_fsync(url: str) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        value = connection.scalar(text("SHOW fsync"))
    engine.dispose()
    return bool(value == "on")


def test_sqlite_is_opened_to_keep_what_it_acknowledged(
    settings: Settings, engine_name: str, tmp_path: Path
):
    if engine_name != "sqlite":
        return
    app = create_app(settings, tmp_path)
    with app.app_context(), db.engine.connect() as connection:
        found = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
        }
    with app.app_context():
        db.engine.dispose()
    app.extensions["wechat"].close()
    assert found == {
        "synchronous": 2,
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 10000,
    }


def test_development_makes_its_secret_once(tmp_path: Path):
    """Several workers that start at once end with one secret, readable by nobody else."""
    with ThreadPoolExecutor(8) as workers:
        made = set(
            workers.map(
                lambda _: Settings.from_environment(tmp_path / "instance", {}).secret_key, range(32)
            )
        )
    assert len(made) == 1
    path = tmp_path / "instance" / "secret.key"
    assert {path.read_text()} == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_production_makes_no_secret(tmp_path: Path):
    settings = Settings.from_environment(tmp_path / "instance", {"YYT_PROFILE": "production"})
    assert settings.secret_key == ""
    assert not (tmp_path / "instance").exists()
