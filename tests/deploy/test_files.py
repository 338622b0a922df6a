"""The files of `deploy/` name what is there: settings, files, commands, pages."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import create_app
from app.config import Settings
from tests.databases import ROOT
from tests.test_settings import READS

DEPLOY = ROOT / "deploy"
NAME = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
# Of the page of settings, what no operator of a real service sets.
GIVEN_BY_SYSTEMD = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
NOT_IN_PRODUCTION = {"WECHAT_API_BASE", "TEST_DATABASE_URL"}


def example() -> str:
    return (DEPLOY / "yueyuetan.env.example").read_text(encoding="utf-8")


def test_example_page_and_program_know_the_same_settings():
    read = {
        name
        for path in (ROOT / "app" / "config.py", *ROOT.glob("*.py"))
        for name in READS.findall(path.read_text())
    } - GIVEN_BY_SYSTEMD
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    table = set()
    for line in page.splitlines():
        if line.startswith("| `"):
            table |= set(re.findall(r"`([A-Z][A-Z0-9_]+)`", line.split("|")[1]))
    given = set(NAME.findall(example()))
    assert len(read) > 10
    faults = {
        "read but not on the page": read - table,
        "on the page but not in the example": table - given - NOT_IN_PRODUCTION,
        "in the example but not on the page": given - table,
        "for tests alone, and in the example": given & NOT_IN_PRODUCTION,
    }
    assert {fault: names for fault, names in faults.items() if names} == {}


def test_every_setting_of_the_example_has_words_in_both_languages():
    block: list[str] = []
    for line in example().splitlines():
        if not line:
            block = []
        elif NAME.match(line):
            words = " ".join(block)
            assert re.search(r"[\u4e00-\u9fff]", words), line
            assert re.search(r"[A-Za-z]{3}", words), line
        else:
            assert line == "#" or line.startswith("# "), line
            block.append(line)


def filled() -> dict[str, str]:
    """The example with what only the operator knows."""
    given = dict(
        line.split("=", 1) for line in example().splitlines() if line and not line.startswith("#")
    )
    missing = {name for name, value in given.items() if not value}
    assert missing == {"SECRET_KEY", "WECHAT_APPID", "WECHAT_SECRET"}
    return given | {
        "SECRET_KEY": "7f1c0b6e9d2a4835ab0c5d7e6f819203",
        "WECHAT_APPID": "wx1234567890abcdef",
        "WECHAT_SECRET": "0123456789abcdef",
    }


def test_example_once_filled_in_is_what_production_takes(tmp_path: Path):
    Settings.from_environment(tmp_path, filled()).check()


def test_example_is_read_alike_by_systemd_and_a_shell():
    """No quotes, no spaces, nothing that either would expand."""
    for line in example().splitlines():
        if line and not re.match(r"#( |$)", line):
            value = line.split("=", 1)[1]
            assert shlex.split(value) in ([value], []), line
            assert not set(value) & set("$`\\"), line


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


OURS = ("migrate", "web", "finaliser")
# Made by the operator, by the steps of docs/operating/deploy.md.
MADE = {
    "secrets/postgres_admin",
    "secrets/postgres_account.sql",
    "secrets/redis-keys.acl",
    "secrets/redis-limits.acl",
    "secrets/tls",
    "yueyuetan.env",
}


def test_compose_brings_all_parts(compose: dict[str, Any]):
    assert set(compose["services"]) == {
        *OURS,
        "postgres",
        "redis-keys",
        "redis-limits",
        "proxy",
    }


def test_files_that_compose_mounts_are_there_or_told_how_to_make(compose: dict[str, Any]):
    page = (ROOT / "docs" / "operating" / "deploy.md").read_text(encoding="utf-8")
    assert all(name in page for name in MADE)
    named = {service.get("env_file") for service in compose["services"].values()} - {None}
    named |= {secret["file"] for secret in compose["secrets"].values()}
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                named.add(source)
            else:
                assert source in compose["volumes"], source
    for path in named:
        relative = path.removeprefix("./")
        assert relative in MADE or (DEPLOY / relative).exists(), path


def test_files_lie_in_containers_where_the_servers_look_for_them(compose: dict[str, Any]):
    """A path that a configuration names is one that is mounted or made."""
    for name in ("redis-keys", "redis-limits"):
        service = compose["services"][name]
        places = [volume.split(":")[1] for volume in service["volumes"]]
        places += service.get("tmpfs", [])
        text = (DEPLOY / f"{name}.conf").read_text(encoding="utf-8")
        for key in ("aclfile", "dir"):
            (value,) = re.findall(rf"^{key} (\S+)$", text, re.MULTILINE)
            assert value in places, (name, key)
        assert service["command"][1] in places
    proxy = [volume.split(":")[1] for volume in compose["services"]["proxy"]["volumes"]]
    texts = [
        (DEPLOY / f"nginx{part}.conf").read_text(encoding="utf-8")
        for part in ("", "-tls", "-common")
    ]
    for place in re.findall(
        r"^\s*(?:include|alias|ssl_certificate(?:_key)?) (\S+);", "\n".join(texts), re.MULTILINE
    ):
        whole = place if place.startswith("/") else f"/etc/nginx/{place}"
        assert any(whole.rstrip("/").startswith(mounted) for mounted in proxy), place
    assert "/run/yueyuetan" in proxy


def test_commands_of_our_containers_are_those_of_the_units_and_the_program(
    compose: dict[str, Any], tmp_path: Path
):
    services = compose["services"]
    assert services["migrate"]["command"] == ["alembic", "upgrade", "head"]
    finaliser = services["finaliser"]["command"]
    unit = (DEPLOY / "systemd" / "yueyuetan-finalise.service").read_text()
    (line,) = re.findall(r"^ExecStart=\S+/flask --app wsgi (.+)$", unit, re.MULTILINE)
    assert finaliser == ["flask", *line.split()]
    settings = Settings.from_environment(tmp_path, {})
    assert finaliser[1] in create_app(settings, tmp_path).cli.commands
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert '"-c", "gunicorn.conf.py"' in image
    for name in OURS:
        assert services[name]["build"] == {"context": "..", "dockerfile": "deploy/Containerfile"}
        assert services[name]["env_file"] == "yueyuetan.env"
        assert "/run/yueyuetan" in str(services[name]["volumes"])


def copied() -> list[str]:
    """What the Containerfile takes from the checkout."""
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+)$", image, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_image_is_made_of_files_that_are_there_and_not_held_back():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for source in copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_image_holds_all_that_runs():
    """Whatever a running process imports or reads from the checkout is copied."""
    assert {"app", "votes", "migrations", "wsgi.py", "gunicorn.conf.py"} <= set(copied())
    for module in ("service_manager",):
        assert f"{module}.py" in copied()
    assert "pyproject.toml" in copied()  # alembic's settings


def test_pages_name_files_that_are_there():
    for page in (ROOT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
