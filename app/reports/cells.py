"""Cells of a report: people that cannot be picked out, shares with both numbers, days by rank.

No cell tells of fewer than ten people (domain notes, sections 8.2 and 14). A part is left out as
well where what is left of a total shown beside it would be fewer than ten: whoever subtracts
learns nothing. Counts of things - matters, orders - are not people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.evaluations.limits import LEAST_PEOPLE
from app.evaluations.outcome import Rate

NOTHING = "–"
TOO_FEW = f"<{LEAST_PEOPLE}"
WITHHELD = "隐去 withheld"


@dataclass(frozen=True)
class People:
    """A number of people. Where it is suppressed `value` is empty; so it is of nothing counted."""

    value: int | None
    suppressed: bool
    text: str


def people(number: int | None, *totals: People) -> People:
    """The number; suppressed where it is fewer than ten, or leaves fewer than ten of a total that
    is shown. `number` is None where nothing was counted at all."""
    if number is None:
        return People(None, False, NOTHING)
    if number < LEAST_PEOPLE:
        return People(None, True, TOO_FEW)
    shown = [total.value for total in totals if total.value is not None]
    if any(total - number < LEAST_PEOPLE for total in shown):
        return People(None, True, WITHHELD)
    return People(number, False, str(number))


@dataclass(frozen=True)
class ShareCell:
    """A share with both numbers; what is suppressed is empty. Of nothing it is `–`."""

    numerator: int | None
    denominator: int | None
    suppressed: bool
    text: str


def share_of_things(rate: Rate) -> ShareCell:
    return ShareCell(rate.numerator, rate.denominator, False, str(rate))


def share_of_grades(rate: Rate, people: int, *, is_told: bool) -> ShareCell:
    """What so many people think; suppressed where that is not told."""
    if is_told:
        return share_of_things(rate)
    return ShareCell(None, None, True, TOO_FEW if people < LEAST_PEOPLE else WITHHELD)


def share_of_people(part: People, whole: People) -> ShareCell:
    """The share of one cell in another: no more than the two cells themselves tell."""
    if part.value is not None and whole.value is not None:
        return share_of_things(Rate(part.value, whole.value))
    hidden = next((cell for cell in (whole, part) if cell.suppressed), None)
    if hidden is None:
        return ShareCell(0, 0, False, NOTHING)
    return ShareCell(part.value, whole.value, True, hidden.text)


@dataclass(frozen=True)
class Days:
    """Whole days of so many things: the middle one, and the one that nine in ten do not exceed.

    By nearest rank: of n sorted values the p-th percentile is number ceil(p * n / 100), so each
    is a value that occurred. Empty where there is none.
    """

    count: int
    median: int | None
    p90: int | None


def days_of(values: Sequence[int]) -> Days:
    return Days(len(values), nearest_rank(values, 50), nearest_rank(values, 90))


def nearest_rank(values: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least so many percent of the values do not exceed."""
    if not values:
        return None
    rank = -(-percent * len(values) // 100)
    return sorted(values)[rank - 1]
