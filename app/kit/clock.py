"""Time: UTC inside, Asia/Shanghai for people, the database's clock where it decides a right."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.kit.orm import UTCDateTime

ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def local(instant: datetime) -> datetime:
    """The same instant on a wall clock in the compound."""
    return instant.astimezone(ZONE)


def local_date(instant: datetime) -> date:
    """The calendar day in the compound."""
    return local(instant).date()


def written(instant: datetime) -> str:
    """The instant as programs read it, in whole seconds: `2026-03-12T00:00:00+08:00`. Common
    readers of feeds take a time with a fraction for one without an offset. Rounded up, so that a
    term has ended at the second that is told."""
    up = timedelta(microseconds=-instant.microsecond % 1_000_000)
    return local(instant + up).isoformat()


def spoken(instant: datetime) -> str:
    """The instant as a notice prints it, e.g. `2026-03-12 00:00`."""
    return local(instant).strftime("%Y-%m-%d %H:%M")


def spoken_end(instant: datetime) -> str:
    """The end of a term, which is a midnight, as a notice prints it: `2026-04-07 24:00`."""
    return f"{local_date(instant) - timedelta(days=1)} 24:00"


class database_now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock at the moment of the statement.

    Several app hosts may disagree by seconds; the one database does not, so it alone decides
    whether a ballot came before closing. Not the transaction's start: a ballot may wait for a lock.
    """

    type = UTCDateTime()
    inherit_cache = True


@compiles(database_now, "postgresql")
def _postgresql_now(element: Any, compiler: Any, **kw: Any) -> str:
    return "clock_timestamp()"


@compiles(database_now, "sqlite")
def _sqlite_now(element: Any, compiler: Any, **kw: Any) -> str:
    # SQLite lives in this process: its clock is ours (`orm` registers a function on connect).
    return "utc_now()"


def read_database_clock(session: Session) -> datetime:
    """The database's clock now, aware, in UTC."""
    return session.scalars(database_now().select()).one()
