"""Reads a compound's register of units from an uploaded CSV or XLSX file.

One header row names the four columns 楼栋, 单元, 房号 and 面积 (or building, entrance, unit and
area) in any order; every further row is one unit. Each row is judged by itself, and the caller
decides what a refused row means for the rest. Nothing is dropped without a word: what cannot be
read as part of the register refuses its row, or the file.
"""

import codecs
import csv
import io
import re
import unicodedata
import warnings
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import IO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from app.compounds.names import plain_name

MAX_NAME_LENGTH = 40
MAX_AREA_M2 = 100_000

# A small XLSX file can unpack to gigabytes, or keep openpyxl busy for hours. A register of 20,000
# rows unpacks to about 5 MB, twelve times its packed size, with 13 elements a row.
MAX_MEMBERS = 1_000
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_RATIO = 100
MAX_TAG_BYTES = 1024 * 1024
MAX_ELEMENTS_PER_ROW = 25
MAX_OTHER_ELEMENTS = 100_000
MAX_SHEETS = 3
MAX_COLUMNS = 256
MAX_SHARED_FORMULA_CHARACTERS = 5_000_000  # the longest shared formula times their number
LAST_LINE_OF_EXCEL = 1_048_576
LONGEST_FORMAT_OF_EXCEL = 255

_LABELS = {
    "building": ("楼栋", "building"),
    "entrance": ("单元", "entrance"),
    "unit": ("房号", "unit"),
    "area": ("面积", "area"),
}
_HEADINGS = {name: column for column, names in _LABELS.items() for name in names}
_HEADINGS["建筑面积"] = "area"
_SQUARE_METRES = re.compile(r"\(?(m2|平方米)\)?$")

_FILE_MESSAGES = {
    "empty_file": ("文件里没有房屋数据", "The file holds no units"),
    "unknown_format": (
        "文件{filename}不是 CSV 或 XLSX;旧版 .xls、加密的工作簿、网页和 PDF 请另存为 XLSX 或 CSV",
        "The file{filename} is neither CSV nor XLSX; save old .xls files, encrypted workbooks,"
        " web pages and PDF as XLSX or CSV",
    ),
    "unknown_encoding": (
        "看不懂文件的文字编码,请另存为“CSV UTF-8”",
        'The text encoding is not understood; save the file as "CSV UTF-8"',
    ),
    "broken_csv": (
        "第 {line} 行附近的引号不成对,或单元格过长",
        "Unbalanced quotation marks or an overlong cell near line {line}",
    ),
    "unreadable_file": (
        "无法读取这个 XLSX 文件:文件已损坏,或不是 Excel 工作簿",
        "The XLSX file cannot be read: it is damaged or no Excel workbook",
    ),
    "too_large": (
        "XLSX 文件解压后过大,请只保留登记表本身",
        "The XLSX file unpacks to too much; keep nothing but the register in it",
    ),
    "too_many_rows": (
        "文件内容过多:一次最多 {max_rows} 行;如行数不多,请清除空白区域的格式",
        "The file holds too much: at most {max_rows} rows at a time; if it has fewer, clear the"
        " formatting of blank areas",
    ),
    "too_many_columns": (
        "第 {line} 行的列太多,请删去多余的列",
        "Line {line} has too many columns; delete the unused ones",
    ),
    "too_many_formulas": (
        "工作簿里的公式过多,请复制后“选择性粘贴”为数值",
        "The workbook holds too many formulas; copy and paste them as values",
    ),
    "many_sheets": (
        "工作簿里请只留一张工作表,即登记表{found}",
        "Keep a single sheet in the workbook, the register{found}",
    ),
    "full_width_comma": (
        "表头里有全角逗号“\uff0c”,请改用半角逗号“,”分隔各列",
        "The header has full-width commas; separate the columns with plain commas",
    ),
    "missing_column": (
        "第一行须是表头,缺少:{names};实际是:{found}",
        "The first row must be the header; missing: {names}; found: {found}",
    ),
    "doubled_column": ("表头里重复的列:{names}", "Columns named twice in the header: {names}"),
    "unknown_column": (
        "表头里有不认识的列:{found};只收楼栋、单元、房号、面积,请删去其余各列",
        "Unknown columns in the header: {found}; delete all but building, entrance, unit and area",
    ),
}

_ROW_MESSAGES = {
    "empty_cell": (
        "“{column}”没有填写;合并的单元格请拆开,逐行填写",
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
        "“{column}”是公式,或以 = + - @ 开头:名称不会这样开头,表格软件会把它当作公式执行;"
        "请改为普通文字或数值",
        "{column} is a formula or begins with = + - @: no name does, and spreadsheet programs"
        " would run it as a formula; enter plain text or a number",
    ),
    "date": (
        "“{column}”被存成了日期(如 1-2 变成 1 月 2 日),请把该列设为文本后重填",
        "{column} was stored as a date (1-2 becomes 2 January); format the column as text and"
        " enter it again",
    ),
    "boolean": (
        "“{column}”是逻辑值(TRUE 或 FALSE),请改为文字或数值",
        "{column} is TRUE or FALSE; enter text or a number",
    ),
    "error_value": (
        "“{column}”是错误值(如 #N/A),请改为文字或数值",
        "{column} is an error such as #N/A; enter text or a number",
    ),
    "not_whole_number": (
        "“{column}”是小数、负数或过长的数字,请把该列设为文本后重填",
        "{column} is a negative, fractional or overlong number; format the column as text and"
        " enter it again",
    ),
    "invalid_area": (
        "“{column}”不是数字;只写平方米数,如 88.50,不写单位和千位分隔符",
        "{column} is not a number; write square metres alone, as in 88.50, without a unit or"
        " thousands separators",
    ),
    "area_decimals": ("“{column}”最多两位小数", "{column} may have at most two decimals"),
    "area_out_of_range": (
        f"“{{column}}”须大于 0,不超过 {MAX_AREA_M2} 平方米",
        f"{{column}} must be above 0 and at most {MAX_AREA_M2} square metres",
    ),
    "extra_cells": (
        "表头以外的列里有内容;单元格里若有逗号,请把单元格用引号括起",
        "There is content outside the columns of the header; put a cell that contains a comma in"
        " quotation marks",
    ),
    "repeated_unit": ("与第 {first} 行是同一套房屋", "The same unit as in line {first}"),
}

# What openpyxl, zipfile and the XML parsers raise on damaged content. ValueError includes
# forbidden entities and broken text, RuntimeError encrypted members and XML nested too deep.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    TokenizerError,
    TranslatorError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Looked up now, since a child that reads a file can open none: of texts, and of names in archives.
_CODECS = tuple(map(codecs.lookup, ("utf-8-sig", "gb18030", "gb2312", "cp437")))
_BINARY = (b"\xd0\xcf\x11\xe0", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf")
_BINARY_FIRST_LINE = re.compile(rb"[^\r\n]*[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DELIMITERS = ",\t;"

# With the full-width forms, which Excel takes for the beginning of a formula when typed.
_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_UNFIT_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_REPLACEMENT_CHARACTER = "\ufffd"
# How XLSX writes a control character inside a text.
_XLSX_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_AREA_TEXT = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
_FLOAT_NOISE = Decimal("1e-6")  # hundredths of a square metre
_EXACT_IN_EXCEL = 10**15


class _Odd(Enum):
    """A spreadsheet cell that holds neither text nor a number, by its refusal code."""

    FORMULA = "formula"
    DATE = "date"
    BOOLEAN = "boolean"
    ERROR = "error_value"
    CONTROL_CHARACTERS = "invalid_characters"


_ODD_TYPES = {"f": _Odd.FORMULA, "d": _Odd.DATE, "b": _Odd.BOOLEAN, "e": _Odd.ERROR}

_Value = str | int | float | _Odd
_Record = tuple[int, Sequence[_Value]]  # the line it begins on, and its cells


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


class RegisterFileError(Exception):
    """The file as a whole cannot be read. `code` is stable; `zh` and `en` are for people."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts
        self.zh, self.en = (text.format(**facts) for text in _FILE_MESSAGES[code])


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

    The content decides what is read: a ZIP archive as XLSX, anything else as CSV in UTF-8 or
    GB 18030, split by commas, tabs or semicolons. `filename` only serves to name the file in a
    message. Blank rows are passed over and do not count towards `max_rows`.

    Raises RegisterFileError when the file as a whole cannot be read, whatever its bytes are.
    """
    if data.startswith(_ZIP):
        return _judged(_workbook_records(data, max_rows))
    return _judged(_limited(_text_records(_decoded(data, filename)), max_rows))


def read_table(
    data: bytes, filename: str = "", *, max_rows: int
) -> list[tuple[int, list[str | None]]]:
    """The lines of an uploaded table that are not blank, the header first, each with its number and
    its cells as text without spaces around it.

    It is read as a register is, with the same limits. A cell that is neither text nor a whole
    number is None: a formula, a date, an error, or what spreadsheets would run as a formula.
    Raises RegisterFileError.
    """
    if data.startswith(_ZIP):
        records: Iterable[_Record] = _workbook_records(data, max_rows)
    else:
        records = _limited(_text_records(_decoded(data, filename)), max_rows)
    return [(line, [_plain_text(value) for value in cells]) for line, cells in records]


def _plain_text(value: _Value) -> str | None:
    if isinstance(value, str):
        text = value.strip()
        is_unfit = _UNFIT_CATEGORIES & set(map(unicodedata.category, text))
        return None if is_unfit or text.startswith(_FORMULA_STARTS) else text
    if isinstance(value, _Odd) or not 0 <= value < _EXACT_IN_EXCEL or value != int(value):
        return None
    return str(int(value))


def _judged(records: Iterable[_Record]) -> RegisterFile:
    remaining = iter(records)
    header = next(remaining, None)
    if header is None:
        raise RegisterFileError("empty_file")
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
        raise RegisterFileError("empty_file")
    return RegisterFile(tuple(rows), tuple(refused))


def _limited(records: Iterable[_Record], max_rows: int) -> Iterator[_Record]:
    """The header and the rows that are not blank; reads no further than the first too many."""
    count = 0
    for line, values in records:
        if len(values) > MAX_COLUMNS:
            raise RegisterFileError("too_many_columns", line=line)
        if all(map(_is_blank, values)):
            continue
        if count > max_rows:
            raise RegisterFileError("too_many_rows", max_rows=max_rows)
        count += 1
        yield line, values


def _is_blank(value: _Value) -> bool:
    return isinstance(value, str) and not value.strip()


def _columns(header: Sequence[_Value]) -> list[str | None]:
    """The register's column at each position; None where the header is blank."""
    headings = [_shown(value) for value in header]
    columns = [_column(heading) for heading in headings]
    found = "、".join(filter(None, headings))
    if "\uff0c" in found:
        raise RegisterFileError("full_width_comma")
    doubled = [column for column in _LABELS if columns.count(column) > 1]
    if doubled:
        raise RegisterFileError("doubled_column", names=_labels(doubled))
    missing = [column for column in _LABELS if column not in columns]
    if missing:
        raise RegisterFileError("missing_column", names=_labels(missing), found=found)
    unknown = [name for name, column in zip(headings, columns, strict=True) if name and not column]
    if unknown:
        raise RegisterFileError("unknown_column", found="、".join(unknown))
    return columns


def _column(heading: str) -> str | None:
    plain = _folded(heading)
    if plain in _HEADINGS:
        return _HEADINGS[plain]
    return "area" if _HEADINGS.get(_SQUARE_METRES.sub("", plain)) == "area" else None


def _labels(columns: Iterable[str]) -> str:
    return "、".join("/".join(_LABELS[column]) for column in columns)


def _folded(text: str) -> str:
    """One spelling for texts that a reader would not tell apart: width, case and spaces."""
    return plain_name(text).casefold()


def _shown(value: _Value) -> str:
    """As much of a value as a message repeats: short and printable."""
    text = value.value if isinstance(value, _Odd) else " ".join(str(value).split())
    return "".join(char if char.isprintable() else "?" for char in text[:MAX_NAME_LENGTH])


def _row(
    line: int,
    values: Sequence[_Value],
    columns: Sequence[str | None],
    first_lines: dict[tuple[str, ...], int],
) -> RegisterRow:
    """The unit of one row; `first_lines` keeps the line on which each unit stood first."""
    placed: dict[str, _Value] = {}
    for position, value in enumerate(values):
        column = columns[position] if position < len(columns) else None
        if column:
            placed[column] = value
        elif not _is_blank(value):
            raise _RowRefusal("extra_cells")
    building = _name("building", placed.get("building", ""))
    entrance = _name("entrance", placed.get("entrance", ""))
    unit = _name("unit", placed.get("unit", ""))
    first = first_lines.setdefault((_folded(building), _folded(entrance), _folded(unit)), line)
    if first != line:
        raise _RowRefusal("repeated_unit", first=first)
    return RegisterRow(line, building, entrance, unit, _area(placed.get("area", "")))


def _name(column: str, value: _Value) -> str:
    if isinstance(value, str):
        text = _text(column, value)
        if text.startswith(_FORMULA_STARTS):
            raise _RowRefusal("formula", column)
        return text
    number = _number(column, value)
    if not 0 <= number < _EXACT_IN_EXCEL or number != int(number):
        raise _RowRefusal("not_whole_number", column)
    return str(int(number))


def _area(value: _Value) -> int:
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
    raise _RowRefusal("formula" if text.startswith(_FORMULA_STARTS) else "invalid_area", "area")


def _text(column: str, value: str) -> str:
    text = value.strip()
    if not text:
        raise _RowRefusal("empty_cell", column)
    if len(text) > MAX_NAME_LENGTH:
        raise _RowRefusal("too_long", column)
    if _REPLACEMENT_CHARACTER in text or _UNFIT_CATEGORIES & set(map(unicodedata.category, text)):
        raise _RowRefusal("invalid_characters", column)
    return text


def _number(column: str, value: int | float | _Odd) -> int | float:
    if isinstance(value, _Odd):
        raise _RowRefusal(value.value, column)
    return value


def _decoded(data: bytes, filename: str) -> str:
    """The text of a CSV file."""
    unknown_format = RegisterFileError(
        "unknown_format", filename=f"“{_shown(filename)}”" if filename else ""
    )
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise RegisterFileError("unknown_encoding")
    if data.startswith(_BINARY) or _BINARY_FIRST_LINE.match(data):
        raise unknown_format
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decoded_gb18030(data)
    if text.lstrip().startswith("<"):
        raise unknown_format
    return text


def _decoded_gb18030(data: bytes) -> str:
    """The text, if it is believable.

    GB 18030 gives a meaning to nearly any bytes. It is believed when the header comes out in
    Chinese, or when nothing but the everyday characters of GB 2312 comes out.
    """
    try:
        text = data.decode("gb18030").removeprefix("\ufeff")
        header = _first_line(text)
        if not any(name in header for name in _HEADINGS if not name.isascii()):
            text.encode("gb2312")
    except UnicodeError as error:
        raise RegisterFileError("unknown_encoding") from error
    return text


def _first_line(text: str) -> str:
    """The first line that is not blank."""
    return next(filter(str.strip, io.StringIO(text, newline=None)), "")


def _text_records(text: str) -> Iterator[_Record]:
    header = _first_line(text)
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for values in reader:
            yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise RegisterFileError("broken_csv", line=line) from error


def _workbook_records(data: bytes, max_rows: int) -> list[_Record]:
    """The rows of the only sheet that holds anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive, len(data), max_rows)
        with warnings.catch_warnings():
            # openpyxl warns of formatting and rules that it leaves out; they hold no cells.
            warnings.simplefilter("ignore")
            with closing(load_workbook(io.BytesIO(data), read_only=True, keep_links=False)) as book:
                return _sheet_records(book, max_rows)
    except _DAMAGE as error:
        raise RegisterFileError("unreadable_file") from error


def _check_archive(archive: zipfile.ZipFile, packed_bytes: int, max_rows: int) -> None:
    """Refuses an archive that would cost too much memory or time to read as a workbook."""
    members = archive.infolist()
    # zipfile unpacks no more of a member than its declared size, so the sum is a bound.
    unpacked_bytes = sum(member.file_size for member in members)
    limit = min(MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO * packed_bytes)
    if len(members) > MAX_MEMBERS or unpacked_bytes > limit:
        raise RegisterFileError("too_large")
    survey = _Survey(max_rows)
    for member in members:
        # Of the methods zipfile knows, XLSX uses only these two; the rest allocate at will.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RegisterFileError("unreadable_file")
        with archive.open(member) as part:
            survey.read(part)


class _Survey:
    """Goes over the XML of a workbook before openpyxl builds objects from it.

    A part that breaks off as XML is passed over here, for openpyxl refuses it at the same place.
    Office Open XML has no document type declarations, so that nothing can declare an entity.
    """

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.elements = 0
        self.sheets = 0
        self.shared_formulas = 0
        self.longest_formula = 0
        self.formula = 0  # characters of the formula being read
        self.in_formula = False

    def read(self, part: IO[bytes]) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._element
        parser.CharacterDataHandler = self._characters
        fed = 0
        with suppress(expat.ExpatError):
            while chunk := part.read(64 * 1024):
                parser.Parse(chunk)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > MAX_TAG_BYTES:
                    raise RegisterFileError("too_large")
        if self.shared_formulas * self.longest_formula > MAX_SHARED_FORMULA_CHARACTERS:
            raise RegisterFileError("too_many_formulas")

    def _doctype(self, *_: object) -> None:
        raise RegisterFileError("unreadable_file")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_OTHER_ELEMENTS + MAX_ELEMENTS_PER_ROW * self.max_rows:
            raise RegisterFileError("too_many_rows", max_rows=self.max_rows)
        local_name = name.rpartition(" ")[2]
        # openpyxl reads the part behind a sheet once for each sheet that names it.
        self.sheets += local_name == "sheet"
        if self.sheets > MAX_SHEETS:
            raise RegisterFileError("many_sheets", found="")
        # It seeks dates in a number format in time that grows with the square of its length.
        if len(attributes.get("formatCode", "")) > LONGEST_FORMAT_OF_EXCEL:
            raise RegisterFileError("unreadable_file")
        # It rewrites a shared formula, whole, for every cell that shares it.
        self.in_formula = local_name == "f" and attributes.get("t") == "shared"
        if self.in_formula:
            self.shared_formulas += 1
            self.formula = 0

    def _characters(self, text: str) -> None:
        if self.in_formula:
            self.formula += len(text)
            self.longest_formula = max(self.longest_formula, self.formula)


def _sheet_records(book: Workbook, max_rows: int) -> list[_Record]:
    sheets = [sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]
    if not sheets:
        raise RegisterFileError("unreadable_file")
    filled = [sheet for sheet in sheets if next(_limited(_sheet_rows(sheet), max_rows), None)]
    if len(filled) > 1:
        names = "、".join(_shown(sheet.title) for sheet in filled)
        raise RegisterFileError("many_sheets", found=f" ({names})")
    return [record for sheet in filled for record in _limited(_sheet_rows(sheet), max_rows)]


def _sheet_rows(sheet: ReadOnlyWorksheet) -> Iterator[_Record]:
    sheet.reset_dimensions()  # the size that a sheet declares may be wrong, and cut rows off
    for line, cells in enumerate(sheet.rows, start=1):
        if line > LAST_LINE_OF_EXCEL:
            raise RegisterFileError("unreadable_file")
        yield line, [_value(cell.value, cell.data_type) for cell in cells]


def _value(value: object, data_type: str) -> _Value:
    if value is None:
        return ""
    if data_type in _ODD_TYPES:
        return _ODD_TYPES[data_type]
    if isinstance(value, str):
        return _Odd.CONTROL_CHARACTERS if _XLSX_ESCAPE.search(value) else value
    return value if isinstance(value, int | float) else _Odd.ERROR
