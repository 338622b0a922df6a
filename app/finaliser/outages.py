"""What is away, since when, and when it is asked again."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0


class Part(StrEnum):
    """A part on which moves depend; the values are codes that operators meet."""

    DATABASE = "database"
    SCHEMA = "database_unfit"
    KEY_STORE = "key_store"
    ATTACHMENT_STORE = "attachment_store"
    HEARTBEAT = "heartbeat"


WORDS = {
    Part.DATABASE: ("数据库连不上", "The database is out of reach"),
    Part.SCHEMA: ("数据库与本程序不符", "The database is not fit for this program"),
    Part.KEY_STORE: ("密钥库连不上", "The key store is out of reach"),
    Part.ATTACHMENT_STORE: ("附件存储暂时不可用", "The store of attachments is out of reach"),
    Part.HEARTBEAT: ("写不了心跳文件", "The heartbeat cannot be written"),
}


def wait_after(failures: int, longest: float = LONGEST_WAIT_S) -> float:
    """Seconds until a part that was away so many times in a row is asked again: twice as long each
    time up to `longest`, less up to a half by chance, so that hosts do not all come at once."""
    whole: float = min(longest, FIRST_WAIT_S * 2.0 ** min(failures - 1, 16))
    return whole * random.uniform(0.5, 1)  # noqa: S311 - no secret


@dataclass
class Outage:
    since: float
    tries: int = 0
    ask_again_at: float = 0.0


@dataclass
class Outages:
    """The outages that go on. Times are those of one steady clock, in seconds."""

    _of: dict[Part, Outage] = field(default_factory=dict)

    def note(self, part: Part, now: float) -> bool:
        """The part was asked and is away; whether that is news."""
        outage = self._of.get(part)
        is_news = outage is None
        outage = self._of.setdefault(part, Outage(since=now))
        outage.tries += 1
        outage.ask_again_at = now + wait_after(outage.tries)
        return is_news

    def end(self, parts: Iterable[Part], now: float) -> list[tuple[Part, float]]:
        """These parts answered: of those that were away, for how many seconds."""
        return [
            (part, now - outage.since)
            for part in parts
            if (outage := self._of.pop(part, None)) is not None
        ]

    def is_to_be_spared(self, part: Part, now: float) -> bool:
        """Whether the part is away and not to be asked yet."""
        outage = self._of.get(part)
        return outage is not None and now < outage.ask_again_at

    def seconds_to_wait(self, part: Part, now: float) -> float:
        """Until the part is to be asked again."""
        outage = self._of.get(part)
        return 0.0 if outage is None else max(0.0, outage.ask_again_at - now)

    def __contains__(self, part: Part) -> bool:
        return part in self._of
