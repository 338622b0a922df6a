"""Tables of holidays: days off, and weekend days worked in exchange, as the State Council's notice
on a year's holidays lists them. The README beside them says from which notice, and how to add one.
"""

import csv
from calendar import SATURDAY
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

FOLDER = Path(__file__).parent
COLUMNS = {"date", "kind"}


class DayKind(StrEnum):
    """Why a day stands in a table: a day off, or a weekend day worked in exchange."""

    OFF = "off"
    WORK = "work"


HolidayYear: TypeAlias = Mapping[date, DayKind]


def read_table(lines: Iterable[str], year: int) -> dict[date, DayKind]:
    """The days of a table for `year`.

    Raises ValueError, with the line, for a row that is no date and kind, is of another year, comes
    twice, or says that a weekday is worked in exchange; and for a table without a day off.
    """
    reader = csv.DictReader(lines)
    if not COLUMNS.issubset(reader.fieldnames or ()):
        raise ValueError("the first line is date,kind,name")
    table: dict[date, DayKind] = {}
    for row in reader:
        try:
            day, kind = date.fromisoformat(row["date"]), DayKind(row["kind"])
        except (ValueError, TypeError) as error:
            raise ValueError(f"line {reader.line_num}: {error}") from None
        if day.year != year or day in table:
            raise ValueError(f"line {reader.line_num}: {day} is of another year or stands twice")
        if kind is DayKind.WORK and day.weekday() < SATURDAY:
            raise ValueError(f"line {reader.line_num}: {day} is a weekday, worked anyhow")
        table[day] = kind
    if DayKind.OFF not in table.values():
        raise ValueError("no day off stands in it")
    return table


def read_file(path: Path) -> dict[date, DayKind]:
    """The table of the year that the file is named after. Raises ValueError."""
    # A spreadsheet program saves UTF-8 with a byte order mark.
    with path.open(encoding="utf-8-sig", newline="") as file:
        return read_table(file, int(path.stem))


# Read when the application starts, so that a broken table stops it there and not in a request.
SHIPPED: Mapping[int, HolidayYear] = {
    int(path.stem): read_file(path) for path in sorted(FOLDER.glob("*.csv"))
}
