"""Rows of PostgreSQL whose order must tell nothing, in the order of their keys.

pg_dump writes a table as its rows lie, and those of ballots lie in the order in which people voted,
as those of the roll do: side by side, the two name each ballot's voter, and no key is needed. The
models say which tables these are (`UNNUMBERED`); SQLite keeps them by their keys anyhow.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table

from app.backup.faults import Damaged
from app.backup.folders import make_private, sync
from app.kit.orm import Base

PREFIX, SUFFIX = "rows-", ".csv.gz"
AT_ONCE = 1024 * 1024


def ordered_tables() -> list[Table]:
    """Tables of which the order of rows would lead from a voter to a ballot."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if table.dialect_options["sqlite"]["with_rowid"] is False
    ]


def write_rows(connection: psycopg.Connection[Any], schema: str, folder: Path) -> None:
    """A file `rows-TABLE.csv.gz` for each of these tables. Raises psycopg.Error, OSError."""
    for table in ordered_tables():
        path = make_private(folder / f"{PREFIX}{table.name}{SUFFIX}")
        keys = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.primary_key)
        name = sql.Identifier(schema, table.name)
        query = sql.SQL(
            "COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT WITH (FORMAT csv, HEADER)"
        ).format(name, keys)
        with (
            gzip.open(path, "wb") as file,
            connection.cursor() as cursor,
            cursor.copy(query) as rows,
        ):
            for part in rows:
                file.write(part)
        sync(path)


def read_rows(connection: psycopg.Connection[Any], schema: str, folder: Path) -> None:
    """Put the rows of all such files into their tables. Raises psycopg.Error, OSError, Damaged."""
    for path in sorted(folder.glob(f"{PREFIX}*{SUFFIX}")):
        name = sql.Identifier(schema, path.name.removeprefix(PREFIX).removesuffix(SUFFIX))
        with gzip.open(path, "rb") as file:
            head = file.readline()
            columns = head.decode().strip().split(",")
            if not all(column.isidentifier() for column in columns):
                raise Damaged(path, "读不懂", "cannot be understood")
            query = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(
                name, sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with connection.cursor() as cursor, cursor.copy(query) as rows:
                for part in _parts(file):
                    rows.write(part)


def _parts(file: Any) -> Iterator[bytes]:
    while part := file.read(AT_ONCE):
        yield part
