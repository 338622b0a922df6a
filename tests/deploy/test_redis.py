"""The files of both Redis start a real one, and do what the application asks of it."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

import pytest
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from app.ballots.keys.redis import RedisKeyStore
from tests.databases import ROOT
from tests.deploy.proxies import as_here, free_port
from tests.redis_server import binary

PASSWORD = "0123456789abcdef"
KINDS = ("keys", "limits")


class Started:
    """A Redis that runs on a file of `deploy/`."""

    def __init__(self, kind: str, folder: Path, change: Mapping[str, str]) -> None:
        self.kind, self.folder, self.port = kind, folder, free_port()
        text = (ROOT / "deploy" / f"redis-{kind}.conf").read_text(encoding="utf-8")
        config = folder / f"redis-{kind}.conf"
        # Redis enters the folder as soon as it has read its line.
        here = {f"dir /var/lib/redis/{kind}": f"dir {folder}"}
        config.write_text(as_here(text, here | dict(change)), encoding="utf-8")
        acl = (ROOT / "deploy" / f"redis-{kind}.acl").read_text()
        assert acl.count("PASSWORD") == 1
        (folder / "users.acl").write_text(acl.replace("PASSWORD", PASSWORD))
        own = {"port": str(self.port), "aclfile": f"{folder}/users.acl"}
        own |= {"unixsocket": f"{folder}/redis.sock", "pidfile": f"{folder}/redis.pid"}
        words = [word for name, value in own.items() for word in (f"--{name}", value)]
        # As Debian's redis-server@.service starts it, but for the supervisor.
        command = [binary(), str(config), *words, "--daemonize", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.url = f"redis://yueyuetan:{PASSWORD}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Whether it runs; waits until that is clear."""
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            try:
                with Redis.from_url(self.url) as client:
                    return bool(client.ping())
            except RedisError:
                time.sleep(0.05)
        return False

    def said(self) -> str:
        self.process.kill()
        return self.process.communicate()[0].decode()


@contextmanager
def started(
    kind: str, folder: Path, change: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Started]:
    server = Started(kind, folder, change)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(10)
        assert server.process.stdout is not None
        server.process.stdout.close()


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Started]:
    with started("keys", tmp_path) as server:
        assert server.answers(), server.said()
        yield server


@pytest.fixture
def limits(tmp_path: Path) -> Iterator[Started]:
    with started("limits", tmp_path) as server:
        assert server.answers(), server.said()
        yield server


def test_key_store_of_the_file_passes_the_check_and_does_its_work(keys: Started):
    store = RedisKeyStore(keys.url)
    store.check()
    owner, key = uuid4(), bytes(range(32))
    store.keep(None, bytes(32))
    store.keep(owner, key)
    assert (store.find(owner), store.held()) == (key, [owner])
    store.erase(owner)
    assert (store.find(owner), store.held()) == (None, [])
    files = b"".join(path.read_bytes() for path in keys.folder.rglob("*") if path.is_file())
    assert key not in files


FORBIDDEN = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "SET", "appendonly", "no"),
    ("SHUTDOWN",),
    ("ACL", "LIST"),
    ("REPLICAOF", "127.0.0.1", "1"),
    ("SAVE",),
    ("MONITOR",),
    ("EVAL", "return 1", "0"),
    ("SET", "another", "1"),
    ("KEYS", "*"),
)


@pytest.mark.parametrize("command", FORBIDDEN, ids=" ".join)
def test_account_of_the_application_can_flush_and_change_nothing(
    keys: Started, command: tuple[str, ...]
):
    with Redis.from_url(keys.url) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_comes_in_without_the_password(kind: str, request: pytest.FixtureRequest):
    server = request.getfixturevalue(kind)
    for url in (
        f"redis://127.0.0.1:{server.port}",
        f"redis://yueyuetan:wrong@127.0.0.1:{server.port}",
        f"redis://default:@127.0.0.1:{server.port}",
    ):
        with Redis.from_url(url) as client, pytest.raises(RedisError):
            client.get("yueyuetan:key:operator")


def test_limits_are_counted_and_nothing_is_written_down(limits: Started):
    storage = RedisStorage(limits.url)
    for strategy in (FixedWindowRateLimiter(storage), MovingWindowRateLimiter(storage)):
        rule = parse("3/minute")
        name = f"login-{uuid4()}"
        assert [strategy.hit(rule, name) for _ in range(4)] == [True, True, True, False]
        assert strategy.get_window_stats(rule, name).remaining == 0
    assert storage.check()
    kept = {path.name for path in limits.folder.iterdir()}
    assert kept <= {"users.acl", "redis.sock", "redis.pid", "redis-limits.conf"}


def test_limits_beyond_its_memory_fail_nobody(limits: Started):
    """The counters that end soonest go first."""
    with Redis.from_url(limits.url) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(64):
            pipe.set(f"LIMITS:{number}", bytes(2_000_000), ex=60 + number)
        assert all(pipe.execute())
        assert not client.exists("LIMITS:0")
        assert client.exists("LIMITS:63")


@pytest.mark.parametrize("kind", KINDS)
def test_comment_behind_a_value_does_not_start(kind: str, tmp_path: Path):
    """What was wrong with the block in the docs: these files must never come to that."""
    broken = {"protected-mode yes": "protected-mode yes    # closed"}
    with started(kind, tmp_path, broken) as server:
        assert not server.answers()


def test_docs_hold_no_second_copy_of_the_settings():
    """A block that is not started goes stale."""
    for page in ROOT.glob("docs/**/*.md"):
        text = page.read_text(encoding="utf-8")
        assert "\nappendfsync" not in text, page
        assert "\n[Service]" not in text, page
