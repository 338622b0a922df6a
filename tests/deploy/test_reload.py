"""A reload under load: nobody is refused, cut off or kept waiting, and new code and settings serve.

The server, its settings and its hooks are the real ones. What they serve is small, so that how long
it takes to load is ours to say.
"""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.databases import ROOT
from tests.deploy.running import Load, Service, load, started, until

LOADS_FOR = 6.0  # seconds
STALLED = 4.0  # less than that; on a busy machine an answer takes what it takes

WSGI = f"""
import time
from app.version import VERSION
time.sleep({LOADS_FOR})

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [VERSION]
"""
OLD, NEW = "old", "new"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with an application, to be changed while it is served."""
    folder = tmp_path / "checkout"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "version.py").write_text(f'VERSION = b"{OLD}"\n')
    for path in (*ROOT.glob("*.py"), ROOT / "app" / "logs.py"):
        shutil.copy(path, folder / path.relative_to(ROOT))
    (folder / "wsgi.py").write_text(WSGI)
    return folder


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """The socket of the `.socket` unit, and its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        host, port = listener.getsockname()
        yield listener, f"http://{host}:{port}"


@contextmanager
def served(checkout: Path, listener: socket.socket) -> Iterator[Service]:
    """The server of this folder on the socket, ready."""
    folder = checkout.parent
    with started("yueyuetan.service", folder, {}, cwd=checkout, listener=listener) as service:
        service.wait_ready()
        yield service


@contextmanager
def serving(checkout: Path) -> Iterator[tuple[Service, str]]:
    """The server of this folder, ready, and its address."""
    with listening() as (listener, url), served(checkout, listener) as service:
        service.wait_for_workers()
        yield service, url


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def replaced(service: Service, old: list[int], count: int) -> bool:
    """Whether so many workers are there, and none of the old."""
    now = service.children()
    return len(now) == count and not set(now) & set(old)


def reload_under_load(checkout: Path) -> tuple[Load, str]:
    """Change code and settings, reload, and answer with what the clients saw, among them one whose
    request was under way."""
    with serving(checkout) as (service, url), load(url) as running:
        old = service.children()
        time.sleep(0.5)
        edit(checkout / "app" / "version.py", OLD, NEW)
        edit(checkout / "gunicorn.conf.py", '"WEB_CONCURRENCY", "2"', '"WEB_CONCURRENCY", "3"')
        slow: list[str] = []
        ask = threading.Thread(target=lambda: slow.append(httpx.get(f"{url}/slow").text))
        ask.start()
        time.sleep(0.2)
        service.kill(signal.SIGHUP)
        until(lambda: replaced(service, old, 3))
        ask.join()
        told = len(running.answers)
        until(lambda: len(running.answers) > told + 20)
        return running, slow[0]


def test_reload_stalls_nobody_and_brings_new_code_and_settings(checkout: Path):
    running, slow = reload_under_load(checkout)
    assert running.failures == []
    assert {answer.status_code for _, answer in running.answers} == {200}
    versions = [answer.text for _, answer in running.answers]
    assert versions[0] == OLD
    assert set(versions[-10:]) == {NEW}
    assert slow == OLD
    assert running.longest() < STALLED, f"{running.longest():.1f} s"


def test_a_server_without_our_hooks_would_stall(checkout: Path):
    """The test above is one that can fail: gunicorn as it comes lets everybody wait."""
    edit(checkout / "gunicorn.conf.py", "def on_reload(", "def _on_reload(")
    running, _ = reload_under_load(checkout)
    assert running.failures == []
    assert running.longest() > STALLED


def test_a_second_reload_at_once_ends_with_the_newest_workers(checkout: Path):
    with serving(checkout) as (service, url), load(url, clients=2) as running:
        old = service.children()
        service.kill(signal.SIGHUP)
        until(lambda: len(service.children()) == 4)
        between = service.children()
        edit(checkout / "app" / "version.py", OLD, NEW)
        service.kill(signal.SIGHUP)
        until(lambda: replaced(service, [*old, *between], 2))
        until(lambda: [answer.text for _, answer in running.answers[-9:]] == [NEW] * 9)
        assert running.failures == []
        assert running.longest() < STALLED, f"{running.longest():.1f} s"


def test_who_was_killed_while_loading_still_gets_the_old_one_replaced(checkout: Path):
    with serving(checkout) as (service, url), load(url, clients=2) as running:
        old = service.children()
        service.kill(signal.SIGHUP)
        until(lambda: len(service.children()) == 4)
        subprocess.run(["kill", "-9", str(service.children()[-1])], check=True)
        until(lambda: replaced(service, old, 2))
        assert running.failures == []
        assert running.longest() < STALLED, f"{running.longest():.1f} s"


def test_restart_refuses_nobody(checkout: Path):
    """Who comes while nothing runs waits in the socket, which is the service manager's."""
    with listening() as (listener, url), load(url) as running:
        with served(checkout, listener) as service:
            until(lambda: len(running.answers) > 20)
            service.kill(signal.SIGTERM)
            assert service.process.wait(60) == 0
        edit(checkout / "app" / "version.py", OLD, NEW)
        with served(checkout, listener):
            until(lambda: [answer.text for _, answer in running.answers[-9:]] == [NEW] * 9)
            running.stop()
            time.sleep(1)
    assert running.failures == []
    assert {answer.status_code for _, answer in running.answers} == {200}


def test_master_imports_nothing_of_the_application():
    """What it has imported, no reload could change."""
    code = (
        "import runpy, sys; runpy.run_path('gunicorn.conf.py');"
        "print([name for name in sys.modules if name.split('.')[0] in ('app', 'votes', 'wsgi')])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout == "[]\n", found.stderr
