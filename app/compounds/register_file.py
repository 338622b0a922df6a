"""Reads a compound's register of units from an uploaded CSV or XLSX file.

One header row names the four columns 楼栋, 单元, 房号 and 面积 (or building, entrance, unit and
area) in any order; every further row is one unit. Each row is judged by itself, and the caller
decides what a refused row means for the rest. Nothing is dropped without a word: what cannot be
read as part of the register refuses its row, or the file.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.compounds.names import plain_name
from app.kit.spreadsheets.reading import read_records
from app.kit.spreadsheets.values import (
    EXACT_IN_EXCEL,
    FORMULA_STARTS,
    Odd,
    Record,
    UnreadableFile,
    Value,
    is_blank,
    is_unfit,
    shown,
)

MAX_NAME_LENGTH = 40
MAX_AREA_M2 = 100_000

_LABELS = {
    "building": ("楼栋", "building"),
    "entrance": ("单元", "entrance"),
    "unit": ("房号", "unit"),
    "area": ("面积", "area"),
}
HEADINGS = {name: column for column, names in _LABELS.items() for name in names}
HEADINGS["建筑面积"] = "area"
_SQUARE_METRES = re.compile(r"\(?(m2|平方米)\)?$")

_FILE_MESSAGES = {
    "empty_file": ("文件里没有房屋数据", "The file holds no units"),
    "full_width_comma": (
        "表头里有全角逗号“\uff0c”，请改用半角逗号“,”分隔各列",
        "The header has full-width commas; separate the columns with plain commas",
    ),
    "missing_column": (
        "第一行须是表头，缺少：{names}；实际是：{found}",
        "The first row must be the header; missing: {names}; found: {found}",
    ),
    "doubled_column": ("表头里重复的列：{names}", "Columns named twice in the header: {names}"),
    "unknown_column": (
        "表头里有不认识的列：{found}；只收楼栋、单元、房号、面积，请删去其余各列",
        "Unknown columns in the header: {found}; delete all but building, entrance, unit and area",
    ),
}

_ROW_MESSAGES = {
    "empty_cell": (
        "“{column}”没有填写；合并的单元格请拆开，逐行填写",
        "{column} is empty; unmerge merged cells and fill in every row",
    ),
    "too_long": (
        f"“{{column}}”超过 {MAX_NAME_LENGTH} 个字",
        f"{{column}} is longer than {MAX_NAME_LENGTH} characters",
    ),
    "invalid_characters": (
        "“{column}”里有换行、控制字符、看不见或已损坏的字符",
        "{column} has line breaks, control characters, invisible or damaged characters",
    ),
    "formula": (
        "“{column}”是公式，或以 = + - @ 开头：名称不会这样开头，表格软件会把它当作公式执行；"
        "请改为普通文字或数值",
        "{column} is a formula or begins with = + - @: no name does, and spreadsheet programs"
        " would run it as a formula; enter plain text or a number",
    ),
    "date": (
        "“{column}”被存成了日期（如 1-2 变成 1 月 2 日），请把该列设为文本后重填",
        "{column} was stored as a date (1-2 becomes 2 January); format the column as text and"
        " enter it again",
    ),
    "boolean": (
        "“{column}”是逻辑值（TRUE 或 FALSE），请改为文字或数值",
        "{column} is TRUE or FALSE; enter text or a number",
    ),
    "error_value": (
        "“{column}”是错误值（如 #N/A），请改为文字或数值",
        "{column} is an error such as #N/A; enter text or a number",
    ),
    "not_whole_number": (
        "“{column}”是小数、负数或过长的数字，请把该列设为文本后重填",
        "{column} is a negative, fractional or overlong number; format the column as text and"
        " enter it again",
    ),
    "invalid_area": (
        "“{column}”不是数字；只写平方米数，如 88.50，不写单位和千位分隔符",
        "{column} is not a number; write square metres alone, as in 88.50, without a unit or"
        " thousands separators",
    ),
    "area_decimals": ("“{column}”最多两位小数", "{column} may have at most two decimals"),
    "area_out_of_range": (
        f"“{{column}}”须大于 0，不超过 {MAX_AREA_M2} 平方米",
        f"{{column}} must be above 0 and at most {MAX_AREA_M2} square metres",
    ),
    "extra_cells": (
        "表头以外的列里有内容；单元格里若有逗号，请把单元格用引号括起",
        "There is content outside the columns of the header; put a cell that contains a comma in"
        " quotation marks",
    ),
    "repeated_unit": ("与第 {first} 行是同一套房屋", "The same unit as in line {first}"),
}

_REPLACEMENT_CHARACTER = "\ufffd"
_AREA_TEXT = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
_FLOAT_NOISE = Decimal("1e-6")  # hundredths of a square metre


@dataclass(frozen=True)
class RegisterRow:
    """One unit of the register, its names as typed but for spaces around them.

    `line` counts from 1 with the header included: the line of the text in CSV, the row of the
    sheet in XLSX. `area_centi_m2` is in hundredths of a square metre.
    """

    line: int
    building: str
    entrance: str
    unit: str
    area_centi_m2: int


@dataclass(frozen=True)
class RefusedRow:
    """A row that is no unit, with the first reason found.

    `column` is `building`, `entrance`, `unit` or `area`, or None when the whole row is meant.
    """

    line: int
    code: str
    zh: str
    en: str
    column: str | None


@dataclass(frozen=True)
class RegisterFile:
    """Every row of a register that is not blank: taken or refused, each in the file's order."""

    rows: tuple[RegisterRow, ...]
    refused: tuple[RefusedRow, ...]


class _RowRefusal(Exception):
    def __init__(self, code: str, column: str | None = None, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.column = column
        self.facts = facts

    def at(self, line: int) -> RefusedRow:
        labels = _LABELS[self.column] if self.column else ("", "")
        zh, en = (
            text.format(column=label, **self.facts)
            for text, label in zip(_ROW_MESSAGES[self.code], labels, strict=True)
        )
        return RefusedRow(line, self.code, zh, en, self.column)


def read_register(data: bytes, filename: str = "", *, max_rows: int = 20_000) -> RegisterFile:
    """The units listed by an uploaded register, and the refused rows with their reasons.

    `filename` only serves to name the file in a message. Blank rows are passed over and do not
    count towards `max_rows`.

    Raises UnreadableFile when the file as a whole cannot be read, whatever its bytes are.
    """
    return _judged(read_records(data, filename, max_rows=max_rows, headings=HEADINGS))


def _unreadable(code: str, **facts: object) -> UnreadableFile:
    zh, en = (text.format(**facts) for text in _FILE_MESSAGES[code])
    return UnreadableFile(code, zh, en)


def _judged(records: Iterable[Record]) -> RegisterFile:
    remaining = iter(records)
    header = next(remaining, None)
    if header is None:
        raise _unreadable("empty_file")
    columns = _columns(header[1])
    rows: list[RegisterRow] = []
    refused: list[RefusedRow] = []
    first_lines: dict[tuple[str, ...], int] = {}
    for line, cells in remaining:
        try:
            rows.append(_row(line, cells, columns, first_lines))
        except _RowRefusal as refusal:
            refused.append(refusal.at(line))
    if not rows and not refused:
        raise _unreadable("empty_file")
    return RegisterFile(tuple(rows), tuple(refused))


def _columns(header: Sequence[Value]) -> list[str | None]:
    """The register's column at each position; None where the header is blank."""
    headings = [shown(value) for value in header]
    columns = [_column(heading) for heading in headings]
    found = "、".join(filter(None, headings))
    if "\uff0c" in found:
        raise _unreadable("full_width_comma")
    doubled = [column for column in _LABELS if columns.count(column) > 1]
    if doubled:
        raise _unreadable("doubled_column", names=_labels(doubled))
    missing = [column for column in _LABELS if column not in columns]
    if missing:
        raise _unreadable("missing_column", names=_labels(missing), found=found)
    unknown = [name for name, column in zip(headings, columns, strict=True) if name and not column]
    if unknown:
        raise _unreadable("unknown_column", found="、".join(unknown))
    return columns


def _column(heading: str) -> str | None:
    plain = _folded(heading)
    if plain in HEADINGS:
        return HEADINGS[plain]
    return "area" if HEADINGS.get(_SQUARE_METRES.sub("", plain)) == "area" else None


def _labels(columns: Iterable[str]) -> str:
    return "、".join("/".join(_LABELS[column]) for column in columns)


def _folded(text: str) -> str:
    """One spelling for texts that a reader would not tell apart: width, case and spaces."""
    return plain_name(text).casefold()


def _row(
    line: int,
    values: Sequence[Value],
    columns: Sequence[str | None],
    first_lines: dict[tuple[str, ...], int],
) -> RegisterRow:
    """The unit of one row; `first_lines` keeps the line on which each unit stood first."""
    placed: dict[str, Value] = {}
    for position, value in enumerate(values):
        column = columns[position] if position < len(columns) else None
        if column:
            placed[column] = value
        elif not is_blank(value):
            raise _RowRefusal("extra_cells")
    building = _name("building", placed.get("building", ""))
    entrance = _name("entrance", placed.get("entrance", ""))
    unit = _name("unit", placed.get("unit", ""))
    first = first_lines.setdefault((_folded(building), _folded(entrance), _folded(unit)), line)
    if first != line:
        raise _RowRefusal("repeated_unit", first=first)
    return RegisterRow(line, building, entrance, unit, _area(placed.get("area", "")))


def _name(column: str, value: Value) -> str:
    if isinstance(value, str):
        text = _text(column, value)
        if text.startswith(FORMULA_STARTS):
            raise _RowRefusal("formula", column)
        return text
    number = _number(column, value)
    if not 0 <= number < EXACT_IN_EXCEL or number != int(number):
        raise _RowRefusal("not_whole_number", column)
    return str(int(number))


def _area(value: Value) -> int:
    """Hundredths of a square metre."""
    if isinstance(value, str):
        area, noise = _typed_area(value), Decimal(0)
    else:
        # A spreadsheet keeps 88.5 as a binary fraction; a sum of such may be off by a little.
        area, noise = Decimal(repr(_number("area", value))), _FLOAT_NOISE
    if not 0 < area <= MAX_AREA_M2:
        raise _RowRefusal("area_out_of_range", "area")
    centi = round(area * 100)
    if centi == 0 or abs(area * 100 - centi) > noise:
        raise _RowRefusal("area_decimals", "area")
    return centi


def _typed_area(value: str) -> Decimal:
    text = unicodedata.normalize("NFKC", _text("area", value))
    if _AREA_TEXT.fullmatch(text):
        return Decimal(text)
    raise _RowRefusal("formula" if text.startswith(FORMULA_STARTS) else "invalid_area", "area")


def _text(column: str, value: str) -> str:
    text = value.strip()
    if not text:
        raise _RowRefusal("empty_cell", column)
    if len(text) > MAX_NAME_LENGTH:
        raise _RowRefusal("too_long", column)
    if _REPLACEMENT_CHARACTER in text or is_unfit(text):
        raise _RowRefusal("invalid_characters", column)
    return text


def _number(column: str, value: int | float | Odd) -> int | float:
    if isinstance(value, Odd):
        raise _RowRefusal(value.value, column)
    return value
