"""Contestants under gunicorn, each with the settings of `gunicorn.conf.py`."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import drive, request_bytes
from bench.report import ROOT

START_SECONDS = 120
BACKLOG = 2048


@dataclass(frozen=True)
class Server:
    """A running gunicorn: where it listens, and its master process."""

    address: tuple[str, int]
    master: int

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.master)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


@contextmanager
def serving(
    wsgi: str,
    environment: Mapping[str, str],
    workers: int,
    log: Path,
    options: Sequence[str] = (),
) -> Iterator[Server]:
    """gunicorn with the project's own settings on a free port; what it says goes to `log`.

    Raises RuntimeError with the log where it does not start.
    """
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    command += ["--workers", str(workers), "--log-level", "warning", *options]
    with (
        socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener,
        log.open("w") as output,
    ):
        address: tuple[str, int] = listener.getsockname()
        process = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}", wsgi],
            cwd=ROOT,
            env={**os.environ, **environment},
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
        )
        try:
            server = Server(address, process.pid)
            _wait_until_all_answer(server, process, workers, log)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_all_answer(
    server: Server, process: "subprocess.Popen[bytes]", workers: int, log: Path
) -> None:
    """The listener is there before the workers, so a first answer is not enough."""
    end = time.monotonic() + START_SECONDS
    while len(server.workers()) < workers and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    try:
        # Answered by whoever is up first; the warm-up of each part reaches the others.
        hello = [request_bytes("GET", "/nothing")] * 4 * workers
        drive(server.address, hello, 2 * workers, START_SECONDS)
    except OSError as error:
        raise RuntimeError(_log_text(log)) from error
    if process.poll() is not None:
        raise RuntimeError(_log_text(log))


def _log_text(log: Path) -> str:
    return f"gunicorn does not start:\n{log.read_text()}"


@dataclass(frozen=True)
class Memory:
    """Memory of one process in bytes: resident, and its proportional share of what it shares."""

    resident: int
    proportional: int
    peak: int


def memory_of(pid: int) -> Memory | None:
    """What Linux says of a process; None on other systems."""
    folder = Path(f"/proc/{pid}")
    try:
        rollup = (folder / "smaps_rollup").read_text()
        status = (folder / "status").read_text()
    except OSError:
        return None

    def kilobytes(text: str, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
        return int(found[1]) * 1024 if found else 0

    return Memory(kilobytes(rollup, "Rss"), kilobytes(rollup, "Pss"), kilobytes(status, "VmHWM"))
