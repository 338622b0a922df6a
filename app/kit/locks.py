"""The lock that keeps casting and closing apart.

Casting shares it, every move of the session holds it alone. On PostgreSQL it is an advisory lock
of the transaction; under READ COMMITTED whoever waited for it must read the state again. A plain
SELECT of the state instead loses ballots that were acknowledged. On SQLite a writing transaction
is alone from its first statement on (`BEGIN IMMEDIATE`).
"""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session


def share(session: Session, session_id: UUID) -> None:
    """Hold off the session's moves until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock_shared(key_of(session_id))
        session.execute(select(lock, check_by_index()))


def check_by_index() -> ColumnElement[str]:
    """Has PostgreSQL check the foreign keys of what this transaction stores by index.

    Each connection plans these checks once. Where the ballots of the last vote were just erased the
    table passes for an empty one, and until its statistics are made anew all of it would be read
    for every mark that comes in.
    """
    return func.set_config("enable_seqscan", "off", true())


def hold_alone(session: Session, session_id: UUID) -> None:
    """Hold off everybody else's casts and moves until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(key_of(session_id))))


BRIEFLY_MS = 200
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL, where `lock_timeout` is over
_SQLITE_BUSY = 5


def begin_briefly(session: Session) -> None:
    """Begin a transaction that writes and waits for nobody longer than `BRIEFLY_MS`."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.set_config("lock_timeout", f"{BRIEFLY_MS}ms", true())))
    else:
        session.connection(
            execution_options={"sqlite_begin": "IMMEDIATE", "sqlite_wait": BRIEFLY_MS}
        )


def is_held_by_another(error: Exception) -> bool:
    """Whether this is how such a transaction ends that would have had to wait."""
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code == _SQLITE_BUSY or getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def key_of(session_id: UUID) -> int:
    """64 bits of the id; the second half of a UUIDv7 is random."""
    return int.from_bytes(session_id.bytes[8:], signed=True)
