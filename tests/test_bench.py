"""The benchmark of lists, on a few sessions: it must meet every list that the application has."""

import csv
import re
from pathlib import Path

import pytest
from flask import Flask

from bench import __main__ as command
from bench.decade import Plan
from bench.lists import Line, Outcome, measure
from bench.report import as_text, write
from tests.operations import template

FEW = Plan(sessions=3, orders=150, whistles=60, hours=60, conventions=6, households=40)
# Lists by another name than `list_…`.
OTHER_LISTS = {
    "agenda.read_roll",
    "agenda.read_rotation",
    "board.read_atom_feed",
    "board.read_json_feed",
    "board_pages.place_board",
    "oversight.read_community_log",
    "oversight.read_compound_log",
}


@pytest.fixture(scope="module")
def few() -> Outcome:
    """Every list measured once, on SQLite."""
    return measure("sqlite", None, FEW, rounds=1)


def lists_by_name(app: Flask) -> set[str]:
    """Paths of all lists, told by the names of their views."""
    return {
        template(rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and (".list_" in rule.endpoint or rule.endpoint in OTHER_LISTS)
    }


def test_every_list_of_the_application_is_measured(few: Outcome, application: Flask):
    assert {line.path for line in few.lines} == lists_by_name(application)


def test_every_list_shows_rows_and_keeps_to_its_queries(few: Outcome):
    """A list that shows nothing was not measured: fill it in `bench/`."""
    assert [line.name for line in few.lines if line.rows == 0] == []
    most = {line.name: max(line.empty_statements, line.full_statements) for line in few.lines}
    assert {name: count for name, count in most.items() if count > 6} == {}


def test_long_lists_are_measured_deep_inside(few: Outcome):
    pages = {line.name: line.page for line in few.lines}
    names = (
        "任务单列表",
        "小区工作记录",
        "公示订阅（JSON Feed 1.1）",
        "公示订阅（Atom）",
        "公示栏",
    )
    assert [pages[name] for name in names] == [5, 10, 10, 10, 10]


def test_report_has_a_row_for_each_line_and_names_no_machine(few: Outcome, tmp_path: Path):
    write([few], FEW, tmp_path)
    written = (tmp_path / "lists.md").read_text()
    assert len(re.findall(r"^\| .* (?:yes|NO\*\*) \|$", written, re.M)) == len(few.lines)
    assert not re.search(r"/home|/root|/tmp|/work", written)
    with (tmp_path / "lists.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["list"], int(row["page"])) for row in rows] == [
        (line.name, line.page) for line in few.lines
    ]
    assert {len(row["all_ms_full"].split()) for row in rows} == {1}


def line(**changes: object) -> Line:
    """A line that holds, but for what is changed."""
    facts = {
        "path": "/matters",
        "name": "问题列表",
        "page": 1,
        "rows": 30,
        "empty_statements": 6,
        "full_statements": 6,
        "empty_ms": [2.0, 2.0, 50.0],
        "full_ms": [6.0, 6.0, 99.0],
    }
    return Line(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"full_statements": 7}, False),
        ({"empty_statements": 7}, False),
        ({"full_ms": [6.1, 6.1, 1.0]}, False),
        ({"rows": 0}, False),
    ],
)
def test_a_line_holds_within_both_limits_and_with_rows(changes: dict[str, object], holds: bool):
    assert line(**changes).holds is holds


@pytest.mark.parametrize(("rows", "status"), [(30, 0), (0, 1)])
def test_exit_status_tells_of_a_miss(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    rows: int,
    status: int,
):
    outcome = Outcome("sqlite", "SQLite", 0.0, [line(rows=rows)])
    monkeypatch.setattr(command, "measure", lambda *_: outcome)
    words = ["bench", "lists", "--engine", "sqlite", "--results", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    assert command.main() == status
    assert capsys.readouterr().out.strip() == as_text([outcome], Plan()).strip()
