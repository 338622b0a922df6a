"""The units: systemd takes them, they shut the service in, and their commands are what runs."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from tests.databases import ROOT
from tests.deploy.proxies import program
from tests.deploy.running import Service, started, until
from tests.deploy.units import HOME, NAMES, UNITS, in_here, read, values
from tests.race.server import environment

SERVICES = tuple(name for name in NAMES if name.endswith(".service"))
EXPOSURE = 1.5  # of 10, as systemd-analyze counts it
EXPOSED = re.compile(r"Overall exposure level for \S+: (\d+\.\d)")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with the paths of this checkout, as systemd looks for their programs."""
    for name in NAMES:
        lines = (UNITS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(" ".join(map(in_here, lines.split(" "))), encoding="utf-8")
    return tmp_path


def test_systemd_has_nothing_to_say_against_them(units: Path):
    command = [program("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no"]
    said = subprocess.run(
        [*command, *(str(units / name) for name in NAMES)], capture_output=True, text=True
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES)
def test_services_are_shut_in(unit: str):
    said = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", "--no-pager", UNITS / unit],
        capture_output=True,
        text=True,
    )
    found = EXPOSED.search(said.stdout)
    assert found is not None, said.stderr
    assert float(found[1]) <= EXPOSURE


@pytest.mark.parametrize("unit", SERVICES)
def test_what_a_unit_names_is_there(unit: str):
    """Programs of the environment, the folder, the file of settings that the page tells of."""
    for key in ("ExecStart", "ExecReload"):
        for line in values(unit, key):
            assert os.access(in_here(line.split()[0]), os.X_OK), line
    assert values(unit, "WorkingDirectory") == [HOME]
    install = (ROOT / "docs" / "operating" / "install.md").read_text(encoding="utf-8")
    for path in (*values(unit, "EnvironmentFile"), "/etc/systemd/system/"):
        assert path in install
    for _, _, value in read(unit):
        for page in re.findall(r"docs/[\w./-]+\.md", value):
            assert (ROOT / page).is_file(), page


def test_services_stop_by_themselves_before_they_are_killed():
    config: dict[str, int] = {}
    code = (ROOT / "gunicorn.conf.py").read_text()
    for name in ("timeout", "graceful_timeout"):
        (text,) = re.findall(rf"^{name} = (\d+)$", code, re.MULTILINE)
        config[name] = int(text)
    (stop,) = values("yueyuetan.service", "TimeoutStopSec")
    (watchdog,) = values("yueyuetan.service", "WatchdogSec")
    assert config["timeout"] < config["graceful_timeout"] < int(stop)
    # A worker that hangs is replaced, and its successor has loaded, long before.
    assert int(watchdog) >= 3 * config["timeout"]


@pytest.fixture
def web(app: object, settings: Settings, tmp_path: Path) -> Iterator[tuple[Service, httpx.Client]]:
    """The HTTP server, started by the line of its unit."""
    extra = {"GUNICORN_CMD_ARGS": f"--bind=unix:{tmp_path}/web.sock --timeout=4"}
    with started("yueyuetan.service", tmp_path, environment(settings) | extra) as service:
        service.wait_ready()
        transport = httpx.HTTPTransport(uds=f"{tmp_path}/web.sock")
        with httpx.Client(transport=transport, base_url="http://local", timeout=60) as client:
            yield service, client


def test_server_is_ready_when_it_answers_and_then_says_that_it_lives(
    web: tuple[Service, httpx.Client],
):
    service, client = web
    began = time.monotonic()
    assert client.get("/").status_code == 200
    assert time.monotonic() - began < 4  # nothing is loaded any more
    assert service.manager.count("READY=1") == 1
    until(lambda: service.manager.count("WATCHDOG=1") >= 3)
    service.kill(signal.SIGTERM)
    assert service.process.wait(60) == 0


def test_a_master_that_hangs_is_silent(web: tuple[Service, httpx.Client]):
    service, _ = web
    until(lambda: service.manager.has_heard("WATCHDOG=1"))
    service.kill(signal.SIGSTOP)
    time.sleep(1)
    before = service.manager.count("WATCHDOG=1")
    time.sleep(4)
    assert service.manager.count("WATCHDOG=1") == before
    service.kill(signal.SIGCONT)
    until(lambda: service.manager.count("WATCHDOG=1") > before)


def test_workers_that_all_hang_are_replaced_and_meanwhile_it_is_silent(
    web: tuple[Service, httpx.Client],
):
    service, client = web
    hanging = service.wait_for_workers()
    for worker in hanging:
        os.kill(worker, signal.SIGSTOP)
    time.sleep(5)  # the timeout of 4 s, and the tick in which the last word was said
    before = service.manager.count("WATCHDOG=1")
    until(lambda: not set(service.children()) & set(hanging))
    until(lambda: service.manager.count("WATCHDOG=1") > before)
    assert client.get("/").status_code == 200


def test_one_worker_that_hangs_is_no_reason_to_restart_all(web: tuple[Service, httpx.Client]):
    service, _ = web
    os.kill(service.wait_for_workers()[0], signal.SIGSTOP)
    before = service.manager.count("WATCHDOG=1")
    time.sleep(6)
    assert service.manager.count("WATCHDOG=1") >= before + 4


def test_code_that_does_not_start_is_not_taken(app: object, settings: Settings, tmp_path: Path):
    """What the unit runs before it lets the server reload."""
    check, signal_it = values("yueyuetan.service", "ExecReload")
    assert signal_it.startswith("/bin/kill -HUP")
    environ = {**os.environ, **environment(settings)}
    words = [in_here(word) for word in check.split()]
    for changes, is_taken in (
        ({}, True),
        ({"SECRET_KEY": "short", "YYT_PROFILE": "production"}, False),
    ):
        ran = subprocess.run(words, cwd=ROOT, env=environ | changes, capture_output=True)
        assert (ran.returncode == 0) is is_taken, ran.stderr


def test_finaliser_is_ready_lives_and_stops(app: object, settings: Settings, tmp_path: Path):
    unit = "yueyuetan-finalise.service"
    environ = environment(settings) | {"WATCHDOG_USEC": "4000000"}
    with started(unit, tmp_path, environ) as service:
        service.wait_ready()
        until(lambda: service.manager.count("WATCHDOG=1") >= 3)
        service.kill(signal.SIGTERM)
        assert service.process.wait(60) == 0, service.log.read_text()
