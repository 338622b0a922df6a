"""Slips from a spreadsheet: entered by one person, confirmed by the sheet of another."""

import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.ballots.models import Ballot
from app.ballots.paper.spreadsheet import MAX_SLIPS, XLSX
from app.compounds.models import Unit
from app.config import Settings
from app.people.models import Residence, Role
from tests.ballots.desk import Desk
from tests.cast import Cast, Person, stored
from tests.checks import refusal
from tests.operations import made

HEADER = ["票号", "楼栋", "单元", "房号", "姓名", "5分", "3分", "1分"]


class Sheet(Desk):
    """A vote with the sheets that clerks bring."""

    def home_of(self, voter: Person) -> list[str]:
        """Building, entrance, unit and name of a voter, as they stand in the register."""
        query = select(Unit.name).join(Residence, Residence.unit_id == Unit.id)
        (unit,) = stored(self.cast.app, query.where(Residence.resident_id == voter.id))
        return ["3栋", "2单元", unit, f"居民{self.voters.index(voter)}"]

    def row(self, slip: int, voter: int, *marks: Any) -> list[Any]:
        return [self.serials[slip], *self.home_of(self.voters[voter]), *marks]

    def good(self) -> list[list[Any]]:
        return [self.row(0, 0, "M01", "2", None), self.row(1, 1, 3, None, "m1"), self.row(2, 2)]

    def bring(
        self, verb: str, by: Person, rows: list[list[Any]], header: list[Any] | None = None
    ) -> TestResponse:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in [header or HEADER, *rows]:
            sheet.append(row)
        file = io.BytesIO()
        book.save(file)
        return self.send(verb, by, file.getvalue())

    def send(self, verb: str, by: Person, data: bytes) -> TestResponse:
        file = {"file": (io.BytesIO(data), "slips.xlsx")}
        return by.post(f"{self.path}/paper-sheet/{verb}", data=file)

    def add_photos(self, count: int) -> None:
        for serial in self.serials[:count]:
            body = {"attachment_ids": [self.photo(self.clerk)]}
            made(self.clerk.post(f"{self.path}/paper-slips/{serial}/photos", body), 200)


@pytest.fixture
def sheet(cast: Cast) -> Sheet:
    return Sheet(cast)


def codes(answer: TestResponse) -> list[tuple[str, str]]:
    assert refusal(answer) == (422, "sheet_refused"), answer.text
    return [(error["where"], error["code"]) for error in answer.json["errors"]]


def test_sheet_is_entered_and_confirmed_by_the_sheet_of_another(sheet: Sheet):
    rows = sheet.good()
    entered = sheet.bring("enter", sheet.clerk, rows)
    assert (entered.status_code, entered.json["serials"]) == (200, sheet.serials[:3])
    assert sheet.states() == ["ENTERED"] * 3 + ["ISSUED"]
    assert codes(sheet.bring("confirm", sheet.clerk, rows)) == [
        (f"line {line}", "entered_by_the_same") for line in (2, 3, 4)
    ]
    assert {code for _, code in codes(sheet.bring("confirm", sheet.other_clerk, rows))} == {
        "photo_missing"
    }
    sheet.add_photos(3)
    assert sheet.bring("confirm", sheet.other_clerk, rows[::-1]).status_code == 200
    assert sheet.turnout()[1] == 3
    own = sheet.voters[1].get(f"{sheet.path}/ballot").json["marks"]
    assert {(m["weight"], m["matter_id"]) for m in own} == {
        (5, sheet.matters[2]),
        (1, sheet.matters[0]),
    }
    sheet.close()


def test_one_wrong_line_takes_in_nothing(sheet: Sheet, app: Flask):
    rows = sheet.good()
    assert sheet.bring("enter", sheet.clerk, rows).status_code == 200
    sheet.add_photos(3)
    rows[1][5], rows[1][7] = "M02", None
    answer = sheet.bring("confirm", sheet.other_clerk, rows)
    assert codes(answer) == [("line 3", "entries_differ")]
    assert sheet.states() == ["ENTERED"] * 3 + ["ISSUED"]
    assert stored(app, select(Ballot)) == []


def test_every_wrong_line_is_told(sheet: Sheet):
    serial, *home = sheet.row(0, 0)
    by_phone = sheet.by_phone(sheet.voters[3], *sheet.matters)
    assert by_phone.status_code == 200
    rows = [
        ["222222", *home, "M01"],
        [None, *home, "M01"],
        [serial, *home[:3], "李四", "M01"],
        [serial, *home, "M01", "M01"],
        [sheet.serials[1], *home, "M99"],
        [sheet.serials[1], *home, "x1"],
        [sheet.serials[2], *home, "M01 M02"],
        [sheet.serials[3], *sheet.home_of(sheet.voters[3]), "M01"],
        [sheet.serials[3], *home, "M01"],
        [sheet.serials[0], *home, "=1+1"],
        ["22222Y", *home, "M01"],
    ]
    assert codes(sheet.bring("enter", sheet.clerk, rows)) == [
        ("line 2", "unknown_serial"),
        ("line 3", "empty_cell"),
        ("line 4", "unknown_voter"),
        ("line 5", "repeated_serial"),
        ("line 6", "matter_not_listed"),
        ("line 7", "bad_number"),
        ("line 8", "invalid_ballot"),
        ("line 9", "phone_ballot_exists"),
        ("line 10", "repeated_serial"),
        ("line 11", "bad_cell"),
        ("line 12", "unknown_serial"),
    ]
    assert sheet.states() == ["ISSUED"] * 4


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (HEADER[:-1], [["x"]]),
        ([*HEADER, "2分"], [["x"]]),
        ([*HEADER, "备注"], [["x"]]),
        ([*HEADER[:-1], "3分"], [["x"]]),
        (HEADER, []),
        (HEADER, [["222222"]] * (MAX_SLIPS + 1)),
    ],
)
def test_sheet_that_is_none_is_refused(sheet: Sheet, header: list[Any], rows: list[Any]):
    answer = sheet.bring("enter", sheet.clerk, rows, header)
    assert refusal(answer) == (422, "unreadable_sheet")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7", b"\xff\xfe\x00", b"\x00" * 99])
def test_file_that_is_no_sheet_is_refused(sheet: Sheet, data: bytes):
    assert refusal(sheet.send("enter", sheet.clerk, data)) == (422, "unreadable_sheet")


def test_secretary_with_another_office_brings_no_sheet(sheet: Sheet):
    sheet.cast.appoint(sheet.secretary, Role.GRID_WORKER)
    for verb in ("enter", "confirm"):
        answer = sheet.bring(verb, sheet.secretary, sheet.good())
        assert refusal(answer) == (403, "secretary_touches_no_ballot")


def test_key_that_is_missing_is_no_fault_of_a_row(sheet: Sheet, settings: Settings):
    rows = sheet.good()
    (settings.key_store / "sessions" / f"{UUID(sheet.id)}.key").unlink()
    answer = sheet.bring("enter", sheet.clerk, rows)
    assert refusal(answer) == (503, "voting_key_missing")
    assert sheet.states() == ["ISSUED"] * 4


def test_template_has_the_serials_that_are_still_out_and_is_taken_back(sheet: Sheet):
    sheet.vote(sheet.voters[0], *sheet.matters, slip=1)
    answer = sheet.clerk.get(f"{sheet.path}/paper-sheet.xlsx")
    assert (answer.status_code, answer.mimetype) == (200, XLSX)
    book = load_workbook(io.BytesIO(answer.data))
    found = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert found[0] == HEADER
    out = [serial for number, serial in enumerate(sheet.serials) if number != 1]
    assert [row[0] for row in found[1:]] == sorted(out)
    for line, voter in ((2, 1), (3, 2), (4, 3)):
        for column, value in enumerate([*sheet.home_of(sheet.voters[voter]), "M01"], start=2):
            book.active.cell(line, column, value)
    file = io.BytesIO()
    book.save(file)
    assert sheet.send("enter", sheet.clerk, file.getvalue()).status_code == 200


def test_voter_is_found_by_unit_and_name(sheet: Sheet):
    voter = sheet.voters[0]
    names = dict(zip(("building", "entrance", "unit", "name"), sheet.home_of(voter), strict=True))
    path = f"{sheet.path}/paper-voter"
    found = sheet.other_clerk.post(path, {**names, "building": "３ 栋"})
    assert found.json == {"resident_id": str(voter.id), "masked_name": "居○○"}
    other = sheet.other_clerk.post(path, {**names, "name": "李四"})
    assert refusal(other) == (404, "not_found")
    for wrong in ({}, {**names, "name": ""}):
        answer = sheet.other_clerk.post(path, wrong)
        assert refusal(answer) == (422, "invalid_input")
