"""Terms of orders and whistles, as data with their sources (domain notes, sections 5 and 8.1)."""

from datetime import timedelta
from typing import NamedTuple

from app.kit.words import Worded


class Urgency(Worded):
    EMERGENCY = "EMERGENCY", "应急", "emergency"
    UTILITY = "UTILITY", "水电气等", "utilities"
    NORMAL = "NORMAL", "一般", "normal"
    COMPLEX = "COMPLEX", "复杂", "complex"


class WhistleKind(Worded):
    """推进哨 and 攻坚哨."""

    PUSH = "PUSH", "推进哨", "push"
    HARD = "HARD", "攻坚哨", "hard"


class Term(NamedTuple):
    length: timedelta
    source: str


class WorkingDays(NamedTuple):
    days: int
    source: str


HOTLINE = "draft norm of the 12345 hotline (W7)"
WHISTLE_RULE = "whistle rule of a street in Nanjing (W4)"
PROPOSED = "our proposal (domain notes, section 8.1)"

ORDER_TERMS: dict[Urgency, Term] = {
    Urgency.EMERGENCY: Term(timedelta(hours=2), HOTLINE),
    Urgency.UTILITY: Term(timedelta(hours=24), HOTLINE),
    Urgency.NORMAL: Term(timedelta(days=7), HOTLINE),
    Urgency.COMPLEX: Term(timedelta(days=15), HOTLINE),
}
# The doer answers, and speaks with the raiser, in this time.
ORDER_ANSWER = Term(timedelta(hours=24), PROPOSED)
WHISTLE_SIGN = Term(timedelta(hours=1), WHISTLE_RULE)
WHISTLE_CONTACT = Term(timedelta(hours=24), WHISTLE_RULE)
WHISTLE_REPORT: dict[WhistleKind, WorkingDays] = {
    WhistleKind.PUSH: WorkingDays(3, WHISTLE_RULE),
    WhistleKind.HARD: WorkingDays(5, WHISTLE_RULE),
}
WHISTLE_FEEDBACK = WorkingDays(10, "complex whistles of Yangzhou (W6)")
# What stays missed so long after its term is the street's.
SECOND_LEVEL = WorkingDays(3, PROPOSED)
