"""Registers as uploads: CSV text and workbooks, whole, odd and taken apart."""

import io
import random
import re
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from app.kit.spreadsheets.reading import read_records
from app.kit.spreadsheets.values import Record, UnreadableFile

HEADER = ("楼栋", "单元", "房号", "面积")
LINES = (
    "楼栋,单元,房号,面积",
    "1栋,1单元,101,88.5",
    "1栋,2单元,1502,95.50",
    "2号楼,B,负一层,100000",
)
TEXT = "\r\n".join(LINES) + "\r\n"

SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"
STYLES = "xl/styles.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
CHINESE = re.compile("[\u4e00-\u9fff]")


def csv_of(*rows: str) -> bytes:
    return "\n".join((LINES[0], *rows)).encode()


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xlsx_of(*rows: tuple[object, ...], header: tuple[object, ...] = HEADER) -> bytes:
    book = Workbook()
    for row in (header, *rows):
        book.active.append(row)
    return saved(book)


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


PLAIN_PARTS = parts_of(xlsx_of(("1栋", "1单元", "101", 88.5)))
# Keeps a test of one limit clear of the limit on the ratio of unpacked to packed bytes.
PADDING = {"padding.bin": random.Random(1).randbytes(400_000)}


def with_parts(**replaced: str) -> bytes:
    named = {"sheet": SHEET, "workbook": WORKBOOK, "styles": STYLES}
    parts = {named[key]: content.encode() for key, content in replaced.items()}
    return packed({**PLAIN_PARTS, **PADDING, **parts})


def cells(*texts: object) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)


def sheet_of(rows: str, before: str = "", after: str = "") -> str:
    header = f"<row>{cells(*HEADER)}</row>"
    return f"<worksheet {MAIN}>{before}<sheetData>{header}{rows}</sheetData>{after}</worksheet>"


def styles_of(content: str) -> str:
    return f"<styleSheet {MAIN}>{content}</styleSheet>"


def units(count: int) -> str:
    return "".join(f"<row>{cells('1栋', '1单元', n, '88.5')}</row>" for n in range(count))


def records_of(data: bytes, filename: str = "", *, max_rows: int = 20_000) -> list[Record]:
    return list(read_records(data, filename, max_rows=max_rows, headings=HEADER))


def refusal_of(
    data: bytes, read: Callable[..., object] = records_of, **options: int | str
) -> UnreadableFile:
    """With which words, whole in both languages, a file is refused."""
    with pytest.raises(UnreadableFile) as caught:
        read(data, **options)
    error = caught.value
    assert CHINESE.search(error.zh)
    assert re.search("[A-Za-z]{4}", error.en)
    assert "{" not in error.zh + error.en
    return error
