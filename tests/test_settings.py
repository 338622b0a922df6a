"""Settings: the operator's page names them all, and production refuses unsafe ones."""

import re
from pathlib import Path

import pytest

from app.config import Settings, UnsafeSettings
from tests.databases import ROOT

READS = re.compile(r'environ(?:\.get\(|,)\s*"([A-Z0-9_]+)"')


def test_every_variable_is_on_the_settings_page():
    read = {
        name
        for path in ("app/config.py", "gunicorn.conf.py", "tests/databases.py")
        for name in READS.findall((ROOT / path).read_text())
    }
    told = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert len(read) > 10
    assert read - told == set()


SAFE = {
    "YYT_PROFILE": "production",
    "DATABASE_URL": "postgresql://db.example/yueyuetan",
    "SECRET_KEY": "k" * 32,
    "PUBLIC_URL": "https://yyt.example",
    "WECHAT_APPID": "wx1",
    "WECHAT_SECRET": "s",
}


def test_production_starts_with_safe_settings(tmp_path: Path):
    Settings.from_environment(tmp_path, SAFE).check()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "k" * 31),
        ("SECRET_KEY_PREVIOUS", "j" * 31),
        ("SECRET_KEY_PREVIOUS", f"{'j' * 32} {'k' * 32}"),
        ("PUBLIC_URL", "http://yyt.example"),
        ("WECHAT_APPID", ""),
        ("WECHAT_SECRET", ""),
        ("WECHAT_API_BASE", "http://127.0.0.1:8001"),
    ],
)
def test_production_refuses_an_unsafe_setting(tmp_path: Path, variable: str, value: str):
    settings = Settings.from_environment(tmp_path, {**SAFE, variable: value})
    with pytest.raises(UnsafeSettings, match=variable):
        settings.check()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("YYT_PROFILE", "Production"),
        ("YYT_PROFILE", "prod"),
        ("VOTING_EXTENSION_DAYS", "-2"),
        ("VOTING_EXTENSION_DAYS", "three"),
        ("VOTING_EXTENSION_DAYS", "31"),
        ("CARRY_OVER_LIMIT", "0"),
        ("ATTACHMENT_MAX_UNUSED", "0"),
        ("ATTACHMENT_MAX_UNUSED", "1001"),
    ],
)
def test_setting_without_sense_is_refused(tmp_path: Path, variable: str, value: str):
    with pytest.raises(UnsafeSettings, match=variable):
        Settings.from_environment(tmp_path, {variable: value})


def test_several_earlier_secrets_are_separated_by_spaces(tmp_path: Path):
    environ = {**SAFE, "SECRET_KEY_PREVIOUS": f"  {'i' * 32} {'j' * 32}\n"}
    settings = Settings.from_environment(tmp_path, environ)
    settings.check()
    assert settings.secret_keys_before == ("i" * 32, "j" * 32)


def test_development_keeps_its_secret(tmp_path: Path):
    first, second = (Settings.from_environment(tmp_path, {}) for _ in range(2))
    assert first == second
    assert len(first.secret_key) == 64
    assert first.database_url == f"sqlite:///{tmp_path / 'yueyuetan.db'}"
