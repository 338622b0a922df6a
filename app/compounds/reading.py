"""Reading registers and tables in a child: a small file can keep a reader busy for long."""

from collections.abc import Collection
from dataclasses import astuple
from typing import Any

from app.compounds.register_file import RefusedRow, RegisterFile, RegisterRow, read_register
from app.confined.calls import Confined
from app.kit.spreadsheets.reading import Table, read_table
from app.kit.spreadsheets.values import UnreadableFile

# A workbook of 20,000 rows takes as long as the largest photo, and few people send one.
CPU_TIMES = 3


def register_in_child(confined: Confined, data: bytes, filename: str) -> RegisterFile:
    """As `read_register`. Raises UnreadableFile, TooComplex, TookTooLong, Busy."""
    found = _found(confined.call(register_as_data, data, filename, cpu_times=CPU_TIMES))
    return RegisterFile(
        tuple(RegisterRow(*row) for row in found["rows"]),
        tuple(RefusedRow(*row) for row in found["refused"]),
    )


def table_in_child(
    confined: Confined, data: bytes, filename: str, *, max_rows: int, headings: Collection[str]
) -> Table:
    """As `read_table`. Raises UnreadableFile, TooComplex, TookTooLong, Busy."""
    asked = (data, filename, max_rows, list(headings))
    found = _found(confined.call(table_as_data, *asked, cpu_times=CPU_TIMES))
    return [(line, cells) for line, cells in found["lines"]]


def register_as_data(data: bytes, filename: str) -> dict[str, Any]:
    """What `read_register` returns or raises, as plain data."""
    try:
        file = read_register(data, filename)
    except UnreadableFile as error:
        return _refusal(error)
    return {
        "rows": [astuple(row) for row in file.rows],
        "refused": [astuple(row) for row in file.refused],
    }


def table_as_data(
    data: bytes, filename: str, max_rows: int, headings: Collection[str]
) -> dict[str, Any]:
    """What `read_table` returns or raises, as plain data."""
    try:
        return {"lines": read_table(data, filename, max_rows=max_rows, headings=headings)}
    except UnreadableFile as error:
        return _refusal(error)


def _refusal(error: UnreadableFile) -> dict[str, Any]:
    return {"refused_with": [error.code, error.zh, error.en]}


def _found(answer: dict[str, Any]) -> dict[str, Any]:
    if "refused_with" in answer:
        raise UnreadableFile(*answer["refused_with"])
    return answer
