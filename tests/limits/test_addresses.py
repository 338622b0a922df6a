"""From which address a request is counted, and which two addresses are one Redis."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.config import Settings, UnsafeSettings
from app.limiter import asker, check_apart
from app.limits import By
from app.signing import Purpose
from tests.limits.conftest import Start
from tests.redis_server import redis_server

PROXY = "127.0.0.1"


def counted_as(app: Flask, peer: str, forwarded: str | None) -> str:
    """The name under which a request from `peer` is counted by address."""
    found = []

    def look() -> str:
        found.append(asker(By.ADDRESS))
        return ""

    app.view_functions["docs.front"] = look
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer})
    return found[0]


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        # nothing before us: what a client writes about itself does not count
        (0, "203.0.113.7", None, "203.0.113.7"),
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        # one proxy: what it adds counts, what stood there before does not
        (1, PROXY, "203.0.113.7", "203.0.113.7"),
        (1, PROXY, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        # two: a load balancer before a proxy
        (2, PROXY, "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, PROXY, "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        # one network of IPv6 is one asker, and a mapped address is the one that it maps
        (1, PROXY, "2001:db8:1:2::a", "2001:db8:1:2::/64"),
        (1, PROXY, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, PROXY, "::ffff:203.0.113.7", "203.0.113.7"),
        # a proxy that does not tell, or nothing of use: then nobody is counted, rather than all
        # the world as one
        (1, PROXY, None, None),
        (0, PROXY, "203.0.113.7", None),
        (0, "::1", None, None),
        (1, PROXY, "unknown", None),
        (1, PROXY, "", None),
        (0, "", None, None),
    ],
)
def test_client_address(
    start: Start, proxies: int, peer: str, forwarded: str | None, address: str | None
):
    app = start(trusted_proxies=proxies)
    tag = app.extensions["signing"].tag(Purpose.LIMITED_ASKER, f"ADDRESS {address}")
    assert counted_as(app, peer, forwarded) == ("" if address is None else tag)


KEYS = "redis://:secret@127.0.0.1:6399/0"


@pytest.mark.parametrize(
    ("limits", "keys", "is_same"),
    [
        (KEYS, KEYS, True),
        ("redis://127.0.0.1:6399/5", KEYS, True),
        ("redis://localhost:6399", KEYS, True),
        ("rediss://user:x@LOCALHOST:6399/1", KEYS, True),
        ("redis://[::1]:6399", KEYS, True),
        ("redis://127.8.9.1:6399", KEYS, True),
        ("redis://0.0.0.0:6399", KEYS, True),
        ("redis://", "redis://127.0.0.1:6379/0", True),
        ("redis://keys.invalid:6399", "redis://KEYS.invalid.:6399/2", True),
        ("redis://127.0.0.1:6400", KEYS, False),
        ("redis://10.0.0.5:6399", KEYS, False),
        ("redis://limits.invalid:6399", "redis://keys.invalid:6399", False),
        ("unix:///tmp/redis.sock", "unix://:pw@/tmp/../tmp/redis.sock?db=3", True),
        ("unix:///tmp/other.sock", "unix:///tmp/redis.sock", False),
        ("unix:///tmp/redis.sock", KEYS, False),
    ],
)
def test_limits_are_not_counted_where_keys_lie(
    settings: Settings, limits: str, keys: str, is_same: bool
):
    both = replace(settings, rate_limit_url=limits, key_store_url=keys)
    if not is_same:
        both.check()
        return
    with pytest.raises(UnsafeSettings, match="is the Redis of KEY_STORE") as caught:
        both.check()
    assert "secret" not in str(caught.value)


def test_link_to_a_socket_is_the_socket(settings: Settings, tmp_path: Path):
    (tmp_path / "redis.sock").touch()
    (tmp_path / "link.sock").symlink_to(tmp_path / "redis.sock")
    urls = [f"unix://{tmp_path / name}" for name in ("redis.sock", "link.sock")]
    with pytest.raises(UnsafeSettings):
        replace(settings, rate_limit_url=urls[0], key_store_url=urls[1]).check()


def test_production_asks_the_servers_whether_they_are_one(settings: Settings, tmp_path: Path):
    """By a socket and by TCP, which no address tells; the server's own id does."""
    path = tmp_path / "keys.sock"
    with redis_server(tmp_path / "keys", unixsocket=str(path)) as keys:
        by_socket = f"unix://{path}"
        with pytest.raises(UnsafeSettings, match="is the Redis of KEY_STORE"):
            check_apart(by_socket, keys.url)
        production = replace(
            settings,
            production=True,
            wechat_api_base="https://api.weixin.qq.com",
            public_url="https://yyt.example",
            rate_limit_url=by_socket,
            key_store_url=keys.url,
        )
        with pytest.raises(UnsafeSettings):
            create_app(production, tmp_path)
        with redis_server(tmp_path / "limits") as limits:
            check_apart(limits.url, keys.url)
        check_apart(limits.url, keys.url)  # one that is away says nothing


@pytest.mark.parametrize("url", ["memcached://127.0.0.1", "memory", "redis://127.0.0.1:x", "on"])
def test_storage_without_sense_is_refused(settings: Settings, url: str):
    with pytest.raises(UnsafeSettings, match="RATE_LIMIT_STORAGE"):
        replace(settings, rate_limit_url=url, key_store_url=KEYS).check()


def test_production_does_not_start_without_limits(settings: Settings):
    production = replace(settings, production=True, rate_limit_url="off")
    with pytest.raises(UnsafeSettings, match="RATE_LIMIT_STORAGE is off"):
        production.check()
