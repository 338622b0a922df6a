"""What a process remembers for a while, so that it need not ask or reckon again."""

from collections.abc import Hashable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
FOR_GOOD = float("inf")


class Remembered(Generic[K, V]):
    """At most `most` values by their keys, each for so many seconds; all are forgotten when there
    would be more. Each process has its own, so that two may remember different things."""

    def __init__(self, most: int, seconds: float = FOR_GOOD) -> None:
        self._most, self._seconds = most, seconds
        self._known: dict[K, tuple[float, V]] = {}
        self.forgettings = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K) -> V | None:
        """The value, if it is remembered still."""
        until, value = self._known.get(key, (0.0, None))
        return value if monotonic() < until else None

    def put(self, key: K, value: V, *, since: float | None = None) -> None:
        """Remember it from now on, or from an earlier time by `monotonic`."""
        if len(self._known) >= self._most and key not in self._known:
            self._known.clear()
        self._known[key] = ((monotonic() if since is None else since) + self._seconds, value)

    def forget(self, key: K) -> None:
        """Whatever was remembered of it. `forgettings` tells who reckons meanwhile that a value may
        be too old to be kept."""
        self.forgettings += 1
        self._known.pop(key, None)
