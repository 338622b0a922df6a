"""What every table shares: names of constraints, types, ids, and how each engine is opened."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    event,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    Mapped,
    Session,
    mapped_column,
    registry,
)
from sqlalchemy.types import TypeDecorator

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7): milliseconds, then their fraction in 12 bits (6.2, method 3),
    then 62 random bits. It sorts by age, also among rows that are made in one go."""
    return _id_at(time.time_ns(), int.from_bytes(os.urandom(8)) >> 2)


def first_id_since(ago: timedelta) -> UUID:
    """The least that `new_id` could have answered that long ago."""
    return _id_at(time.time_ns() - ago // timedelta(microseconds=1) * 1000, 0)


def _id_at(instant_ns: int, random: int) -> UUID:
    milliseconds, nanoseconds = divmod(instant_ns, 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random)


STORED = "%Y-%m-%d %H:%M:%S.%f"  # how SQLite keeps an instant


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant. SQLite keeps no zone, so it is stored and read back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def enum_type(kind: type[StrEnum], name: str) -> Enum:
    """A text column that holds the enum's values, kept to them by a CHECK called `name`."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def constant(member: StrEnum) -> ColumnElement[str]:
    """A value that is part of a statement's text and no parameter of it.

    PostgreSQL plans a prepared statement once and for all only if a plan without the parameters is
    no worse; an index over the rows of one state is of use to such a plan only if the statement
    names the state itself.
    """
    return literal_column(f"'{member.value}'", String())


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    registry = registry(
        metadata=metadata,
        type_annotation_map={datetime: UTCDateTime(), UUID: Uuid()},
    )


def unique_where(name: str, *columns: str, where: str) -> Index:
    """At most one row with the same values in these columns, of those that meet the condition."""
    condition = text(where)
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def next_number(
    session: Session, number: InstrumentedAttribute[int], of_owner: ColumnElement[bool]
) -> int:
    """The number after the last one of an owner's rows; read while the owner is held alone, so
    that no number is given out twice."""
    return 1 + (session.scalar(select(func.max(number)).where(of_owner)) or 0)


# SQLite numbers rows in the order in which they come in, unless it is told not to. Where that order
# would lead from a voter to a ballot, it is told.
UNNUMBERED = {"sqlite_with_rowid": False}


def table_of(model: type[Base]) -> Table:
    """The plain table of a model: executing an INSERT of the model itself would take the ORM's
    slow bulk path."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - every model of ours maps one table
    return table


class HasId:
    """A row with an id of its own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


SQLITE_WAIT_MS = 10_000


def open_sqlite(engine: Engine) -> None:
    """Make a SQLite engine keep its promises.

    The driver's own transactions begin too late and lose updates, so it is told to begin none and
    `BEGIN IMMEDIATE` is sent instead; a connection that only reads says so with the execution
    option `sqlite_begin="DEFERRED"` and does not wait for writers, and one that shall not wait long
    for them names milliseconds in `sqlite_wait`.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        # As columns hold instants: they are compared as text, also at a whole second.
        connection.create_function(
            "utc_now", 0, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        )
        for pragma in (
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={SQLITE_WAIT_MS}",
            "secure_delete=ON",  # what a sealed vote destroys is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        wait = options.get("sqlite_wait", SQLITE_WAIT_MS)
        if connection.info.get("sqlite_wait", SQLITE_WAIT_MS) != wait:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={wait}")
            connection.info["sqlite_wait"] = wait
        connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'IMMEDIATE')}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for single statements that only read: on PostgreSQL without BEGIN and ROLLBACK
    around them, on SQLite without waiting for writers."""
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            connection.execution_options(sqlite_begin="DEFERRED")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection
