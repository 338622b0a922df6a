"""Keys in a Redis of their own, for several application hosts.

Redis answers a write once it lies on the disk, if it runs with `appendonly yes` and
`appendfsync always`; so a key that was made is never lost to a crash. What it deletes still stands
in its append-only file until that is written anew, so erasing has it written anew.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisSilent
from redis.retry import Retry

from app.ballots.keys.store import KeyStore, KeyUnavailable, checked
from app.config import UnsafeSettings

PREFIX = "yueyuetan:key:"
CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0
ERASED = b"erased"
REWRITE_TRIES, REWRITE_PAUSE_S = 100, 0.02

# What keeps each promise: a key survives a crash, goes nowhere else, and is not crowded out.
NEEDED = {
    "appendonly": "yes",
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    "save": "",
    "maxmemory-policy": "noeviction",
}


class RedisKeyStore(KeyStore):
    """Keys of a Redis database under `yueyuetan:key:`.

    `url` is as redis-py takes it. Raises UnsafeSettings for what is no address.
    """

    def __init__(self, url: str) -> None:
        try:
            self._redis = Redis.from_url(
                url,
                socket_connect_timeout=CONNECT_TIMEOUT_S,
                socket_timeout=ANSWER_TIMEOUT_S,
                # Once more, as a connection that has idled may be dead; everything here may be
                # said twice.
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError:  # its words would show the password
            raise UnsafeSettings("KEY_STORE is no address of a Redis") from None

    def check(self) -> None:
        """Raises UnsafeSettings where Redis may lose a key, keep an erased one, or tells nothing of
        the kind, and KeyUnavailable where it is out of reach."""
        try:
            found = {name: self._redis.config_get(name).get(name) for name in NEEDED}
        except (AuthenticationError, AuthorizationError) as error:
            raise UnsafeSettings(
                f"KEY_STORE: Redis lets nobody in ({type(error).__name__})"
            ) from error
        except (RedisAway, RedisSilent) as error:
            raise KeyUnavailable from error
        except RedisError as error:
            raise UnsafeSettings(
                f"KEY_STORE: the settings of Redis cannot be read ({type(error).__name__})"
            ) from error
        lax = [f"{name} {found[name]!r}" for name, value in NEEDED.items() if found[name] != value]
        if lax:
            raise UnsafeSettings(f"KEY_STORE: Redis runs with {', '.join(lax)}")

    def close(self) -> None:
        self._redis.close()

    def keep(self, owner: UUID | None, key: bytes) -> None:
        with _in_reach():
            self._redis.set(_name(owner), key, nx=True)

    def find(self, owner: UUID | None) -> bytes | None:
        with _in_reach():
            key = self._redis.get(_name(owner))
        return checked(key) if isinstance(key, bytes) else None

    def held(self) -> list[UUID]:
        found = []
        with _in_reach():
            for name in self._redis.scan_iter(match=f"{PREFIX}*", count=1000):
                with suppress(ValueError):  # the operator's
                    found.append(UUID(name.decode().removeprefix(PREFIX)))
        return found

    def erase(self, owner: UUID | None) -> None:
        """Overwrite the key, have the file written anew, then forget the owner: while the owner is
        held, there is work left."""
        with _in_reach():
            if self._redis.set(_name(owner), ERASED, xx=True):
                self._rewrite_file()
                self._redis.delete(_name(owner))

    def _rewrite_file(self) -> None:
        """Have the append-only file written anew, without what was overwritten before."""
        has_begun = False
        for _ in range(REWRITE_TRIES):
            if not has_begun:
                # Refused while another is under way, which began before the key was overwritten.
                with suppress(ResponseError):
                    self._redis.bgrewriteaof()
                    has_begun = True
            state = self._redis.info("persistence")
            is_busy = state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"]
            if has_begun and not is_busy and state["aof_last_bgrewrite_status"] == "ok":
                return
            time.sleep(REWRITE_PAUSE_S)
        raise KeyUnavailable


@contextmanager
def _in_reach() -> Iterator[None]:
    """Redis that is down, slow, still loading or out of space: KeyUnavailable."""
    try:
        yield
    except RedisError as error:
        raise KeyUnavailable from error


def _name(owner: UUID | None) -> str:
    return f"{PREFIX}{owner or 'operator'}"
