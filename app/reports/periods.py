"""The month or year of a report, in the days of the compound."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kit.calendar.terms import end_of_day, months_later
from app.matters.frequent import MONTHS


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included; `label` as it was asked for."""

    label: str
    first: date
    last: date

    @property
    def begin(self) -> datetime:
        """0:00 of the first day, in UTC."""
        return end_of_day(self.first - timedelta(days=1))

    @property
    def end(self) -> datetime:
        """24:00 of the last day, in UTC; exclusive."""
        return end_of_day(self.last)

    @property
    def year_begin(self) -> datetime:
        """Where the twelve months begin that end with the period."""
        after = self.last + timedelta(days=1)
        return end_of_day(months_later(after, -MONTHS) - timedelta(days=1))

    @property
    def is_month(self) -> bool:
        """Whether it is one month, which no other month overlaps."""
        return self.months[0] == self.months[1]

    @property
    def months(self) -> tuple[str, str]:
        """The first and last month, as sessions name them."""
        return f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"


def month_of(label: str) -> Period:
    """The month that is written `2026-03`."""
    first = date.fromisoformat(f"{label}-01")
    return Period(label, first, months_later(first, 1) - timedelta(days=1))


def year_of(label: str) -> Period:
    """The year that is written `2026`."""
    return Period(label, date.fromisoformat(f"{label}-01-01"), date.fromisoformat(f"{label}-12-31"))
