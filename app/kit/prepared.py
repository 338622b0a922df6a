"""Core statements that are made into text once, for the few paths on which microseconds count.

SQLAlchemy looks its compiled text up anew for every execution and handles every value and every
column of the answer by its type; for a cast that is a fifth of what Python does. Here the text is
made once. What comes back is as the driver gives it: on SQLite a UUID is 32 hexadecimal digits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import Dialect

DIALECTS: dict[str, Dialect] = {
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": pysqlite.dialect(paramstyle="named"),
}


class Prepared:
    """A statement as text of one dialect, `postgresql` or `sqlite`, with its constants.

    What its author gave a value is a constant; parameters are those without one. A list of values
    is none: its text would depend on how many they are. Raises ValueError for one.
    """

    def __init__(self, statement: Executable, dialect_name: str) -> None:
        dialect = DIALECTS[dialect_name]
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.text = str(compiled)
        self._constants: dict[str, Any] = {}
        self._processors: dict[str, Callable[[Any], Any]] = {}
        for bind, name in compiled.bind_names.items():
            if bind.expanding or bind.literal_execute:
                raise ValueError(f"{name} is a list")
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if not bind.required:
                self._constants[name] = process(bind.value) if process else bind.value
            elif process:
                self._processors[name] = process

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it once; `values` are by the names of its parameters, and may hold more."""
        return connection.exec_driver_sql(self.text, self._for_driver(values))

    def execute_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of these."""
        connection.exec_driver_sql(self.text, [self._for_driver(row) for row in rows])

    def _for_driver(self, values: Mapping[str, Any]) -> dict[str, Any]:
        given = {**values, **self._constants}
        for name, process in self._processors.items():
            given[name] = process(given[name])
        return given
