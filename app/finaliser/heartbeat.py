"""The finaliser's sign of life: a small file on its own host, which tells the truth also while the
database is away. Each host has its own; the service's account writes it, the web process reads it.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.kit import clock

# A round every minute by a timer, and one that takes its time, are no alarm.
OLD_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Heartbeat:
    """`at`: the last sign of life. `round_at`: when a round last ended; `clean_at`: when one last
    ended with everything moved; `failing`: codes of what is away or cannot be moved."""

    at: datetime
    round_at: datetime | None = None
    clean_at: datetime | None = None
    failing: tuple[str, ...] = ()

    def alive(self) -> "Heartbeat":
        """The same, alive now."""
        return Heartbeat(clock.now(), self.round_at, self.clean_at, self.failing)

    def after_round(self, failing: Iterable[str]) -> "Heartbeat":
        """After a round in which these failed."""
        now, failing = clock.now(), tuple(sorted(failing))
        return Heartbeat(now, now, self.clean_at if failing else now, failing)

    def age(self) -> timedelta:
        """How long ago the last sign of life was."""
        return clock.now() - self.at

    @property
    def is_old(self) -> bool:
        return self.age() > OLD_AFTER


def write_heartbeat(path: Path, heartbeat: Heartbeat) -> None:
    """Put it into the file, whole. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(heartbeat), default=datetime.isoformat))
    draft.replace(path)


def read_heartbeat(path: Path) -> Heartbeat | None:
    """What the file says; None where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_text())
        texts = {name: found[name] for name in ("at", "round_at", "clean_at")}
        times = {name: text and datetime.fromisoformat(text) for name, text in texts.items()}
        if times["at"] is None or any(time and time.tzinfo is None for time in times.values()):
            return None
        return Heartbeat(**times, failing=tuple(found["failing"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
