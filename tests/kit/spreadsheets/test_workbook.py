"""Workbooks as tables: odd ones, damaged ones, and those made to keep a reader busy."""

import io
import random
import re
import zipfile

import openpyxl
import pytest
from openpyxl.xml.functions import fromstring, iterparse

from tests.kit.spreadsheets.files import (
    MAIN,
    PADDING,
    PLAIN_PARTS,
    SHEET,
    STYLES,
    WORKBOOK,
    cells,
    packed,
    records_of,
    refusal_of,
    saved,
    sheet_of,
    styles_of,
    units,
    with_parts,
    xlsx_of,
)


def test_rows_outside_the_declared_dimension_are_read():
    data = with_parts(sheet=sheet_of(units(9), before='<dimension ref="A1:B2"/>'))

    assert len(records_of(data)) == 1 + 9


def test_workbook_with_blank_sheets_beside_the_table_is_read():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(("1栋", "1单元", 101, 88.5))))
    book.create_sheet("空表", 0)
    book.create_sheet("Sheet3")["B7"] = " "

    assert [line for line, _ in records_of(saved(book))] == [1, 2]


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_second_sheet_with_content_refuses_the_file(state):
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(("1栋", "1单元", 101, 88.5))))
    second = book.create_sheet("2号楼")
    second["Z99"] = 1
    second.sheet_state = state

    error = refusal_of(saved(book))

    assert error.code == "many_sheets"
    assert "2号楼" in error.zh
    assert "2号楼" in error.en


def test_too_many_blank_sheets_refuse_the_file():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(("1栋", "1单元", 101, 88.5))))
    for _ in range(3):
        book.create_sheet()

    assert refusal_of(saved(book)).code == "many_sheets"


def test_what_openpyxl_warns_of_does_not_hinder_reading():
    extension = '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst>'

    assert len(records_of(with_parts(sheet=sheet_of(units(1), after=extension)))) == 1 + 1


def test_openpyxl_parses_with_defusedxml():
    assert openpyxl.DEFUSEDXML
    assert {fromstring.__module__, iterparse.__module__} == {"defusedxml.common"}


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
)


@pytest.mark.parametrize("doctype", ENTITIES)
@pytest.mark.parametrize("part", ["sheet", "workbook", "styles"])
def test_document_type_declaration_is_refused(doctype, part):
    original = {"sheet": SHEET, "workbook": WORKBOOK, "styles": STYLES}[part]
    declared = doctype + PLAIN_PARTS[original].decode().replace("1栋", "&b;")

    assert refusal_of(with_parts(**{part: declared})).code == "unreadable_file"


def sheets_on_one_part(count: int) -> str:
    workbook = PLAIN_PARTS[WORKBOOK].decode()
    (sheet,) = re.findall(r"<sheet .*?/>", workbook)
    return workbook.replace(sheet, sheet * count)


SHARED_FORMULAS = '<c r="A2"><f t="shared" si="0">' + "A1+" * 2_700 + "1</f></c>"
SHARED_FORMULAS += '<c r="A3"><f t="shared" si="0"/></c>' * 700


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(packed({"x": bytes(10_000_000)}), "too_large", id="ratio"),
        pytest.param(packed({str(n): b"" for n in range(1_001)}), "too_large", id="members"),
        pytest.param(
            with_parts(sheet=sheet_of(f"<row {'a' * 1_200_000}")), "too_large", id="endless tag"
        ),
        pytest.param(
            with_parts(sheet=sheet_of("<row/>" * 600_000)), "too_many_rows", id="elements"
        ),
        pytest.param(
            with_parts(workbook=sheets_on_one_part(4)), "many_sheets", id="sheets on one part"
        ),
        pytest.param(
            with_parts(sheet=sheet_of(f"<row>{SHARED_FORMULAS}</row>")),
            "too_many_formulas",
            id="shared formulas",
        ),
        pytest.param(
            with_parts(
                styles=styles_of(
                    f'<numFmts><numFmt numFmtId="200" formatCode="{"[" * 256}"/></numFmts>'
                )
            ),
            "unreadable_file",
            id="number format",
        ),
        pytest.param(
            with_parts(sheet=sheet_of('<row r="1048577"><c r="A1048577"/></row>')),
            "unreadable_file",
            id="line",
        ),
        pytest.param(
            with_parts(sheet=sheet_of('<row><c r="XFD1"/></row>')), "too_many_columns", id="column"
        ),
        pytest.param(
            packed({**PLAIN_PARTS, **PADDING}, zipfile.ZIP_LZMA), "unreadable_file", id="method"
        ),
    ],
)
def test_workbook_that_would_cost_too_much_is_refused(data, code):
    assert refusal_of(data).code == code


def test_declared_size_of_64_mb_is_refused_unread():
    padding = random.Random(2).randbytes(800_000)
    data = packed({**PLAIN_PARTS, "padding.bin": padding, "x": bytes(100)})

    assert refusal_of(with_last_size(data, 64 * 1024 * 1024)).code == "too_large"


def with_last_size(data: bytes, unpacked: int, packed_size: int | None = None) -> bytes:
    """The archive with another size declared for its last member."""
    lying = bytearray(data)
    entry = lying.rindex(b"PK\x01\x02")
    lying[entry + 24 : entry + 28] = unpacked.to_bytes(4, "little")
    if packed_size is not None:
        lying[entry + 20 : entry + 24] = packed_size.to_bytes(4, "little")
    return bytes(lying)


def encrypted(data: bytes) -> bytes:
    marked = bytearray(data)
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(header), data):
            marked[match.start() + flags] |= 1
    return bytes(marked)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"PK\x03\x04", id="nothing but the mark"),
        pytest.param(packed({}), id="empty archive"),
        pytest.param(packed({"word/document.xml": b"<document/>"}), id="another kind of document"),
        pytest.param(encrypted(packed(PLAIN_PARTS)), id="encrypted"),
        pytest.param(with_parts(sheet="<worksheet"), id="broken sheet"),
        pytest.param(
            with_parts(sheet=sheet_of('<row><c t="s"><v>7</v></c></row>')), id="absent string"
        ),
        pytest.param(with_parts(sheet=sheet_of("<row><c><v>x</v></c></row>")), id="no number"),
        pytest.param(
            with_parts(
                sheet=sheet_of("<row>" + f"{cells('1')}</row>".replace("<t>1", "<t>&#xD800;"))
            ),
            id="lone surrogate",
        ),
        pytest.param(
            with_parts(sheet=sheet_of('<row><c r="A2"><f t="shared" si="0">"</f></c></row>')),
            id="formula that cannot be split",
        ),
        pytest.param(
            with_parts(
                sheet=sheet_of(
                    '<row><c r="A2"><f t="shared" si="0">A1</f></c></row>'
                    '<row><c r="A1"><f t="shared" si="0"/></c></row>'
                )
            ),
            id="formula moved off the sheet",
        ),
        pytest.param(
            packed({name: c for name, c in PLAIN_PARTS.items() if name != SHEET}), id="no sheet"
        ),
        pytest.param(
            with_last_size(packed({**PLAIN_PARTS, "x": b"x"}, zipfile.ZIP_STORED), 10**5, 10**5),
            id="member beyond the end",
        ),
        pytest.param(
            with_parts(styles=styles_of(f'<cellXfs><xf numFmtId="{9**30}"/></cellXfs>')),
            id="number beyond the machine's",
        ),
        pytest.param(
            packed(
                {
                    **PLAIN_PARTS,
                    "xl/_rels/workbook.xml.rels": PLAIN_PARTS["xl/_rels/workbook.xml.rels"].replace(
                        b"relationships/worksheet", b"relationships/chartsheet"
                    ),
                    SHEET: f"<chartsheet {MAIN}/>".encode(),
                }
            ),
            id="chart that leads nowhere",
        ),
    ],
)
def test_damaged_workbook_is_unreadable(data):
    assert refusal_of(data).code == "unreadable_file"


def test_sheet_is_not_read_beyond_the_first_row_too_many():
    whole = sheet_of(units(2_000), before='<dimension ref="A1:D2001"/>')
    broken_at_the_end = whole.removesuffix("</sheetData></worksheet>") + "<row><"

    error = refusal_of(with_parts(sheet=broken_at_the_end), max_rows=3)

    assert error.code == "too_many_rows"
    assert refusal_of(with_parts(sheet=broken_at_the_end)).code == "unreadable_file"


def test_200000_rows_are_too_many():
    assert refusal_of(with_parts(sheet=sheet_of(units(200_000)))).code == "too_many_rows"
