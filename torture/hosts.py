"""Application hosts: gunicorn with several workers, each host on an address of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.databases import ROOT
from torture.client import Address, BrokenConnection, call, request
from torture.postgres import free_port

WORKERS = 4
START_SECONDS = 60
HEALTH = request("GET", "/operator-key")


@dataclass
class Host:
    """A host that can be started, stopped, restarted and killed; its settings stay the same.

    `environ` are the settings of the application; with a `sabotage` of `torture.wsgi` it has lost
    one of its protections.
    """

    environ: Mapping[str, str]
    log: Path
    workers: int = WORKERS
    sabotage: str = ""
    ip: str = "127.0.0.1"
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port(self.ip)

    @property
    def address(self) -> Address:
        return self.ip, self.port

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
        # Preloaded, so that a worker that was killed is replaced at once.
        command += ["--preload", "--workers", str(self.workers), "--log-level", "warning"]
        command += ["--bind", f"{self.ip}:{self.port}", "torture.wsgi:app"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self.environ, "TORTURE_SABOTAGE": self.sabotage},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Until it answers, or it is clear that it will not."""
        end = time.monotonic() + START_SECONDS
        while self.worker_ids() == [] or not self._answers():
            if self._require().poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the host did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return call(self.address, HEALTH, timeout=5).status == 200
        except BrokenConnection:
            return False

    def worker_ids(self) -> list[int]:
        """The process ids of its running workers."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._require().pid)],
            capture_output=True,
            text=True,
        )
        return [int(pid) for pid in found.stdout.split()]

    def kill_workers(self) -> None:
        """kill -9 of every worker; the master starts others."""
        for worker in self.worker_ids():
            try:
                os.kill(worker, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def kill(self) -> None:
        """kill -9 of the whole host at once."""
        os.killpg(self._require().pid, signal.SIGKILL)
        self._require().wait()

    def stop(self) -> None:
        """Let it end what it is doing, and stop."""
        self._require().terminate()
        try:
            self._require().wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _require(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the host was never started")
        return self._process


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """The host while it runs; what was acknowledged may not need an orderly end."""
    try:
        host.start()
        yield host
    finally:
        if host.is_running:
            host.kill()
