"""The register of units as it comes in, its header and its rows; files as such: tests/kit."""

import random
import re
from datetime import date, datetime, time
from functools import partial

import pytest
from openpyxl import Workbook

from app.compounds.register_file import (
    MAX_NAME_LENGTH,
    RefusedRow,
    RegisterFile,
    RegisterRow,
    read_register,
)
from app.kit.spreadsheets.values import UnreadableFile
from tests.kit.spreadsheets import files
from tests.kit.spreadsheets.files import (
    CHINESE,
    HEADER,
    LINES,
    SHEET,
    STYLES,
    TEXT,
    WORKBOOK,
    cells,
    csv_of,
    packed,
    parts_of,
    saved,
    sheet_of,
    with_parts,
    xlsx_of,
)

refusal_of = partial(files.refusal_of, read=read_register)
UNITS = (
    RegisterRow(2, "1栋", "1单元", "101", 8850),
    RegisterRow(3, "1栋", "2单元", "1502", 9550),
    RegisterRow(4, "2号楼", "B", "负一层", 10_000_000),
)


def only_refusal(file: RegisterFile) -> RefusedRow:
    assert file.rows == ()
    (refused,) = file.refused
    assert CHINESE.search(refused.zh)
    assert not CHINESE.search(refused.en)
    assert "{" not in refused.zh + refused.en
    return refused


# --- files that are taken


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT.encode(), id="utf-8"),
        pytest.param(TEXT.encode("utf-8-sig"), id="utf-8 with byte order mark"),
        pytest.param(TEXT.encode("gb18030"), id="gb18030"),
        pytest.param(("\ufeff" + TEXT).encode("gb18030"), id="gb18030 with byte order mark"),
        pytest.param(TEXT.replace(",", "\t").encode(), id="tabs"),
        pytest.param(TEXT.replace(",", ";").encode("gbk"), id="semicolons"),
        pytest.param(TEXT.replace("\r\n", "\n").encode(), id="line feeds"),
        pytest.param(TEXT.replace("\r\n", "\r").encode(), id="carriage returns"),
        pytest.param(TEXT.rstrip().encode(), id="no line end at the end"),
        pytest.param(TEXT.replace("1栋", '"1栋"').encode(), id="quoted"),
        pytest.param(TEXT.replace("1栋", " 1栋\u3000").encode(), id="spaces around"),
        pytest.param(TEXT.replace("\r\n", ",,\r\n").encode(), id="blank columns after"),
        pytest.param(
            xlsx_of(
                ("1栋", "1单元", 101, 88.5),
                ("1栋", "2单元", 1502.0, "95.50"),
                ("2号楼", "B", "负一层", 100_000),
            ),
            id="xlsx",
        ),
    ],
)
def test_read_register_takes_the_same_units_from_every_kind_of_file(data):
    assert read_register(data) == RegisterFile(UNITS, ())


@pytest.mark.parametrize(
    "header",
    [
        "building,entrance,unit,area",
        "Building, ENTRANCE ,Unit,Area (m2)",
        "楼栋,单元,房号,建筑面积",
        "楼 栋,单\u3000元,房号,面积(㎡)",
        "楼栋,单元,房号,面积\uff08㎡\uff09",
        "楼栋,单元,房号,建筑面积 \uff08平方米\uff09",
        "楼栋,单元,房号,面积m²",
        "楼栋,entrance,房号,面积平方米",
    ],
)
def test_read_register_knows_the_heading(header):
    file = read_register(f"{header}\n1栋,1单元,101,88.5".encode())

    assert file.rows == UNITS[:1]


def test_read_register_takes_columns_in_any_order():
    file = read_register("面积,房号,,单元,楼栋\n88.5,101,,1单元,1栋".encode())

    assert file.rows == UNITS[:1]


def test_read_register_believes_gb18030_under_an_english_header_with_everyday_characters():
    data = "building,entrance,unit,area\n1栋,1单元,101,88.5".encode("gb18030")

    assert read_register(data).rows == UNITS[:1]


def test_read_register_counts_lines_as_the_file_does():
    data = '\n楼栋,单元,房号,面积\n\n ,,,\n1栋,1单元,"10\n1",88.5\n1栋,1单元,102,88.5\n'.encode()

    file = read_register(data)

    assert [(row.line, row.code) for row in file.refused] == [(5, "invalid_characters")]
    assert [(row.line, row.unit) for row in file.rows] == [(7, "102")]


def test_read_register_passes_over_blank_rows_of_a_sheet():
    file = read_register(xlsx_of((None,), ("1栋", "1单元", 101, 88.5), (" ", None), (None, "")))

    assert file == RegisterFile((RegisterRow(3, "1栋", "1单元", "101", 8850),), ())


# --- files refused as a whole


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b" \r\n\t\n", "empty_file"),
        (b",,,\n,,,", "empty_file"),
        (csv_of(), "empty_file"),
        pytest.param(saved(Workbook()), "empty_file", id="blank sheet"),
        pytest.param(xlsx_of(), "empty_file", id="nothing but a header in a sheet"),
        (csv_of("," * 300), "too_many_columns"),
    ],
)
def test_read_register_refuses_the_file(data, code):
    assert refusal_of(data).code == code


def test_the_content_decides_and_not_the_name():
    assert read_register(TEXT.encode(), "register.xlsx").rows == UNITS
    assert read_register(xlsx_of(("1栋", "1单元", 101, 88.5)), "register.csv").rows == UNITS[:1]


@pytest.mark.parametrize(
    ("header", "code", "named"),
    [
        ("楼栋,单元,房号", "missing_column", "面积/area"),
        ("1栋,1单元,101,88.5", "missing_column", "1栋"),
        ("香樟苑小区房屋登记册", "missing_column", "香樟苑小区房屋登记册"),
        ("楼栋\u3001单元\u3001房号\u3001面积", "missing_column", "面积"),
        ("楼栋,单元,房号,面积(亩)", "missing_column", "面积(亩)"),
        ("楼栋,单元,房号(m2),面积", "missing_column", "房号/unit"),
        ("楼栋,单元,房号,面积,建筑面积", "doubled_column", "面积/area"),
        ("楼栋,building,单元,房号,面积", "doubled_column", "楼栋/building"),
        ("楼栋,单元,房号,面积,业主", "unknown_column", "业主"),
        ("楼栋,单元,房号,面积,\x7f" + "长" * 99, "unknown_column", "?" + "长" * 39),
        ("楼栋\uff0c单元\uff0c房号\uff0c面积", "full_width_comma", "\uff0c"),
        ("楼栋,单元\uff0c房号,面积", "full_width_comma", "\uff0c"),
    ],
)
def test_header_is_refused_naming_what_is_wrong(header, code, named):
    error = refusal_of(f"{header}\n1栋,1单元,101,88.5".encode())

    assert error.code == code
    assert named in error.zh


@pytest.mark.parametrize("heading", ["=1+1", date(2026, 3, 1), True, 5, "#N/A"])
def test_header_cell_that_is_no_heading_is_an_unknown_column(heading):
    assert refusal_of(xlsx_of(header=(*HEADER, heading))).code == "unknown_column"


# --- rows: names


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "empty_cell"),
        ("\u3000 ", "empty_cell"),
        ("长" * (MAX_NAME_LENGTH + 1), "too_long"),
        ("1\x00栋", "invalid_characters"),
        ("1\x1b栋", "invalid_characters"),
        ("1\x7f栋", "invalid_characters"),
        ("1\u200b栋", "invalid_characters"),
        ("1\u202e栋", "invalid_characters"),
        ("\ufeff1栋", "invalid_characters"),
        ("1\u2028栋", "invalid_characters"),
        ("1\ue000栋", "invalid_characters"),
        ("1\ufffd栋", "invalid_characters"),
        ('"1\n栋"', "invalid_characters"),
        ("=1+1", "formula"),
        (" =HYPERLINK(1)", "formula"),
        ("+1", "formula"),
        ("-1", "formula"),
        ("@SUM", "formula"),
        ("\uff1d1", "formula"),
        ("\uff0d1", "formula"),
    ],
)
@pytest.mark.parametrize("column", ["building", "entrance", "unit"])
def test_name_in_csv_is_refused(column, cell, code):
    names = {"building": "1栋", "entrance": "1单元", "unit": "101", column: cell}

    refused = only_refusal(read_register(csv_of(",".join((*names.values(), "88.5")))))

    assert (refused.line, refused.column, refused.code) == (2, column, code)


@pytest.mark.parametrize(
    "name", ["长" * MAX_NAME_LENGTH, "𠮷祥阁", "1-2", "a b", "\uff11栋", "0101"]
)
def test_name_is_kept_as_typed(name):
    assert read_register(csv_of(f"{name},1单元,101,88.5")).rows[0].building == name
    assert read_register(xlsx_of((name, "1单元", 101, 88.5))).rows[0].building == name


@pytest.mark.parametrize(("cell", "name"), [(1502, "1502"), (1502.0, "1502"), (0, "0"), ("A", "A")])
def test_number_in_a_sheet_is_a_name_without_decimals(cell, name):
    assert read_register(xlsx_of(("1栋", "1单元", cell, 88.5))).rows[0].unit == name


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (None, "empty_cell"),
        ("=A1", "formula"),
        ("-1", "formula"),
        (15.5, "not_whole_number"),
        (-1, "not_whole_number"),
        (10**15, "not_whole_number"),
        (1e300, "not_whole_number"),
        (date(2026, 1, 2), "date"),
        (datetime(2026, 1, 2, 8), "date"),
        (time(8), "date"),
        (True, "boolean"),
        ("#REF!", "error_value"),
        ("1\n栋", "invalid_characters"),
        ("1栋_x000D_", "invalid_characters"),
    ],
)
def test_name_in_a_sheet_is_refused(cell, code):
    refused = only_refusal(read_register(xlsx_of((cell, "1单元", 101, 88.5))))

    assert (refused.line, refused.column, refused.code) == (2, "building", code)


def test_merged_cells_are_empty_below_the_first():
    book = Workbook()
    for row in (HEADER, ("1栋", "1单元", 101, 88.5), (None, "1单元", 102, 88.5)):
        book.active.append(row)
    book.active.merge_cells("A2:A3")

    file = read_register(saved(book))

    assert file.rows == UNITS[:1]
    assert [(row.line, row.column, row.code) for row in file.refused] == [
        (3, "building", "empty_cell")
    ]


# --- rows: areas


@pytest.mark.parametrize(
    ("cell", "centi"),
    [
        ("0.01", 1),
        ("88", 8800),
        ("88.5", 8850),
        (" 088.50 ", 8850),
        ("88.500", 8850),
        ("\uff18\uff18.\uff15", 8850),
        ("100000.00", 10_000_000),
    ],
)
def test_typed_area_becomes_hundredths(cell, centi):
    assert read_register(csv_of(f"1栋,1单元,101,{cell}")).rows[0].area_centi_m2 == centi
    assert read_register(xlsx_of(("1栋", "1单元", 101, cell))).rows[0].area_centi_m2 == centi


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "empty_cell"),
        ("0", "area_out_of_range"),
        ("0.00", "area_out_of_range"),
        ("-88.5", "area_out_of_range"),
        ("100000.01", "area_out_of_range"),
        ("99999999999999999999", "area_out_of_range"),
        ("0.001", "area_decimals"),
        ("88.505", "area_decimals"),
        ("88.50000000000000000001", "area_decimals"),
        ("9" * 21, "invalid_area"),
        ("9" * 41, "too_long"),
        ("88.5㎡", "invalid_area"),
        ("八十八", "invalid_area"),
        ("1e3", "invalid_area"),
        ("NaN", "invalid_area"),
        ("Infinity", "invalid_area"),
        ("1_000", "invalid_area"),
        ('"1,288.00"', "invalid_area"),
        ("88.", "invalid_area"),
        (".5", "invalid_area"),
        ("٨٨", "invalid_area"),
        ("=88.5", "formula"),
        ("+88.5", "formula"),
        ("-A1", "formula"),
        ("88\x005", "invalid_characters"),
    ],
)
def test_typed_area_is_refused(cell, code):
    refused = only_refusal(read_register(csv_of(f"1栋,1单元,101,{cell}")))

    assert (refused.line, refused.column, refused.code) == (2, "area", code)


@pytest.mark.parametrize(
    ("cell", "centi"),
    [(88.5, 8850), (88, 8800), (0.1 + 0.2, 30), (88.499999999999986, 8850), (1.15 * 100, 11500)],
)
def test_number_in_a_sheet_becomes_hundredths(cell, centi):
    assert read_register(xlsx_of(("1栋", "1单元", 101, cell))).rows[0].area_centi_m2 == centi


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (None, "empty_cell"),
        (0, "area_out_of_range"),
        (-88.5, "area_out_of_range"),
        (100_000.01, "area_out_of_range"),
        (10**30, "area_out_of_range"),
        (1e300, "area_out_of_range"),
        (88.505, "area_decimals"),
        (88.5001, "area_decimals"),
        (1e-12, "area_decimals"),
        ("=80+8.5", "formula"),
        (date(2026, 1, 2), "date"),
        (True, "boolean"),
        ("#DIV/0!", "error_value"),
    ],
)
def test_number_in_a_sheet_is_refused(cell, code):
    refused = only_refusal(read_register(xlsx_of(("1栋", "1单元", 101, cell))))

    assert (refused.line, refused.column, refused.code) == (2, "area", code)


def test_infinite_area_is_refused():
    row = f"<row>{cells('1栋', '1单元', '101')}<c><v>1e999</v></c></row>"

    assert only_refusal(read_register(with_parts(sheet=sheet_of(row)))).code == "area_out_of_range"


def test_every_hundredth_survives_being_a_binary_fraction():
    drawn = random.Random(531).sample(range(1, 10_000_001), 500)

    file = read_register(xlsx_of(*(("1栋", "1单元", n, n / 100) for n in drawn)))

    assert [row.area_centi_m2 for row in file.rows] == drawn


# --- rows: the row as a whole


@pytest.mark.parametrize(
    "second",
    [
        "1栋,1单元,101,90",
        " 1栋 ,1 单元,101,88.5",
        "\uff11栋,1单元,\uff11\uff10\uff11,88.5",
        "1栋,1单元,101,0",
    ],
)
def test_unit_listed_twice_is_refused_naming_the_first_line(second):
    file = read_register(csv_of("1栋,1单元,102,88.5", "1栋,1单元,101,88.5", second))

    assert [row.line for row in file.rows] == [2, 3]
    (refused,) = file.refused
    assert (refused.line, refused.code, refused.column) == (4, "repeated_unit", None)
    assert "第 3 行" in refused.zh
    assert "line 3" in refused.en


def test_unit_whose_first_row_is_refused_for_its_area_is_still_repeated():
    file = read_register(csv_of("1栋,1单元,101,0", "1栋,1单元,101,88.5"))

    assert [(row.line, row.code) for row in file.refused] == [
        (2, "area_out_of_range"),
        (3, "repeated_unit"),
    ]


def test_content_outside_the_columns_is_refused():
    refused = only_refusal(read_register(csv_of("1栋,1单元,101,1,288.00")))

    assert (refused.code, refused.column) == ("extra_cells", None)


def test_content_under_a_blank_heading_is_refused():
    data = xlsx_of(("1栋", "x", "1单元", 101, 88.5), header=("楼栋", None, "单元", "房号", "面积"))

    assert only_refusal(read_register(data)).code == "extra_cells"


def test_row_that_is_too_short_lacks_its_last_columns():
    refused = only_refusal(read_register(csv_of("1栋\uff0c1单元\uff0c101\uff0c88.5")))

    assert (refused.code, refused.column) == ("empty_cell", "entrance")


# --- size


def test_max_rows_counts_rows_that_are_not_blank():
    rows = [f"1栋,1单元,{n},{n}" for n in (0, 1, 2)]
    blank = [",,,"] * 50

    assert len(read_register(csv_of(*rows, *blank), max_rows=3).refused) == 1
    error = refusal_of(csv_of(*blank, *rows, "x"), max_rows=3)
    assert error.code == "too_many_rows"
    assert "3 行" in error.zh
    assert "3 rows" in error.en


def test_shared_and_array_formulas_are_refused_in_their_rows():
    formulas = (
        '<c r="D2"><f t="shared" si="0" ref="D2:D3">80+8.5</f><v>88.5</v></c>',
        '<c r="D3"><f t="shared" si="0"/><v>88.5</v></c>',
        '<c r="D4"><f t="array" ref="D4">80+8.5</f><v>88.5</v></c>',
        '<c r="D5" t="str"><f>A1</f><v>88.5</v></c>',
    )
    rows = (f"<row>{cells('1栋', '1单元', n)}{f}</row>" for n, f in enumerate(formulas))

    file = read_register(with_parts(sheet=sheet_of("".join(rows))))

    assert [(row.line, row.column, row.code) for row in file.refused] == [
        (line, "area", "formula") for line in (2, 3, 4, 5)
    ]


# --- anything at all


def outcome(data: bytes) -> str:
    try:
        read_register(data)
    except UnreadableFile as error:
        return error.code
    return "read"


def spoilt(content: bytes, rng: random.Random) -> bytes:
    """The content with a bit turned, a piece cut out or doubled, or an XML value exchanged."""
    at = rng.randrange(len(content))
    kind = rng.randrange(4)
    if kind == 0:
        return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
    if kind == 1:
        return content[:at] + content[at + rng.randrange(1, 40) :]
    if kind == 2:
        return content[:at] + content[max(0, at - rng.randrange(1, 80)) :]
    values = [match.span(1) for match in re.finditer(rb'(?<=["])([^"<>]*)(?=")', content)]
    start, end = rng.choice(values or [(at, at)])
    values_in_place = [b"", b"-1", b"9" * 30, b"1e999", b"x", b"ZZZZ9", b"s", b"e", b"d", b"true"]
    return content[:start] + rng.choice(values_in_place) + content[end:]


def test_random_bytes_never_crash():
    rng = random.Random(20260301)
    starts = (
        b"",
        b"PK\x03\x04",
        b"\xef\xbb\xbf",
        "楼栋,单元,房号,面积\n".encode(),
        LINES[0].encode("gbk"),
    )

    outcomes = {
        outcome(rng.choice(starts) + rng.randbytes(rng.randrange(300))) for _ in range(1_500)
    }

    assert {"unknown_format", "unknown_encoding", "unreadable_file"} <= outcomes


def test_truncated_workbook_never_crashes():
    data = xlsx_of(("1栋", "1单元", 101, 88.5))

    assert {outcome(data[:end]) for end in range(4, len(data), 37)} == {"unreadable_file"}


def test_workbook_with_turned_bits_never_crashes():
    rng = random.Random(531)
    data = xlsx_of(("1栋", "1单元", 101, 88.5), ("1栋", "1单元", 102, "=A1"))

    outcomes = {outcome(spoilt(data, rng)) for _ in range(150)}

    assert {"read", "unreadable_file"} <= outcomes


def test_workbook_with_spoilt_parts_never_crashes():
    rng = random.Random(20260331)
    parts = parts_of(
        xlsx_of(("1栋", "1单元", 101, 88.5), ("1栋", "1单元", date(2026, 1, 2), "=A1"))
    )
    read = ("[Content_Types].xml", WORKBOOK, "xl/_rels/workbook.xml.rels", STYLES, SHEET)

    outcomes = set()
    for _ in range(200):
        name = rng.choice(read)
        outcomes.add(outcome(packed({**parts, name: spoilt(parts[name], rng)})))

    assert {"read", "unreadable_file"} <= outcomes
