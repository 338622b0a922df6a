"""Workbooks (XLSX) as lines of values, once they are known to be harmless."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import IO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from app.kit.spreadsheets.values import Odd, Record, Value, limited, shown, unreadable

# A small XLSX file can unpack to gigabytes, or keep openpyxl busy for hours. A table of 20,000
# rows unpacks to about 5 MB, twelve times its packed size, with 13 elements a row.
MAX_MEMBERS = 1_000
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_RATIO = 100
MAX_TAG_BYTES = 1024 * 1024
MAX_ELEMENTS_PER_ROW = 25
MAX_OTHER_ELEMENTS = 100_000
MAX_SHEETS = 3
MAX_SHARED_FORMULA_CHARACTERS = 5_000_000  # the longest shared formula times their number
LAST_LINE_OF_EXCEL = 1_048_576
LONGEST_FORMAT_OF_EXCEL = 255

ZIP = (b"PK\x03\x04", b"PK\x05\x06")

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

# How XLSX writes a control character inside a text.
_XLSX_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_ODD_TYPES = {"f": Odd.FORMULA, "d": Odd.DATE, "b": Odd.BOOLEAN, "e": Odd.ERROR}


def workbook_records(data: bytes, max_rows: int) -> list[Record]:
    """The rows of the only sheet that holds anything. Raises UnreadableFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive, len(data), max_rows)
        with warnings.catch_warnings():
            # openpyxl warns of formatting and rules that it leaves out; they hold no cells.
            warnings.simplefilter("ignore")
            with closing(load_workbook(io.BytesIO(data), read_only=True, keep_links=False)) as book:
                return _sheet_records(book, max_rows)
    except _DAMAGE as error:
        raise unreadable("unreadable_file") from error


def _check_archive(archive: zipfile.ZipFile, packed_bytes: int, max_rows: int) -> None:
    """Refuses an archive that would cost too much memory or time to read as a workbook."""
    members = archive.infolist()
    # zipfile unpacks no more of a member than its declared size, so the sum is a bound.
    unpacked_bytes = sum(member.file_size for member in members)
    limit = min(MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO * packed_bytes)
    if len(members) > MAX_MEMBERS or unpacked_bytes > limit:
        raise unreadable("too_large")
    survey = _Survey(max_rows)
    for member in members:
        # Of the methods zipfile knows, XLSX uses only these two; the rest allocate at will.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise unreadable("unreadable_file")
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
                    raise unreadable("too_large")
        if self.shared_formulas * self.longest_formula > MAX_SHARED_FORMULA_CHARACTERS:
            raise unreadable("too_many_formulas")

    def _doctype(self, *_: object) -> None:
        raise unreadable("unreadable_file")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_OTHER_ELEMENTS + MAX_ELEMENTS_PER_ROW * self.max_rows:
            raise unreadable("too_many_rows", max_rows=self.max_rows)
        local_name = name.rpartition(" ")[2]
        # openpyxl reads the part behind a sheet once for each sheet that names it.
        self.sheets += local_name == "sheet"
        if self.sheets > MAX_SHEETS:
            raise unreadable("many_sheets", found="")
        # It seeks dates in a number format in time that grows with the square of its length.
        if len(attributes.get("formatCode", "")) > LONGEST_FORMAT_OF_EXCEL:
            raise unreadable("unreadable_file")
        # It rewrites a shared formula, whole, for every cell that shares it.
        self.in_formula = local_name == "f" and attributes.get("t") == "shared"
        if self.in_formula:
            self.shared_formulas += 1
            self.formula = 0

    def _characters(self, text: str) -> None:
        if self.in_formula:
            self.formula += len(text)
            self.longest_formula = max(self.longest_formula, self.formula)


def _sheet_records(book: Workbook, max_rows: int) -> list[Record]:
    sheets = [sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]
    if not sheets:
        raise unreadable("unreadable_file")
    filled = [sheet for sheet in sheets if next(limited(_sheet_rows(sheet), max_rows), None)]
    if len(filled) > 1:
        names = "、".join(shown(sheet.title) for sheet in filled)
        raise unreadable("many_sheets", found=f" ({names})")
    return [record for sheet in filled for record in limited(_sheet_rows(sheet), max_rows)]


def _sheet_rows(sheet: ReadOnlyWorksheet) -> Iterator[Record]:
    sheet.reset_dimensions()  # the size that a sheet declares may be wrong, and cut rows off
    for line, cells in enumerate(sheet.rows, start=1):
        if line > LAST_LINE_OF_EXCEL:
            raise unreadable("unreadable_file")
        yield line, [_value(cell.value, cell.data_type) for cell in cells]


def _value(value: object, data_type: str) -> Value:
    if value is None:
        return ""
    if data_type in _ODD_TYPES:
        return _ODD_TYPES[data_type]
    if isinstance(value, str):
        return Odd.CONTROL_CHARACTERS if _XLSX_ESCAPE.search(value) else value
    return value if isinstance(value, int | float) else Odd.ERROR
