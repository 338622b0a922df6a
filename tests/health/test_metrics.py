"""`/metrics` beside a real gunicorn: what workers count is added up, what is due is read, nobody is
named, and the process that tells comes and goes with the server."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

import metrics_process
from app.config import Settings
from app.finaliser.heartbeat import Heartbeat, write_heartbeat
from app.finaliser.steps import STEPS
from app.kit import clock
from app.people.models import Role
from tests import databases
from tests.cast import Cast, ballot
from tests.race.server import environment

PATIENCE_S = 60.0
Figures = dict[tuple[str, tuple[str, ...]], float]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    http: httpx.Client
    port: int
    log: Path

    def figures(self) -> Figures:
        """Every figure by its name and the values of its labels."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False).text
        return {
            (sample.name, tuple(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def is_told(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def wait_for(self, what: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[Server]:
    """gunicorn with two workers and the configuration that operators use."""
    port, told = free_port(), free_port()
    environ = environment(settings) | {
        "PORT": str(port),
        "METRICS_BIND": f"127.0.0.1:{told}",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "HEARTBEAT_FILE": str(settings.heartbeat_file),
        "ATTACHMENT_FOLDER": str(settings.attachment_folder),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    log = folder / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=databases.ROOT, env=environ, stdout=output, stderr=output
        )
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)
    try:
        server = Server(process, http, told, log)
        server.wait_for(server.is_told)
        yield server
    finally:
        http.close()
        process.terminate()
        process.wait(timeout=60)


def test_figures_of_all_workers_and_of_the_database(
    app: Flask, cast: Cast, settings: Settings, tmp_path: Path
):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"of an earlier run")
    write_heartbeat(settings.heartbeat_file, Heartbeat(clock.now()).after_round(["orders"]))
    secretary, voter = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, voter)
    officer = cast.officer(Role.GRID_WORKER)
    with serving(settings, tmp_path) as server:
        assert not (tmp_path / "metrics" / "counter_1.db").exists()
        for person, path in ((voter, f"/sessions/{session['id']}/ballot"),) * 3:
            answer = server.http.put(
                f"/api/v1{path}",
                json=ballot(matters[0]),
                headers={"Authorization": f"Bearer {person.token}"},
            )
            assert answer.status_code == 200, answer.text
        server.http.get(f"/api/v1/matters/{uuid4()}", headers={"Authorization": officer.token})
        server.http.get("/nowhere/王某")
        missing = server.http.get("/readyz")

        figures = server.figures()
        assert figures["yueyuetan_casts_total", ()] == 3
        assert figures["yueyuetan_request_seconds_count", ("ballots.cast_ballot",)] == 3
        assert figures["yueyuetan_request_seconds_count", ("none",)] == 1
        unready = figures.get(("yueyuetan_unavailable_total", ("health.readyz",)), 0)
        assert unready == (missing.status_code == 503)
        assert figures["yueyuetan_uploads_in_progress", ()] == 0
        assert {labels for name, labels in figures if name == "yueyuetan_due"} == {
            (step.name,) for step in STEPS if step.is_counted
        }
        assert figures["yueyuetan_check", ("database",)] == 1
        assert figures["yueyuetan_finaliser_failing", ("orders",)] == 1
        assert 0 <= figures["yueyuetan_finaliser_heartbeat_age_seconds", ()] < 600
        assert ("yueyuetan_finaliser_clean_age_seconds", ()) not in figures  # it never was clean
        assert figures["yueyuetan_holidays_until_seconds", ()] > time.time() - 366 * 86400
        named = {value for _, labels in figures for value in labels}
        for person in (secretary, voter, officer):
            assert not any(str(person.id) in value or person.openid in value for value in named)
        assert not any("王某" in value or "/" in value for value in named)

        # Workers that are replaced take nothing of what was counted with them.
        server.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        server.wait_for(lambda: server.http.get("/healthz").status_code == 200)
        server.wait_for(server.is_told)
        assert server.figures()["yueyuetan_casts_total", ()] == 3
    server.wait_for(lambda: not server.is_told())


def test_process_that_tells_ends_with_a_server_that_was_killed(settings: Settings, tmp_path: Path):
    with serving(settings, tmp_path) as server:
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.wait_for(lambda: not server.is_told())


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, None),
        ({"METRICS_BIND": "off"}, None),
        ({"METRICS_BIND": "0.0.0.0:9200"}, ("0.0.0.0", 9200)),
        ({"METRICS_BIND": "[::1]:9200"}, ("::1", 9200)),
        ({"YYT_PROFILE": "production"}, ("127.0.0.1", 9110)),
        ({"YYT_PROFILE": "production", "METRICS_BIND": "off"}, None),
    ],
)
def test_figures_are_told_in_production_and_on_demand(
    environ: dict[str, str], address: tuple[str, int] | None
):
    assert metrics_process.bind_address(environ) == address
    assert metrics_process.prepare(changed := dict(environ)) is (address is not None)
    assert ("PROMETHEUS_MULTIPROC_DIR" in changed) is (address is not None)
