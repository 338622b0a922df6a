"""CSV text as lines of values, whatever program saved it."""

import codecs
import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator

from app.kit.spreadsheets.values import Record, shown, unreadable

# Looked up now, since a child that reads a file can open none: of texts, and of names in archives.
_CODECS = tuple(map(codecs.lookup, ("utf-8-sig", "gb18030", "gb2312", "cp437")))
_BINARY = (b"\xd0\xcf\x11\xe0", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf")
_BINARY_FIRST_LINE = re.compile(rb"[^\r\n]*[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DELIMITERS = ",\t;"


def decoded(data: bytes, filename: str, headings: Collection[str]) -> str:
    """The text of a CSV file. Raises UnreadableFile."""
    unknown_format = unreadable(
        "unknown_format", filename=f"“{shown(filename)}”" if filename else ""
    )
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise unreadable("unknown_encoding")
    if data.startswith(_BINARY) or _BINARY_FIRST_LINE.match(data):
        raise unknown_format
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decoded_gb18030(data, headings)
    if text.lstrip().startswith("<"):
        raise unknown_format
    return text


def text_records(text: str) -> Iterator[Record]:
    """The lines of a text, split by what splits its first one. Raises UnreadableFile."""
    header = _first_line(text)
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for values in reader:
            yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise unreadable("broken_csv", line=line) from error


def _decoded_gb18030(data: bytes, headings: Collection[str]) -> str:
    """The text, if it is believable.

    GB 18030 gives a meaning to nearly any bytes. It is believed when the header comes out in
    Chinese, or when nothing but the everyday characters of GB 2312 comes out.
    """
    try:
        text = data.decode("gb18030").removeprefix("\ufeff")
        header = _first_line(text)
        if not any(name in header for name in headings if not name.isascii()):
            text.encode("gb2312")
    except UnicodeError as error:
        raise unreadable("unknown_encoding") from error
    return text


def _first_line(text: str) -> str:
    """The first line that is not blank."""
    return next(filter(str.strip, io.StringIO(text, newline=None)), "")
