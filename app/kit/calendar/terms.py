"""Terms as the law counts them: working days, days off, and the instant at which a term ends.

A weekday is worked and a weekend is not, unless the table of its year beside this file says
otherwise. Days are those of the compound (Asia/Shanghai), and a term ends at 24:00, that is at the
first instant of the following day, which no longer belongs to it.

Next year's holidays are announced around November. Until its table is there, a day of that year is
counted by weekends alone and the term is provisional; when the table comes, terms are counted
again (`app.board.recounting`; domain notes, section 14).
"""

from calendar import SATURDAY, monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.kit.calendar.models import current_tables, shown_years
from app.kit.calendar.tables import SHIPPED, DayKind, HolidayYear
from app.kit.clock import ZONE, local_date

DAY = timedelta(days=1)
LAST_SHIPPED_YEAR = max(SHIPPED)
WARNING_MONTH = 10


@dataclass(frozen=True)
class Calendar:
    """Working days by these tables, one for each year that is known."""

    tables: Mapping[int, HolidayYear]

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day; by weekends alone in a year without a table."""
        kind = self.tables.get(day.year, {}).get(day)
        if kind is None:
            return day.weekday() < SATURDAY
        return kind is DayKind.WORK

    def working_day_after(self, day: date, number: int) -> date:
        """The so-manieth working day after `day`."""
        for _ in range(number):
            day += DAY
            while not self.is_working_day(day):
                day += DAY
        return day

    def add_working_days(self, start: date | datetime, days: int) -> datetime:
        """See the function of this name."""
        _require_a_day(days)
        return end_of_day(self.working_day_after(_day(start), days))

    def notice_end(self, posted_on: date | datetime, days: int) -> datetime:
        """See the function of this name."""
        _require_a_day(days)
        last = _day(posted_on) + timedelta(days=days)
        return end_of_day(last if self.is_working_day(last) else self.working_day_after(last, 1))


def recount_working_days(end: datetime, old: Calendar, new: Calendar) -> datetime:
    """The end of a term in working days that was counted by `old`, by `new`, which differs in the
    year of the end alone.

    It lies as many working days into the year as before. What was said once is not shortened; a
    term that began on a day which turns out to be off may so gain that day.
    """
    last = last_day(end)
    before = date(last.year - 1, 12, 31)
    days_there = sum(
        old.is_working_day(before + DAY * n) for n in range(1, (last - before).days + 1)
    )
    return max(end, end_of_day(new.working_day_after(before, days_there)))


def recount_notice(end: datetime, old: Calendar, new: Calendar) -> datetime:
    """The end of a term in calendar days, by `new`: a last day that turns out to be a day off gives
    way to the next working day. What was said once is not shortened."""
    last = last_day(end)
    return end if new.is_working_day(last) else end_of_day(new.working_day_after(last, 1))


def is_working_day(day: date | datetime) -> bool:
    """Whether offices work on that day; by weekends alone in a year without a table."""
    return Calendar(current_tables()).is_working_day(_day(day))


def add_working_days(start: date | datetime, days: int) -> datetime:
    """The end, in UTC, of the last of so many working days after `start`'s own day.

    The day of `start` is not counted, even if it is a working day (Civil Code 201). Raises
    ValueError for less than one day.
    """
    return Calendar(current_tables()).add_working_days(start, days)


def notice_end(posted_on: date | datetime, days: int) -> datetime:
    """The end, in UTC, of a term of so many calendar days after the day of posting.

    The first day is not counted; a last day that is a day off gives way to the next working day
    (Civil Code 201 and 203). Raises ValueError for less than one day.
    """
    return Calendar(current_tables()).notice_end(posted_on, days)


def is_provisional(end: datetime) -> bool:
    """Whether the end of a term lies in a year whose holidays are not known yet."""
    year = last_day(end).year
    return year > LAST_SHIPPED_YEAR and year not in current_tables()


def is_shown_as_provisional(end: datetime | None) -> bool:
    """The same in an answer, which asks for the tables once however many terms it shows."""
    if end is None or last_day(end).year <= LAST_SHIPPED_YEAR:
        return False
    return last_day(end).year not in shown_years()


def missing_tables(today: date, years: frozenset[int]) -> list[int]:
    """The years whose holidays ought to be recorded by `today`: this one, and from October on the
    next, whose notice comes around November."""
    wanted = [today.year] + [today.year + 1] * (today.month >= WARNING_MONTH)
    return [year for year in wanted if year not in years]


def end_of_day(day: date) -> datetime:
    """24:00 of the day in the compound, in UTC."""
    return datetime.combine(day + DAY, time.min, ZONE).astimezone(UTC)


def last_day(end: datetime) -> date:
    """The last day of a term with this end."""
    return local_date(end - timedelta(microseconds=1))


def months_later(start: date | datetime, months: int) -> date:
    """The day with the same number so many months on, or that month's last day (Civil Code 202)."""
    day = _day(start)
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _day(moment: date | datetime) -> date:
    return local_date(moment) if isinstance(moment, datetime) else moment


def _require_a_day(days: int) -> None:
    if days < 1:
        raise ValueError(f"A term has at least one day, not {days}.")
