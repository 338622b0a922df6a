"""How values are said to people, in Chinese and in English.

The words of an enum stand beside its members; days and terms are said by the filters here, in texts
and pages alike.
"""

from datetime import datetime
from typing import NamedTuple

from app.kit.clock import local, spoken, spoken_end
from votes.words import Worded as Worded


class Words(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str


def spoken_term(instant: datetime) -> str:
    """The end of a term: `2026-04-17 24:00` for the end of a day, else the minute."""
    at_midnight = local(instant).time() == local(instant).min.time()
    return spoken_end(instant) if at_midnight else spoken(instant)


# What texts may say of a time: `{{ order.due_at|term }}`.
FILTERS = {"at": spoken, "end": spoken_end, "term": spoken_term}
