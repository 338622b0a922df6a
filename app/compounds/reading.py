"""Reading registers and tables in a child: a small file can keep a reader busy for long."""

from dataclasses import astuple
from typing import Any

from app.compounds.register_file import (
    RefusedRow,
    RegisterFile,
    RegisterFileError,
    RegisterRow,
    read_register,
    read_table,
)
from app.confined.calls import Confined

# A workbook of 20,000 rows takes as long as the largest photo, and few people send one.
CPU_TIMES = 3


def register_in_child(confined: Confined, data: bytes, filename: str) -> RegisterFile:
    """As `read_register`. Raises RegisterFileError, TooComplex, TookTooLong, Busy."""
    found = _found(confined.call(register_as_data, data, filename, cpu_times=CPU_TIMES))
    return RegisterFile(
        tuple(RegisterRow(*row) for row in found["rows"]),
        tuple(RefusedRow(*row) for row in found["refused"]),
    )


def table_in_child(
    confined: Confined, data: bytes, filename: str, *, max_rows: int
) -> list[tuple[int, list[str | None]]]:
    """As `read_table`. Raises RegisterFileError, TooComplex, TookTooLong, Busy."""
    found = _found(confined.call(table_as_data, data, filename, max_rows, cpu_times=CPU_TIMES))
    return [(line, cells) for line, cells in found["lines"]]


def register_as_data(data: bytes, filename: str) -> dict[str, Any]:
    """What `read_register` returns or raises, as plain data."""
    try:
        file = read_register(data, filename)
    except RegisterFileError as error:
        return {"code": error.code, "facts": error.facts}
    return {
        "rows": [astuple(row) for row in file.rows],
        "refused": [astuple(row) for row in file.refused],
    }


def table_as_data(data: bytes, filename: str, max_rows: int) -> dict[str, Any]:
    """What `read_table` returns or raises, as plain data."""
    try:
        return {"lines": read_table(data, filename, max_rows=max_rows)}
    except RegisterFileError as error:
        return {"code": error.code, "facts": error.facts}


def _found(answer: dict[str, Any]) -> dict[str, Any]:
    if "code" in answer:
        raise RegisterFileError(answer["code"], **answer["facts"])
    return answer
