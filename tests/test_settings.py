"""Settings: the operator's page names them all, and production refuses unsafe ones."""

import re
import secrets
from pathlib import Path

import pytest

from app.config import MIN_SECRET_BITS, Settings, UnsafeSettings, secret_bits
from tests.databases import ROOT

READS = re.compile(r'environ(?:\.get\(|,)\s*"([A-Z0-9_]+)"')


def test_every_variable_is_on_the_settings_page():
    read = {
        name
        for path in (
            "app/config.py",
            "gunicorn.conf.py",
            "metrics_process.py",
            "tests/databases.py",
        )
        for name in READS.findall((ROOT / path).read_text())
    }
    told = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert len(read) > 10
    assert read - told == set()


EARLIER = "b7e1c93a5d2f48066a1be0d94c7f3582"
SECRET = "3c7f0a9d5be1482f6d90c1e7a24b8f35"
SAFE = {
    "YYT_PROFILE": "production",
    "DATABASE_URL": "postgresql://db.example/yueyuetan",
    "SECRET_KEY": SECRET,
    "PUBLIC_URL": "https://yyt.example",
    "WECHAT_APPID": "wx1",
    "WECHAT_SECRET": "s",
    "RATE_LIMIT_STORAGE": "redis://limits.example:6379/0",
}
ONE_WORKER = {"RATE_LIMIT_STORAGE": "", "WEB_CONCURRENCY": "1"}
ON_SQLITE = {"DATABASE_URL": "sqlite:////srv/yueyuetan/yyt.db"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"PUBLIC_URL": "https://yyt.example/"},  # the bar behind it is taken off
        {"PUBLIC_URL": "https://yyt.example:8443"},
        {"SECRET_KEY": "Zk3-" + SECRET},
        {"HOSTS": "3"},
        ON_SQLITE,  # one office on one machine
        ONE_WORKER,
        {"SECRET_KEY_PREVIOUS": EARLIER},
        {**ON_SQLITE, **ONE_WORKER, "HOSTS": "1"},
        {"METRICS_BIND": "off"},
        {"METRICS_BIND": "[::1]:9110"},
    ],
)
def test_production_starts_with_safe_settings(tmp_path: Path, changes: dict[str, str]):
    Settings.from_environment(tmp_path, SAFE | changes).check()


# Each is refused with its own code alone.
UNSAFE = [
    ({"DATABASE_URL": ""}, "database_url_missing"),
    ({"DATABASE_URL": "mysql://db.example/yyt"}, "database_url_no_address"),
    ({"DATABASE_URL": "db.example"}, "database_url_no_address"),
    ({**ON_SQLITE, "HOSTS": "2"}, "database_of_one_host"),
    ({"SECRET_KEY": ""}, "secret_key_short"),
    ({"SECRET_KEY": SECRET[:31]}, "secret_key_short"),
    ({"SECRET_KEY": "k" * 32}, "secret_key_guessable"),
    ({"SECRET_KEY": "k" * 200}, "secret_key_guessable"),
    ({"SECRET_KEY": "k" * 40 + "l"}, "secret_key_guessable"),
    ({"SECRET_KEY": "ab" * 16}, "secret_key_guessable"),
    ({"SECRET_KEY": "changeme" * 5}, "secret_key_guessable"),
    ({"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}, "secret_key_guessable"),
    ({"SECRET_KEY": "密" * 32}, "secret_key_guessable"),
    ({"PUBLIC_URL": "http://yyt.example"}, "public_url_not_https"),
    ({"PUBLIC_URL": ""}, "public_url_not_https"),
    ({"PUBLIC_URL": "https://yyt.example?from=poster"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://yyt.example?"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://yyt.example#board"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://u:p@yyt.example"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://yyt.example/yyt"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://YYT.example"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://yyt.example:port"}, "public_url_not_plain"),
    ({"PUBLIC_URL": "https://yyt .example"}, "public_url_not_plain"),
    ({"WECHAT_APPID": ""}, "wechat_account_missing"),
    ({"WECHAT_SECRET": ""}, "wechat_account_missing"),
    ({"WECHAT_API_BASE": "http://127.0.0.1:8001"}, "wechat_api_base_changed"),
    ({"RATE_LIMIT_STORAGE": ""}, "limits_in_memory"),  # there are two workers unless told
    ({"RATE_LIMIT_STORAGE": "memory://"}, "limits_no_address"),
    ({"RATE_LIMIT_STORAGE": "off"}, "limits_off"),
    ({"RATE_LIMIT_STORAGE": "redis://k:6379/1", "KEY_STORE": "redis://k/0"}, "limits_beside_keys"),
    ({"SECRET_KEY_PREVIOUS": "j" * 31}, "secret_key_previous"),
    ({"SECRET_KEY_PREVIOUS": "j" * 32}, "secret_key_previous"),  # what start-up refuses for itself
    ({"SECRET_KEY_PREVIOUS": f"{EARLIER} {SECRET}"}, "secret_key_previous"),
    ({**ONE_WORKER, "WEB_CONCURRENCY": "2"}, "limits_in_memory"),
    ({**ONE_WORKER, "HOSTS": "2"}, "limits_in_memory"),
    ({"S3_BUCKET": "yueyuetan"}, "attachment_store_incomplete"),
    ({"KEY_STORE": "http://keys.example"}, "key_store_no_address"),
]


@pytest.mark.parametrize(("changes", "code"), UNSAFE)
def test_production_refuses_an_unsafe_setting(tmp_path: Path, changes: dict[str, str], code: str):
    settings = Settings.from_environment(tmp_path, SAFE | changes)
    assert [fault.code for fault in settings.faults()] == [code]
    with pytest.raises(UnsafeSettings, match=next(iter(changes))):
        settings.check()


def test_all_faults_are_told_at_once_in_both_languages(tmp_path: Path):
    settings = Settings.from_environment(tmp_path, {"YYT_PROFILE": "production", "HOSTS": "2"})
    with pytest.raises(UnsafeSettings) as refused:
        settings.check()
    lines = str(refused.value).splitlines()
    assert len(lines) == 5
    for line, name in zip(
        lines, ("SECRET_KEY", "WECHAT_APPID", "PUBLIC_URL", "DATABASE_URL", "HOSTS"), strict=True
    ):
        zh, en = line.split(" · ", 1)
        assert name in zh
        assert name in en
        assert re.search("[\u4e00-\u9fff]", zh)


def test_a_random_secret_is_never_taken_for_a_guessable_one():
    for _ in range(2000):
        assert secret_bits(secrets.token_hex(16)) >= MIN_SECRET_BITS
        assert secret_bits(secrets.token_urlsafe(24)) >= MIN_SECRET_BITS


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
        ("HOSTS", "0"),
        ("WEB_CONCURRENCY", "many"),
        ("METRICS_BIND", "9110"),
        ("METRICS_BIND", "127.0.0.1:70000"),
    ],
)
def test_setting_without_sense_is_refused(tmp_path: Path, variable: str, value: str):
    with pytest.raises(UnsafeSettings, match=variable):
        Settings.from_environment(tmp_path, {variable: value})


def test_several_earlier_secrets_are_separated_by_spaces(tmp_path: Path):
    environ = {**SAFE, "SECRET_KEY_PREVIOUS": f"  {EARLIER} {EARLIER[::-1]}\n"}
    settings = Settings.from_environment(tmp_path, environ)
    settings.check()
    assert settings.secret_keys_before == (EARLIER, EARLIER[::-1])


def test_development_keeps_its_secret(tmp_path: Path):
    first, second = (Settings.from_environment(tmp_path, {}) for _ in range(2))
    assert first == second
    assert len(first.secret_key) == 64
    assert first.database_url == f"sqlite:///{tmp_path / 'yueyuetan.db'}"
