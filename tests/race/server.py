"""The application under gunicorn, and many clients at once."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from app.config import Settings
from app.kit.web.api import PREFIX
from tests.cast import Person
from tests.databases import ROOT

T = TypeVar("T")

WORKERS = 2
PAUSE_SECONDS = 0.03
START_SECONDS = 30
STOP_SECONDS = 45  # gunicorn itself gives up on a worker after 30


@dataclass(frozen=True)
class Server:
    """A running server: its address, its master process, and a client for all threads."""

    master: int
    http: httpx.Client

    def call(
        self,
        person: Person,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call the API at `path` below its prefix with the person's token."""
        return self.http.request(
            method,
            PREFIX + path,
            json=body,
            headers={"Authorization": f"Bearer {person.token}", **(headers or {})},
        )

    def workers(self) -> list[int]:
        """The process ids of the running workers."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.master)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at once, each in a thread of its own, sent off in this order."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [call.result() for call in [threads.submit(call) for call in calls]]


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which another process has these settings."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "RATE_LIMIT_STORAGE": settings.rate_limit_url,
        "KEY_STORE": settings.key_store_url or str(settings.key_store),
        "ATTACHMENT_FOLDER": str(settings.attachment_folder),
        "WECHAT_APPID": settings.wechat_appid,
        "WECHAT_SECRET": settings.wechat_secret,
        "WECHAT_API_BASE": settings.wechat_api_base,
    }


@contextmanager
def serving(settings: Settings, log: Path, sabotage: str = "") -> Iterator[Server]:
    """gunicorn with two sync workers on a free port; what it says goes to the file `log`."""
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    # Preloaded, so that a worker that was killed is replaced at once.
    command += ["--workers", str(WORKERS), "--preload", "--log-level", "warning"]
    extra = {"RACE_PAUSE": str(PAUSE_SECONDS), "RACE_SABOTAGE": sabotage}
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener, log.open("w") as output:
        handle, (host, port) = listener.fileno(), listener.getsockname()
        process = subprocess.Popen(
            [*command, "--bind", f"fd://{handle}", "tests.race.wsgi:app"],
            cwd=ROOT,
            env=environment(settings) | extra,
            pass_fds=[handle],
            stdout=output,
            stderr=output,
        )
        limits = httpx.Limits(max_connections=None)
        url = f"http://{host}:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=30, limits=limits) as http:
            try:
                server = Server(process.pid, http)
                _wait_for(server, process, log)
                yield server
            finally:
                process.terminate()
                process.wait(timeout=STOP_SECONDS)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until both workers answer: the listener exists already, so a first answer is not enough."""
    end = time.monotonic() + START_SECONDS
    while len(server.workers()) < WORKERS and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    assert process.poll() is None, log.read_text()
    # Not the operator's key: a test pins it only once its database is empty, which is later.
    server.http.get("/healthz").raise_for_status()
