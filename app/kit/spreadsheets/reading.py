"""An uploaded table, CSV or XLSX: its content decides what is read, never its name."""

from collections.abc import Collection, Iterable

from app.kit.spreadsheets.text import decoded, text_records
from app.kit.spreadsheets.values import Record, limited, plain_text
from app.kit.spreadsheets.workbook import ZIP, workbook_records

Table = list[tuple[int, list[str | None]]]


def read_records(
    data: bytes, filename: str = "", *, max_rows: int, headings: Collection[str]
) -> Iterable[Record]:
    """The lines of a table that are not blank, the header first, each with its number and values.

    A ZIP archive is read as XLSX, anything else as CSV in UTF-8 or GB 18030, split by commas, tabs
    or semicolons. `filename` only serves to name the file in a message, and of `headings` one in
    Chinese tells that a text is GB 18030. Blank rows do not count towards `max_rows`.

    Raises UnreadableFile, at the latest while the lines are asked for, whatever the bytes are.
    """
    if data.startswith(ZIP):
        return workbook_records(data, max_rows)
    return limited(text_records(decoded(data, filename, headings)), max_rows)


def read_table(
    data: bytes, filename: str = "", *, max_rows: int, headings: Collection[str]
) -> Table:
    """As `read_records`, with the cells as text without spaces around it.

    A cell that is neither text nor a whole number is None: a formula, a date, an error, or what
    spreadsheets would run as a formula. Raises UnreadableFile.
    """
    records = read_records(data, filename, max_rows=max_rows, headings=headings)
    return [(line, [plain_text(value) for value in cells]) for line, cells in records]
