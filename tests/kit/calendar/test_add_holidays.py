"""A year's holidays come without a release; terms that were provisional are counted again."""

import ast
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.board.models import Objection, PublicNotice
from app.commands.holidays import COUNTED_TERMS
from app.conventions.models import ConventionVersion
from app.kit.audit import AuditEntry
from app.kit.calendar.models import HolidayTable
from app.kit.clock import local
from app.rating_lists.models import RatingList
from app.resolutions.models import BranchReview, Resolution
from app.works.whistles.models import Whistle
from tests.cast import Cast, stored
from tests.conventions.steps import Desk
from tests.rating_lists.board import Ratings
from tests.resolutions.stage import Stage, body_of
from tests.works.site import Site

Travel = Callable[[str], None]

# 2099-01-01 is a Thursday. Days off to the 8th, then a Saturday worked in exchange.
TABLE = "".join(f"2099-01-{day:02},off,元旦\n" for day in range(1, 9)) + "2099-01-10,work,元旦\n"
EVE = "2098-12-30T10:00:00+08:00"  # a Tuesday
SOURCE = "国办发明电〔2098〕1号"


def add(app: Flask, folder: Path, table: str = TABLE, name: str = "2099.csv") -> Result:
    path = folder / name
    path.write_text(f"date,kind,name\n{table}", encoding="utf-8")
    return app.test_cli_runner().invoke(args=["add-holidays", str(path), "--source", SOURCE])


def objection(cast: Cast, travel: Travel) -> None:
    stage = Stage(cast, travel)
    resolution = stage.passed()
    stage.go("2098-12-29T10:00:00+08:00")
    published = body_of(stage.do(resolution, "publish"))
    stage.go(EVE)
    body_of(stage.object_to(published, stage.voters[0]), 201)


def review(cast: Cast, travel: Travel) -> None:
    stage = Stage(cast, travel)
    draft = stage.draft(0, ())
    stage.go(EVE)
    body_of(stage.do(draft, "review-request"))


def passing(cast: Cast, travel: Travel) -> None:
    stage = Stage(cast, travel)
    stage.go(EVE)
    stage.passed()


def resolution_notice(cast: Cast, travel: Travel) -> None:
    stage = Stage(cast, travel)
    passed = stage.passed()
    stage.go(EVE)
    body_of(stage.do(passed, "publish"))


def convention_notice(cast: Cast, travel: Travel) -> None:
    desk = Desk(cast, travel)
    version = desk.voted()
    desk.go(EVE)
    body_of(desk.do(version, "publish"))


def repeal(cast: Cast, travel: Travel) -> None:
    desk = Desk(cast, travel)
    version = desk.in_force()
    other = desk.pass_another(2)
    desk.go(EVE)
    body_of(desk.repeal(version, resolution_id=other))


def whistle(cast: Cast, travel: Travel) -> None:
    site = Site(cast, travel)
    blown = site.whistle()
    site.go(EVE)
    body_of(site.do(blown, "blow"))


def rating(cast: Cast, travel: Travel) -> None:
    ratings = Ratings(cast, travel)
    ratings.go(EVE)
    ratings.noticed("2098-12")


# Each declared term: how a row comes to it on the eve, its last day by weekends alone, and by the
# table.
CASES: dict[tuple[type, str], tuple[Callable[[Cast, Travel], None], str, str]] = {
    (Objection, "answer_due_at"): (objection, "01-02", "01-10"),
    (BranchReview, "lapses_at"): (review, "01-06", "01-13"),
    (Resolution, "publish_due_at"): (passing, "01-02", "01-10"),
    (Resolution, "notice_ends_at"): (resolution_notice, "01-06", "01-09"),
    (ConventionVersion, "notice_ends_at"): (convention_notice, "01-06", "01-09"),
    (ConventionVersion, "repeal_ends_at"): (repeal, "01-06", "01-09"),
    (Whistle, "report_due_at"): (whistle, "01-02", "01-10"),
    (Whistle, "due_at"): (whistle, "01-13", "01-20"),
    (RatingList, "notice_ends_at"): (rating, "01-06", "01-09"),
}


def last_days(app: Flask, model: type, column: str) -> list[str]:
    """The last days of the terms in this column, as `01-06`."""
    found: list[datetime] = stored(app, select(getattr(model, column)))
    return [
        f"{local(end).date().fromordinal(local(end).date().toordinal() - 1):%m-%d}"
        for end in found
        if end is not None
    ]


def test_every_declared_term_is_played() -> None:
    assert {(term.ends.class_, term.ends.key) for term in COUNTED_TERMS} == set(CASES)


def test_every_feature_that_counts_working_days_declares_its_terms(root: Path) -> None:
    """A term that is stored and not declared would never be counted again."""
    counting = {"add_working_days", "notice_end", "objection_term"}
    folders = {
        path.relative_to(root / "app").parts[0]
        for path in (root / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in counting
    }
    declaring = {term.ends.class_.__module__.split(".")[1] for term in COUNTED_TERMS}
    # A follow-up gives a whistle its new term.
    assert folders - {"kit", "evaluations"} == declaring


@pytest.mark.parametrize(
    ("model", "column"), CASES, ids=lambda part: getattr(part, "__name__", part)
)
def test_term_is_provisional_and_counted_again_with_the_table(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path, model: type, column: str
) -> None:
    play, by_weekends, by_table = CASES[model, column]
    play(cast, travel)
    assert last_days(app, model, column) == [by_weekends]
    result = add(app, tmp_path)
    assert result.exit_code == 0, result.output
    assert last_days(app, model, column) == [by_table]
    (row_id,) = stored(app, select(model.id))
    reasons = stored(
        app,
        select(AuditEntry.reason).where(
            AuditEntry.verb == "recount_term", AuditEntry.thing_id == row_id
        ),
    )
    assert any(reason.startswith(f"{column}: 2099-{by_weekends} 24:00") for reason in reasons)


def test_notice_says_that_its_end_is_provisional_and_is_corrected(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    stage = Stage(cast, travel)
    passed = stage.passed()
    stage.go(EVE)
    body_of(stage.do(passed, "publish"))
    (item,) = stage.notices("RESOLUTION_NOTICED")
    assert "2099年节假日安排尚未公布，截止日暂按双休日计算" in item["content_text"]
    assert item["_yueyuetan"]["term_is_provisional"] is True
    add(app, tmp_path)
    (item,) = stage.notices("RESOLUTION_NOTICED")
    assert "2099年节假日安排已公布，公示期改为至 2099-01-09 24:00" in item["content_text"]
    extension = item["_yueyuetan"]
    assert extension["term_ends_at"] == "2099-01-10T00:00:00+08:00"
    assert extension["data"]["term_ends_at"] == "2099-01-10T00:00:00+08:00"
    assert (extension["revision"], extension["term_is_provisional"]) == (2, False)
    # Whoever objects on the days that were won is heard, and the effect waits for the new end.
    stage.go("2099-01-09T12:00:00+08:00")
    noticed = stage.read(passed)
    assert noticed["state"] == "NOTICED"
    body_of(stage.object_to(noticed, stage.voters[0]), 201)


def test_notice_whose_end_stays_says_so(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    resolution_notice(cast, travel)
    add(app, tmp_path, table="2099-01-01,off,元旦\n")
    (text,) = stored(
        app, select(PublicNotice.text).where(PublicNotice.kind == "RESOLUTION_NOTICED")
    )
    assert "公示期仍至 2099-01-06 24:00" in text


def test_day_that_somebody_gave_a_whistle_stays(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    site = Site(cast, travel)
    blown = site.whistle()
    site.go(EVE)
    body_of(site.do(blown, "blow", due_on="2099-01-05"))
    add(app, tmp_path)
    assert last_days(app, Whistle, "due_at") == ["01-05"]
    assert last_days(app, Whistle, "report_due_at") == ["01-10"]


def test_term_that_is_over_stays_over(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    resolution_notice(cast, travel)
    travel("2099-01-07T00:00:00+08:00")
    add(app, tmp_path)
    assert last_days(app, Resolution, "notice_ends_at") == ["01-06"]


def test_table_is_corrected_by_recording_it_again(
    app: Flask, cast: Cast, travel: Travel, tmp_path: Path
) -> None:
    resolution_notice(cast, travel)
    add(app, tmp_path, table="2099-01-01,off,元旦\n")
    longer = "".join(f"2099-01-{day:02},off,元旦\n" for day in range(1, 7))
    assert add(app, tmp_path, table=longer).exit_code == 0
    assert last_days(app, Resolution, "notice_ends_at") == ["01-07"]
    assert len(stored(app, select(HolidayTable))) == 1
    verbs = stored(app, select(AuditEntry.verb).where(AuditEntry.thing == "holiday_tables"))
    assert sorted(verbs) == ["correct", "record"]
    again = add(app, tmp_path, table=longer)
    assert (again.exit_code, "already" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("2097.csv", "2097-01-01,off,元旦\n"),
        ("2100.csv", "2100-01-01,off,元旦\n"),
        ("holidays.csv", "2099-01-01,off,元旦\n"),
        ("２０９９.csv", "2099-01-01,off,元旦\n"),
        ("2099.csv", ""),
        ("2099.csv", "2098-12-31,off,元旦\n"),
        ("2099.csv", "2099-01-01,holiday,元旦\n"),
        ("2099.csv", "2099-01-01,off,元旦\n2099-01-02,work,元旦\n"),
    ],
)
def test_bad_table_leaves_nothing_behind(
    app: Flask, travel: Travel, tmp_path: Path, name: str, table: str
) -> None:
    travel(EVE)
    result = add(app, tmp_path, table, name)
    assert result.exit_code == 1, result.output
    assert stored(app, select(HolidayTable)) == []
    assert stored(app, select(AuditEntry)) == []


def test_file_in_another_encoding_is_refused(app: Flask, travel: Travel, tmp_path: Path) -> None:
    travel(EVE)
    path = tmp_path / "2099.csv"
    path.write_bytes("date,kind,name\n2099-01-01,off,元旦\n".encode("gb18030"))
    run = app.test_cli_runner()
    result: Any = run.invoke(args=["add-holidays", str(path), "--source", SOURCE])
    assert (result.exit_code, stored(app, select(HolidayTable))) == (1, [])
