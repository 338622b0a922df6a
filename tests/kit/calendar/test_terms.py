from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.kit.calendar.tables import FOLDER, DayKind, read_file
from app.kit.calendar.tables import SHIPPED as TABLES
from app.kit.calendar.terms import (
    Calendar,
    add_working_days,
    is_provisional,
    is_working_day,
    missing_tables,
    months_later,
    notice_end,
    recount_notice,
    recount_working_days,
)
from app.kit.clock import ZONE, spoken

LAST_KNOWN = max(TABLES)


def at(text: str) -> datetime:
    """An instant as a wall clock in the compound tells it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-03-30", True),  # a Monday
        ("2026-04-03", True),  # the Friday before Qingming
        ("2026-04-04", False),
        ("2026-04-06", False),  # a Monday, still Qingming
        ("2026-04-07", True),
        ("2026-04-11", False),  # an ordinary Saturday
        ("2026-04-12", False),  # an ordinary Sunday
        ("2026-01-01", False),
        ("2026-01-02", False),
        ("2026-01-04", True),  # a Sunday, worked
        ("2026-02-14", True),  # a Saturday, worked
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),  # a Saturday, worked
        ("2026-05-09", True),  # a Saturday, worked
        ("2026-09-20", True),  # a Sunday, worked
        ("2026-10-07", False),
        ("2026-10-10", True),  # a Saturday, worked
        ("2026-12-31", True),
        ("2025-01-01", False),
        ("2025-01-02", True),
        ("2025-01-26", True),  # a Sunday, worked
        ("2025-02-04", False),
        ("2025-10-08", False),
        ("2025-10-09", True),
    ],
)
def test_is_working_day_table(day: str, worked: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("instant", "worked"),
    [
        ("2026-04-06T15:59:59+00:00", False),  # the last second of Qingming in the compound
        ("2026-04-06T16:00:00+00:00", True),
    ],
)
def test_is_working_day_of_an_instant_is_that_of_its_day_in_the_compound(
    instant: str, worked: bool
) -> None:
    assert is_working_day(datetime.fromisoformat(instant)) is worked


@pytest.mark.parametrize(
    ("posted_on", "days", "last_day"),
    [
        # The worked example: the seventh day is 04-06, in Qingming.
        ("2026-03-30", 7, "2026-04-07"),
        ("2026-03-27", 7, "2026-04-03"),  # the last day before Qingming is a working day
        ("2026-03-28", 7, "2026-04-07"),  # ... and its first day is not
        ("2026-03-31", 7, "2026-04-07"),
        ("2026-04-01", 7, "2026-04-08"),
        ("2026-04-04", 7, "2026-04-13"),  # posted on a day off; ends on an ordinary Saturday
        ("2026-04-05", 7, "2026-04-13"),  # ... and Sunday
        ("2026-04-03", 1, "2026-04-07"),
        ("2026-02-07", 7, "2026-02-14"),  # ends on a Saturday that is worked
        ("2026-02-08", 7, "2026-02-24"),  # ends on the first day of the Spring Festival
        ("2026-09-23", 3, "2026-09-28"),
        ("2026-09-24", 7, "2026-10-08"),
        ("2026-10-02", 7, "2026-10-09"),  # a holiday inside the term does not lengthen it
        ("2026-10-03", 7, "2026-10-10"),  # ends on a Saturday that is worked
        ("2026-10-03", 8, "2026-10-12"),
        ("2025-12-25", 7, "2026-01-04"),  # over the new year; 01-04 is a Sunday that is worked
        ("2026-03-30", 15, "2026-04-14"),
        ("2024-12-28", 5, "2025-01-02"),  # only the year of the last day must be known
    ],
)
def test_notice_end_table(posted_on: str, days: int, last_day: str) -> None:
    end = notice_end(date.fromisoformat(posted_on), days)

    assert end == at(last_day) + timedelta(days=1)
    assert end.tzinfo is UTC


def test_notice_of_the_worked_example_is_over_on_the_eighth() -> None:
    assert notice_end(date(2026, 3, 30), 7) == datetime.fromisoformat("2026-04-08T00:00+08:00")
    assert spoken(notice_end(date(2026, 3, 30), 7)) == "2026-04-08 00:00"


@pytest.mark.parametrize(
    ("posted_at", "last_day"),
    [
        (at("2026-04-13 00:00:00"), "2026-04-14"),
        (at("2026-04-13 23:59:59"), "2026-04-14"),
        (at("2026-04-14 00:00:00"), "2026-04-15"),
        (at("2026-04-14 07:59:59").astimezone(UTC), "2026-04-15"),  # still the 13th in UTC
    ],
)
def test_notice_posted_at_an_instant_counts_from_its_day_in_the_compound(
    posted_at: datetime, last_day: str
) -> None:
    assert notice_end(posted_at, 1) == at(last_day) + timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        ("2026-03-30 09:00", 1, "2026-03-31"),
        ("2026-03-30 00:00", 3, "2026-04-02"),
        ("2026-03-30 23:59", 3, "2026-04-02"),
        ("2026-03-30 09:00", 5, "2026-04-07"),  # over Qingming
        ("2026-04-03 09:00", 1, "2026-04-07"),
        ("2026-04-04 09:00", 1, "2026-04-07"),  # from a day off
        ("2026-04-10 09:00", 1, "2026-04-13"),  # over an ordinary weekend
        ("2026-02-13 09:00", 1, "2026-02-14"),  # a Saturday that is worked counts
        ("2026-02-13 09:00", 2, "2026-02-24"),  # over the Spring Festival
        ("2026-02-13 09:00", 5, "2026-02-27"),
        ("2026-02-13 09:00", 6, "2026-02-28"),
        ("2026-02-13 09:00", 7, "2026-03-02"),
        ("2026-09-30 18:00", 3, "2026-10-10"),
        ("2025-12-31 18:00", 3, "2026-01-06"),  # over the new year
        ("2026-03-27 19:00", 5, "2026-04-03"),
    ],
)
def test_add_working_days_table(start: str, days: int, last_day: str) -> None:
    end = add_working_days(at(start), days)

    assert end == at(last_day) + timedelta(days=1)
    assert end.tzinfo is UTC


def test_add_working_days_starts_from_the_day_in_the_compound() -> None:
    late_evening_in_utc = datetime(2026, 4, 9, 16, tzinfo=UTC)

    assert add_working_days(late_evening_in_utc, 1) == at("2026-04-14 00:00")


def test_day_and_instant_give_the_same_term() -> None:
    for noon in (at("2026-01-01 12:00") + timedelta(days=n) for n in range(340)):
        assert add_working_days(noon, 3) == add_working_days(noon.date(), 3)
        assert notice_end(noon, 7) == notice_end(noon.date(), 7)


def test_terms_end_after_a_working_day_and_never_early() -> None:
    for day in (date(2025, 1, 1) + timedelta(days=n) for n in range(700)):
        last_of_notice = notice_end(day, 7).astimezone(ZONE).date() - timedelta(days=1)
        last_of_answer = add_working_days(day, 3).astimezone(ZONE).date() - timedelta(days=1)
        worked = [
            is_working_day(day + timedelta(days=n))
            for n in range(1, (last_of_answer - day).days + 1)
        ]

        assert is_working_day(last_of_notice)
        assert last_of_notice >= day + timedelta(days=7)
        assert worked.count(True) == 3
        assert worked[-1]


@pytest.mark.parametrize("days", [0, -1])
def test_term_of_no_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        notice_end(date(2026, 3, 30), days)
    with pytest.raises(ValueError, match="at least one day"):
        add_working_days(date(2026, 3, 30), days)


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2026, 4, 8), 6, date(2026, 10, 8)),  # the worked example: review of the trial
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 2, 28), 1, date(2026, 3, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 30, date(2029, 2, 28)),
        (date(2026, 4, 8), 0, date(2026, 4, 8)),
        (at("2026-04-08 00:00").astimezone(UTC), 6, date(2026, 10, 8)),
    ],
)
def test_months_later_table(start: date, months: int, day: date) -> None:
    assert months_later(start, months) == day


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2099-01-01", True),  # a Thursday, and surely a holiday: nobody has said so yet
        ("2099-01-02", True),
        ("2099-01-03", False),
        ("2099-01-04", False),
        ("2024-12-30", True),
    ],
)
def test_year_without_a_table_is_counted_by_weekends_alone(day: str, worked: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("last", "provisional"),
    [
        (date(LAST_KNOWN, 12, 31), False),  # its end is the first instant of the next year
        (date(LAST_KNOWN + 1, 1, 1), True),
        (date(2024, 12, 31), False),  # what is over does not move
    ],
)
def test_term_is_provisional_where_its_last_day_has_no_table(last: date, provisional: bool) -> None:
    assert is_provisional(notice_end(last - timedelta(days=1), 1)) is provisional


OLD = Calendar({})
NEW_YEAR = Calendar(
    {
        2099: {
            date(2099, 1, 1): DayKind.OFF,
            date(2099, 1, 2): DayKind.OFF,
            date(2099, 1, 4): DayKind.WORK,
        }
    }
)


@pytest.mark.parametrize("started", [date(2098, 12, 19) + timedelta(days=n) for n in range(20)])
@pytest.mark.parametrize("days", [1, 2, 3, 5, 7, 10])
def test_recounting_equals_counting_by_the_new_table_but_never_earlier(
    started: date, days: int
) -> None:
    for count, recount in (
        (Calendar.add_working_days, recount_working_days),
        (Calendar.notice_end, recount_notice),
    ):
        before, after = count(OLD, started, days), count(NEW_YEAR, started, days)
        if before > at("2099-01-01 00:00"):
            recounted = recount(before, OLD, NEW_YEAR)
            assert recounted >= max(before, after)
            if started.year < 2099:
                assert recounted == max(before, after)


@pytest.mark.parametrize(
    ("today", "years", "missing"),
    [
        ("2026-09-30", {2026}, []),
        ("2026-10-01", {2026}, [2027]),
        ("2026-12-31", {2026, 2027}, []),
        ("2027-01-01", {2026}, [2027]),
        ("2027-10-01", {2026}, [2027, 2028]),
    ],
)
def test_missing_tables_are_told_from_october_on(
    today: str, years: set[int], missing: list[int]
) -> None:
    assert missing_tables(date.fromisoformat(today), frozenset(years)) == missing


@pytest.mark.parametrize(
    ("year", "off", "work"),
    [
        (2025, 28, {"01-26", "02-08", "04-27", "09-28", "10-11"}),
        (2026, 33, {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}),
    ],
)
def test_table_holds_what_the_notice_lists(year: int, off: int, work: set[str]) -> None:
    table = TABLES[year]

    assert Counter(table.values()) == {DayKind.OFF: off, DayKind.WORK: len(work)}
    assert {day.strftime("%m-%d") for day in table if table[day] == DayKind.WORK} == work


@pytest.mark.parametrize("year", TABLES)
def test_table_is_in_order_and_every_exchanged_day_is_of_a_weekend(year: int) -> None:
    table = TABLES[year]

    assert list(table) == sorted(table)
    assert all(day.weekday() >= 5 for day in table if table[day] == DayKind.WORK)


def test_every_table_names_its_notice() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert all(
        f"| {year} | 国务院办公厅关于{year}年部分节假日安排的通知" in readme for year in TABLES
    )


def test_table_of_a_spreadsheet_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2030.csv"
    path.write_text("date,kind,name\r\n2030-01-01,off,元旦\r\n", encoding="utf-8-sig", newline="")

    assert read_file(path) == {date(2030, 1, 1): DayKind.OFF}


@pytest.mark.parametrize(
    "rows",
    [
        "2030-01-01,holiday,元旦",
        "2030-01-01",
        "2030-02-30,off,春节",
        "1月1日,off,元旦",
        "2031-01-01,off,元旦",
        "2030-01-02,work,元旦",  # a Wednesday
        "2030-01-05,work,元旦",  # and no day off
        "2030-01-01,off,元旦\n2030-01-01,work,元旦",
    ],
)
def test_broken_table_is_refused(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "2030.csv"
    path.write_text(f"date,kind,name\n{rows}\n", encoding="utf-8")

    with pytest.raises(ValueError):
        read_file(path)
