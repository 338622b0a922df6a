"""Register files that no honest clerk uploads."""

import io
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.compounds.routes import MAX_REGISTER_BYTES
from tests.bad_input.problem import assert_refused, nothing_stored
from tests.cast import Person

HEADER = ["楼栋", "单元", "房号", "面积"]
ROW = ["1栋", "1单元", "101", 88.5]
CSV_HEADER = ",".join(HEADER) + "\n"
SHEET = "xl/worksheets/sheet1.xml"
ROWS, MEGABYTE = 200_000, 1_000_000
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

UNREADABLE, REFUSED = (422, "unreadable_register"), (422, "register_refused")
INVALID, TOO_LARGE = (422, "invalid_input"), (413, "too_large")


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def workbook_with_sheet(filling: str) -> bytes:
    """A workbook whose sheet holds this XML between its tags."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(ROW))) as good,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            content = good.read(name).decode()
            if name == SHEET:
                head, _ = content.split("<sheetData>")
                content = f"{head}<sheetData>{filling}</sheetData></worksheet>"
            bad.writestr(name, content)
    return buffer.getvalue()


def many_rows() -> bytes:
    cell = '<c t="inlineStr"><is><t>1</t></is></c>'
    return workbook_with_sheet(f"<row>{cell * 4}</row>" * ROWS)


def zip_of_nothing() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


UGLY: dict[str, tuple[Callable[[], bytes], tuple[int, str]]] = {
    "empty": (lambda: b"", UNREADABLE),
    "header alone": (lambda: CSV_HEADER.encode(), UNREADABLE),
    "no header": (lambda: "1栋,1单元,101,88.5\n".encode(), UNREADABLE),
    "PNG": (lambda: PNG, UNREADABLE),
    "NUL bytes": (lambda: b"\x00" * 1000, UNREADABLE),
    "no text": (lambda: bytes(range(128, 256)) * 10, UNREADABLE),
    "half of a workbook": (lambda: workbook(ROW)[:2000], UNREADABLE),
    "ZIP of nothing": (zip_of_nothing, UNREADABLE),
    "10,000 open quotes": (lambda: CSV_HEADER.encode() + b'"' * 9_999, UNREADABLE),
    "one line of 3 MB": (lambda: b"a" * 3 * MEGABYTE, UNREADABLE),
    "3 MB of commas": (lambda: b"," * 3 * MEGABYTE, UNREADABLE),
    "200,000 rows of CSV": (lambda: CSV_HEADER.encode() + b"1,1,1,1\n" * ROWS, UNREADABLE),
    "200,000 rows of XLSX": (many_rows, UNREADABLE),
    "ZIP bomb": (lambda: workbook_with_sheet(" " * 100 * MEGABYTE), UNREADABLE),
    "formula in a cell": (lambda: workbook([*ROW[:3], "=1+1"]), REFUSED),
    "formula as a name": (lambda: workbook(['=HYPERLINK("//e")', *ROW[1:]]), REFUSED),
    "formula in CSV": (lambda: (CSV_HEADER + "=cmd|'/c calc'!A1,1,1,1\n").encode(), REFUSED),
    "not a number": (lambda: (CSV_HEADER + "1,1,1,NaN\n").encode(), REFUSED),
    "1e309": (lambda: (CSV_HEADER + "1,1,1,1e309\n").encode(), REFUSED),
    "5,000 digits": (lambda: (CSV_HEADER + "1,1,1," + "9" * 5_000 + "\n").encode(), REFUSED),
    "NUL in a name": (lambda: (CSV_HEADER + "1\x00,1,1,1\n").encode(), REFUSED),
    "good row, bad row": (lambda: (CSV_HEADER + "1,1,1,88.5\n1,1,2,-3\n").encode(), REFUSED),
    "too large": (lambda: b"a" * 10 * MEGABYTE, TOO_LARGE),
    "a byte too large": (lambda: b"a" * MAX_REGISTER_BYTES, TOO_LARGE),
}


def upload(
    person: Person, path: str, form: dict[str, Any], headers: dict[str, str]
) -> TestResponse:
    """Send a form; a tuple of bytes and a name becomes a file."""
    values = {
        name: FileStorage(io.BytesIO(value[0]), filename=value[1])
        if isinstance(value, tuple)
        else value
        for name, value in form.items()
    }
    boundary, body = encode_multipart(values)
    content_type = f"multipart/form-data; boundary={boundary}"
    return person.call("POST", path, data=body, headers={"Content-Type": content_type, **headers})


@pytest.fixture(scope="module")
def path(place: dict[str, Any]) -> str:
    return f"/compounds/{place['compound_id']}/register-imports"


@pytest.mark.parametrize("name", UGLY)
def test_ugly_file_is_refused(app: Flask, officer: Person, path: str, name: str):
    content, expected = UGLY[name]
    form = {"file": (content(), "register.xlsx")}
    with nothing_stored(app):
        assert_refused(partial(upload, officer, path, form), expected)


@pytest.mark.parametrize(
    "filename",
    ["", "../../etc/passwd", "登记册.csv", "a" * 5_000, "\r\nX: y", "<script>.csv", "\x00"],
)
def test_name_of_a_file_does_not_matter(app: Flask, officer: Person, path: str, filename: str):
    answer = upload(officer, path, {"file": (PNG, filename)}, {})
    assert (answer.status_code, answer.json["code"]) in (UNREADABLE, INVALID)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"register": (b"a", "register.csv")},
        {"FILE": (b"a", "register.csv")},
        {"file": "楼栋,单元,房号,面积"},
        {"file": ""},
    ],
    ids=["no field", "another name", "upper case", "text", "empty text"],
)
def test_form_without_the_file_is_refused(
    app: Flask, officer: Person, path: str, form: dict[str, Any]
):
    with nothing_stored(app):
        assert_refused(partial(upload, officer, path, form), INVALID, where="files.file")


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("application/json", b'{"file": "a"}'),
        ("text/csv", CSV_HEADER.encode()),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=", b"----"),
        ("multipart/form-data; boundary=" + "x" * 10_000, b"--x"),
        ("application/x-www-form-urlencoded", b"file=a"),
        ("", b"file=a"),
    ],
)
def test_body_that_is_no_form_is_refused(
    app: Flask, officer: Person, path: str, content_type: str, data: bytes
):
    def ask(headers: dict[str, str]) -> TestResponse:
        return officer.call(
            "POST", path, data=data, headers={"Content-Type": content_type, **headers}
        )

    with nothing_stored(app):
        assert_refused(ask, INVALID, where="files.file")


def test_form_of_many_fields_is_refused(app: Flask, officer: Person, path: str):
    form = {f"field{i}": "a" for i in range(2_000)}
    with nothing_stored(app):
        assert_refused(partial(upload, officer, path, form), TOO_LARGE)
