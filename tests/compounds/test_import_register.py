"""Taking a register of units into a compound, over HTTP."""

import hashlib
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.compounds.models import Building, Entrance, RegisterImport, Unit
from app.people.models import Role
from tests.cast import Cast, Person, Place, stored
from tests.checks import Move, moves_of, refusal

REGISTER = """楼栋,单元,房号,面积
1栋,1单元,101,88.50
1栋,1单元,102,95.5
1栋,2单元,101,88.50
2栋,1单元,101,120
"""
FOUR_UNITS = {
    "1栋1单元101": 8850,
    "1栋1单元102": 9550,
    "1栋2单元101": 8850,
    "2栋1单元101": 12000,
}


def xlsx(text: str) -> bytes:
    book = Workbook()
    for line in text.splitlines():
        *names, area = line.split(",")
        book.active.append([*names, float(area) if area != "面积" else area])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def send(
    by: Person, compound: Place, data: bytes | str, name: str = "册.csv", **kwargs: Any
) -> TestResponse:
    content = data.encode() if isinstance(data, str) else data
    return by.post(
        f"/compounds/{compound.id}/register-imports",
        data={"file": (BytesIO(content), name)},
        **kwargs,
    )


def units(app: Flask, compound: Place) -> dict[str, int]:
    """Address and area of each unit of the compound."""
    found = stored(app, select(Unit).where(Unit.compound_id == compound.id).order_by(Unit.id))
    return {unit.address: unit.area_centi_m2 for unit in found}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("register.csv", REGISTER.encode("utf-8")),
        ("register.csv", REGISTER.encode("utf-8-sig")),
        ("register.csv", REGISTER.encode("gb18030")),
        ("register.xlsx", xlsx(REGISTER)),
    ],
    ids=["utf-8", "utf-8 with BOM", "gb18030", "xlsx"],
)
def test_import_takes_in_every_row(cast: Cast, app: Flask, rows: Session, name: str, data: bytes):
    secretary = cast.secretary()
    answer = send(secretary, cast.home, data, name)
    assert answer.status_code == 201, answer.text
    assert answer.json["accepted"] == 4
    assert answer.json["sha256"] == hashlib.sha256(data).hexdigest()
    assert answer.json["report"] == [
        {"line": line, "unit": unit, "outcome": "added"} for line, unit in enumerate(FOUR_UNITS, 2)
    ]
    assert units(app, cast.home) == FOUR_UNITS
    assert units(app, cast.neighbour) == {}

    assert rows.scalars(select(Building.name).order_by(Building.id)).all() == ["1栋", "2栋"]
    assert len(rows.scalars(select(Entrance)).all()) == 3
    (taken,) = rows.scalars(select(RegisterImport))
    assert str(taken.id) == answer.json["id"]
    assert (taken.compound_id, taken.imported_by_id) == (cast.home.id, secretary.id)


def test_import_again_changes_nothing(cast: Cast, app: Flask):
    secretary = cast.secretary()
    send(secretary, cast.home, REGISTER)
    again = send(secretary, cast.home, REGISTER)
    assert {row["outcome"] for row in again.json["report"]} == {"unchanged"}
    assert units(app, cast.home) == FOUR_UNITS
    assert len(stored(app, select(RegisterImport))) == 2


def test_import_corrects_an_area_and_leaves_what_it_does_not_name(cast: Cast, app: Flask):
    secretary = cast.secretary()
    send(secretary, cast.home, REGISTER)
    before = {unit.address: unit.id for unit in stored(app, select(Unit))}
    answer = send(
        secretary,
        cast.home,
        "unit,area,building,entrance\n102,96.01,1栋,1单元\n101,88.5,1栋,1单元\n103,70,1栋,1单元\n",
    )
    assert [row["outcome"] for row in answer.json["report"]] == [
        "corrected",
        "unchanged",
        "added",
    ]
    assert units(app, cast.home) == {**FOUR_UNITS, "1栋1单元102": 9601, "1栋1单元103": 7000}
    after = {unit.address: unit.id for unit in stored(app, select(Unit))}
    assert before.items() <= after.items()


def test_import_with_a_bad_row_takes_in_none(cast: Cast, app: Flask):
    answer = send(
        cast.secretary(), cast.home, REGISTER + "2栋,1单元,102,零\n2栋,1单元,103,-3\n2栋,,104,88\n"
    )
    assert refusal(answer) == (422, "register_refused")
    assert answer.json["detail"] == "4 行可用,3 行有误"
    assert [error["where"].split(",")[0] for error in answer.json["errors"]] == [
        "line 6",
        "line 7",
        "line 8",
    ]
    for model in (Unit, Entrance, Building, RegisterImport):
        assert stored(app, select(model)) == []


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("册.csv", b"", "empty_file"),
        ("册.xlsx", b"PK\x03\x04 not a workbook", "unreadable_file"),
        ("册.pdf", b"%PDF-1.7\n1 0 obj", "unknown_format"),
        ("册.csv", "房号,面积\n101,88\n".encode(), "missing_column"),
    ],
)
def test_import_of_an_unreadable_file_is_refused(
    cast: Cast, app: Flask, name: str, data: bytes, code: str
):
    answer = send(cast.secretary(), cast.home, data, name)
    assert refusal(answer) == (422, "unreadable_register")
    assert [error["code"] for error in answer.json["errors"]] == [code]
    assert stored(app, select(RegisterImport)) == []


def test_import_lets_residents_claim(cast: Cast):
    send(cast.secretary(), cast.home, REGISTER)
    body = {
        "compound_id": str(cast.home.id),
        "building": "2栋",
        "entrance": "1单元",
        "unit": "101",
        "relation": "owner",
    }
    assert cast.visitor().post("/residences", body).status_code == 201


def test_import_with_the_same_key_is_the_same_import(cast: Cast, app: Flask):
    secretary = cast.secretary()
    headers = {"Idempotency-Key": "register-of-march"}
    first, second = (send(secretary, cast.home, REGISTER, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201), first.text
    assert first.json == second.json
    assert len(stored(app, select(RegisterImport))) == 1


def test_import_of_another_file_with_the_same_key_is_refused(cast: Cast, app: Flask):
    secretary = cast.secretary()
    headers = {"Idempotency-Key": "register-of-march"}
    send(secretary, cast.home, REGISTER, headers=headers)
    other = send(secretary, cast.home, REGISTER.replace("120", "121"), headers=headers)
    assert refusal(other) == (409, "idempotency_key_reused")
    assert units(app, cast.home) == FOUR_UNITS


def test_report_is_read_again(cast: Cast):
    secretary, auditor = cast.secretary(), cast.officer(Role.AUDITOR)
    made = send(secretary, cast.home, REGISTER).json
    assert auditor.get(f"/register-imports/{made['id']}").json == made
    other = cast.secretary(cast.neighbour)
    assert refusal(other.get(f"/register-imports/{made['id']}")) == (404, "not_found")


def test_import_is_logged(cast: Cast, app: Flask):
    secretary = cast.secretary()
    made = send(secretary, cast.home, REGISTER).json
    assert moves_of(app, UUID(made["id"])) == [Move("import", None, None, secretary.id, None)]
