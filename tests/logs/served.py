"""A real gunicorn with the log of production, and all that it says."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.config import Settings
from tests.databases import ROOT
from tests.race.server import environment

SEED_NAME, SEED_OPENID = "诸葛映雪", "o-seeded-9f3Kq"


class Served:
    """A server on a free port: `http` asks it, `lines` is what it has said once it has ended."""

    def __init__(self, http: httpx.Client, address: tuple[str, int], out: Path) -> None:
        self.http, self.address, self._out = http, address, out

    def said(self) -> str:
        return self._out.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """Each line is one JSON object, or this fails."""
        return [json.loads(line) for line in self.said().splitlines()]


@contextmanager
def serving(settings: Settings, folder: Path, *arguments: str, **changes: str) -> Iterator[Served]:
    out = folder / "out.txt"
    own = {
        "YYT_PROFILE": "production",
        "METRICS_BIND": "off",
        "SEED_NAME": SEED_NAME,
        "SEED_OPENID": SEED_OPENID,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "1"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, out.open("w") as output:
        process = subprocess.Popen(
            [*command, *arguments, "--bind", f"fd://{listener.fileno()}", "tests.logs.wsgi:app"],
            cwd=ROOT,
            env={**environment(settings), "ATTACHMENT_FOLDER": str(folder), **own, **changes},
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
        )
        address = listener.getsockname()
        base = f"http://{address[0]}:{address[1]}"
        try:
            with httpx.Client(base_url=base, trust_env=False, timeout=60) as http:
                http.get("/docs/errors")  # answers once it has started
                yield Served(http, address, out)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                process.kill()
