"""`deploy/haproxy.cfg` before real hosts: one that alone has lost its key store is passed over, and
where all have lost what they share, they answer for themselves."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests import databases
from tests.finaliser.outage import Ground, ground
from tests.wechat_standin import StandIn
from torture.postgres import free_port

PATIENCE_S = 90.0
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@pytest.fixture
def place(tmp_path: Path, standin: StandIn) -> Iterator[Ground]:
    with ground(tmp_path, standin) as made:
        yield made


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=databases.ROOT, env=environ, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def answer(port: int, path: str) -> httpx.Response | None:
    """What is answered there now; None where nobody answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=30)
    except httpx.TransportError:
        return None


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def status(port: int, path: str) -> int:
    found = answer(port, path)
    return 0 if found is None else found.status_code


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_requests_go_where_they_can_be_answered(place: Ground, tmp_path: Path):
    assert HAPROXY is not None
    well, blind, nobody, front = (free_port("127.0.0.1") for _ in range(4))
    with ExitStack() as stack:
        for port, changes in ((well, {}), (blind, {"KEY_STORE": "redis://127.0.0.1:1/0"})):
            command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
            environ = place.environ | changes | {"PORT": str(port), "WEB_CONCURRENCY": "1"}
            stack.enter_context(running(command, environ, tmp_path / f"host-{port}.log"))
        environ = place.environ | {
            "YYT_FRONT": f"127.0.0.1:{front}",
            "YYT_HOST_1": f"127.0.0.1:{well}",
            "YYT_HOST_2": f"127.0.0.1:{blind}",
            "YYT_HOST_3": f"127.0.0.1:{nobody}",
        }
        wait_for(lambda: (status(well, "/readyz"), status(blind, "/readyz")) == (200, 503))
        command = [HAPROXY, "-db", "-f", str(databases.ROOT / "deploy" / "haproxy.cfg")]
        stack.enter_context(running(command, environ, tmp_path / "haproxy.log"))
        wait_for(lambda: [status(front, "/readyz") for _ in range(4)] == [200] * 4)

        place.postgresql.stop()
        wait_for(lambda: status(well, "/readyz") == 503)
        board = f"/api/v1/board/compounds/{uuid4()}/feed.json"
        wait_for(lambda: {status(front, "/healthz") for _ in range(4)} == {200})
        for _ in range(4):
            refused = answer(front, board)
            assert refused is not None
            assert refused.status_code == 503
            assert refused.json()["code"] == "database_unavailable"  # in words, not a bare 503
            assert refused.headers["Retry-After"]

        place.postgresql.start()
        wait_for(lambda: [status(front, "/readyz") for _ in range(4)] == [200] * 4)
        assert status(front, board) == 404
