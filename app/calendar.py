"""Terms as the law counts them: working days, days off, and the instant at which a term ends.

`holidays/` holds one table for each year, copied from the State Council's notice on that year's
holidays; its README says from which notice, and how to add a year. A weekday is worked and a
weekend is not, unless the table of its year says otherwise. Days are those of the compound
(Asia/Shanghai), and a term ends at 24:00, that is at the first instant of the following day, which
no longer belongs to it.
"""

import csv
from calendar import SATURDAY, monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from app.clock import ZONE, local_date
from app.errors import DomainError

FOLDER = Path(__file__).parent / "holidays"


class HolidaysUnknown(DomainError):
    """The year has no table: even a weekend may be a working day, so nothing is guessed."""

    status, code = 409, "holidays_unknown"
    zh, en = (
        "期限所在年份的节假日安排尚未录入，无法计算期限",
        "The holidays of the term's year are not recorded, so the term cannot be counted",
    )


class DayKind(StrEnum):
    """Why a day stands in a table: a day off, or a weekend day worked in exchange."""

    OFF = "off"
    WORK = "work"


def read_table(path: Path) -> dict[date, DayKind]:
    """The days of the year that the file is named after.

    Raises ValueError for a row that is no date and kind, is of another year, or comes twice.
    """
    table: dict[date, DayKind] = {}
    # A spreadsheet program saves UTF-8 with a byte order mark.
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            if day.year != int(path.stem) or day in table:
                raise ValueError(f"{path.name}: {day} is of another year or stands here twice.")
            table[day] = DayKind(row["kind"])
    return table


# Read when the application starts, so that a broken table stops it there and not in a request.
TABLES: Mapping[int, Mapping[date, DayKind]] = {
    int(path.stem): read_table(path) for path in sorted(FOLDER.glob("*.csv"))
}


def is_working_day(day: date | datetime) -> bool:
    """Whether offices work on that day. Raises HolidaysUnknown for a year without a table."""
    day = _day(day)
    if day.year not in TABLES:
        raise HolidaysUnknown(
            zh=f"缺少{day.year}年节假日安排，请管理员按国务院办公厅通知录入。",
            en=f"The holidays of {day.year} are missing; the operator adds them from the notice.",
        )
    kind = TABLES[day.year].get(day)
    if kind is None:
        return day.weekday() < SATURDAY
    return kind == DayKind.WORK


def add_working_days(start: date | datetime, days: int) -> datetime:
    """The end, in UTC, of the last of so many working days after `start`'s own day.

    The day of `start` is not counted, even if it is a working day (Civil Code 201). Raises
    HolidaysUnknown, and ValueError for less than one day.
    """
    _require_a_day(days)
    day = _day(start)
    for _ in range(days):
        day = _next_working_day(day)
    return end_of_day(day)


def notice_end(posted_on: date | datetime, days: int) -> datetime:
    """The end, in UTC, of a term of so many calendar days after the day of posting.

    The first day is not counted; a last day that is a day off gives way to the next working day
    (Civil Code 201 and 203). Raises HolidaysUnknown, and ValueError for less than one day.
    """
    _require_a_day(days)
    last = _day(posted_on) + timedelta(days=days)
    return end_of_day(last if is_working_day(last) else _next_working_day(last))


def end_of_day(day: date) -> datetime:
    """24:00 of the day in the compound, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, ZONE).astimezone(UTC)


def months_later(start: date | datetime, months: int) -> date:
    """The day with the same number so many months on, or that month's last day (Civil Code 202)."""
    day = _day(start)
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _day(moment: date | datetime) -> date:
    return local_date(moment) if isinstance(moment, datetime) else moment


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def _require_a_day(days: int) -> None:
    if days < 1:
        raise ValueError(f"A term has at least one day, not {days}.")
