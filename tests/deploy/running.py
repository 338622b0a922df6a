"""The server as its unit starts it, and constant requests to it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.databases import ROOT
from tests.deploy.units import command

START_SECONDS = 90

# The service manager gives its sockets from number 3 on, and says so (sd_listen_fds(3)).
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


def until(is_so: Callable[[], bool], seconds: float = START_SECONDS, what: str = "") -> None:
    """Wait until something is so; fail where it never is."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, what or "it did not come true"
        time.sleep(0.05)


class Manager:
    """The service manager's end of NOTIFY_SOCKET: what a service has told it."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify.sock")
        Path(self.address).unlink(missing_ok=True)  # of a run before this one
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """All that was told until now, in its order."""
        with suppress(BlockingIOError):
            while True:
                self.heard += self._socket.recv(4096).decode().splitlines()
        return self.heard

    def has_heard(self, state: str) -> bool:
        return state in self.listen()

    def count(self, state: str) -> int:
        return self.listen().count(state)

    def close(self) -> None:
        self._socket.close()


@dataclass
class Service:
    """A process that was started by the line of a unit."""

    process: "subprocess.Popen[bytes]"
    manager: Manager
    log: Path

    def children(self) -> list[int]:
        """The process ids of its children, the oldest first."""
        found = subprocess.run(
            ["ps", "--sort=start_time,pid", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
        )
        return [int(pid) for pid in found.stdout.split()]

    def wait_for_workers(self, count: int = 2) -> list[int]:
        """Until so many workers have loaded and wait for requests; their process ids."""
        until(lambda: len(self.children()) == count and all(map(_is_idle, self.children())))
        return self.children()

    def kill(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_ready(self) -> None:
        """Until it has said READY=1."""
        until(
            lambda: self.manager.has_heard("READY=1") or self.process.poll() is not None,
            what=f"never ready:\n{self.log.read_text()}",
        )
        assert self.process.poll() is None, self.log.read_text()


def _is_idle(pid: int) -> bool:
    """Whether a process sleeps and for half a second does nothing."""

    def look() -> tuple[str, ...]:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ()
        return fields[0], fields[11], fields[12]  # state, and time in user and system mode

    before = look()
    time.sleep(0.5)
    return before[:1] == ("S",) and look() == before


@contextmanager
def started(
    unit: str,
    folder: Path,
    environ: Mapping[str, str],
    *,
    cwd: Path = ROOT,
    key: str = "ExecStart",
    listener: socket.socket | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Service]:
    """The service of a unit under `deploy/systemd`, started as the unit says; stopped afterwards.

    It is given the `listener` as a `.socket` unit gives its own; `arguments` come after those of
    the unit.
    """
    manager = Manager(folder)
    log = folder / f"{unit}.log"
    words = [*command(unit, key), *arguments]
    handles = [] if listener is None else [listener.fileno()]
    if listener is not None:
        words = [sys.executable, "-c", ACTIVATE, str(listener.fileno()), *words]
    with log.open("ab") as output:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **environ, "NOTIFY_SOCKET": manager.address},
            stdout=output,
            stderr=output,
            pass_fds=handles,
        )
    service = Service(process, manager, log)
    try:
        yield service
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(50)
        process.kill()
        process.wait()
        manager.close()


@dataclass
class Load:
    """Constant requests of several clients, some of which keep their connections."""

    url: str
    answers: list[tuple[float, httpx.Response]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def longest(self) -> float:
        """The longest that any answer took, in seconds."""
        return max(seconds for seconds, _ in self.answers)

    def run(self, keeps: bool) -> None:
        """One client after the other, or one for all requests."""
        client = self._client()
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                answer = client.get("/")
            except httpx.TransportError as error:
                self.failures.append(repr(error))
            else:
                self.answers.append((time.monotonic() - began, answer))
            if not keeps:
                client.close()
                client = self._client()
            time.sleep(0.05)
        client.close()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, verify=False)

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def load(url: str, clients: int = 4) -> Iterator[Load]:
    """Requests by so many clients as long as the block goes on."""
    running = Load(url)
    threads = [threading.Thread(target=running.run, args=(n % 2 == 0,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running.stop()
        for thread in threads:
            thread.join()
