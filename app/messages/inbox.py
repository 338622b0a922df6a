"""Reading one's inbox, and marking what was read.

A page and the count of what is unread cost one statement each, and as much however long the inbox
has become: both parts of it, one's own messages and those to all who live in the compound, are read
by an index that ends with the id, newest first, and no further than needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, with_expression

from app.kit.errors import NotFound
from app.kit.orm import first_id_since, table_of
from app.kit.web.api import as_page, read_cursor
from app.messages.models import InboxMark, InboxMessage, InboxRead
from app.people.actor import Actor

# A message made before this long ago is stored by now: no transaction that tells of something takes
# as long. The mark stays behind it, so that what is told at the same time is not taken for read.
STORED_BY_NOW = timedelta(minutes=5)

MOST_COUNTED = 100


@dataclass(frozen=True)
class Inbox:
    """Whose it is: their own messages, and those to all of their compound since they were verified
    there."""

    resident_id: UUID
    compound_id: UUID | None
    since: datetime | None

    @property
    def part_conditions(self) -> Sequence[ColumnElement[bool]]:
        """What belongs to each part of it."""
        own = InboxMessage.resident_id == self.resident_id
        if self.compound_id is None:
            return [own]
        to_all = and_(
            InboxMessage.resident_id.is_(None),
            InboxMessage.compound_id == self.compound_id,
            InboxMessage.at >= self.since,
        )
        return [own, to_all]

    @property
    def mark(self) -> Any:
        """Up to where everything was read."""
        query = select(InboxMark.read_until).where(InboxMark.resident_id == self.resident_id)
        return query.scalar_subquery()


def inbox_of(actor: Actor) -> Inbox:
    """The inbox of whoever asks."""
    home = actor.residence
    if home is None:
        return Inbox(actor.id, None, None)
    return Inbox(actor.id, home.compound_id, home.decided_at)


def read_inbox(session: Session, inbox: Inbox, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """One page, newest first, and how many messages are unread. Raises InvalidCursor."""
    after = read_cursor(cursor, UUID)
    older = [] if after is None else [InboxMessage.id < after]
    was_read = or_(InboxMessage.id <= inbox.mark, _was_read(inbox))
    query = (
        select(InboxMessage)
        .where(InboxMessage.id.in_(_newest(inbox, limit + 1, *older)))
        .options(
            joinedload(InboxMessage.notice),
            with_expression(InboxMessage.is_read, func.coalesce(was_read, False)),
        )
        .order_by(InboxMessage.id.desc())
        .limit(limit + 1)
    )
    page = as_page(session.scalars(query).all(), InboxMessage.id, limit)
    return {**page, "unread": count_unread(session, inbox)}


def count_unread(session: Session, inbox: Inbox) -> int:
    """How many messages were not read yet; MOST_COUNTED stands for as many or more."""
    unread = _newest(inbox, MOST_COUNTED, *_is_unread(inbox)).subquery()
    found = session.scalars(select(func.count()).select_from(unread)).one()
    return min(found, MOST_COUNTED)


def read_message(session: Session, inbox: Inbox, message_id: UUID) -> None:
    """Mark a message as read; a second time changes nothing. Raises NotFound."""
    if session.scalar(_all(inbox, InboxMessage.id == message_id)) is None:
        raise NotFound
    _insert_reads(session, inbox, select(_whose(inbox), literal(message_id)))


def read_all_messages(session: Session, inbox: Inbox, up_to: UUID) -> None:
    """Mark everything as read that is no newer than this message."""
    _move_mark(session, inbox, min(up_to, first_id_since(STORED_BY_NOW)))
    unread = _all(inbox, *_is_unread(inbox), InboxMessage.id <= up_to).subquery()
    _insert_reads(session, inbox, select(_whose(inbox), unread.c.id))
    # The mark says the same of those before it.
    session.execute(
        delete(InboxRead).where(
            InboxRead.resident_id == inbox.resident_id, InboxRead.message_id <= inbox.mark
        )
    )


def _newest(inbox: Inbox, count: int, *conditions: ColumnElement[bool]) -> Any:
    """The ids of so many of each part of the inbox, each by its index."""
    parts = (
        _part(part, *conditions).order_by(InboxMessage.id.desc()).limit(count).subquery()
        for part in inbox.part_conditions
    )
    return union_all(*(select(part.c.id) for part in parts))


def _all(inbox: Inbox, *conditions: ColumnElement[bool]) -> Any:
    return union_all(*(_part(part, *conditions) for part in inbox.part_conditions))


def _part(*conditions: ColumnElement[bool]) -> Select[UUID]:
    return select(InboxMessage.id).where(*conditions)


def _is_unread(inbox: Inbox) -> Sequence[ColumnElement[bool]]:
    # An id before all others where there is no mark yet: an index can begin there.
    marked = func.coalesce(inbox.mark, UUID(int=0))
    return InboxMessage.id > marked, ~_was_read(inbox)


def _was_read(inbox: Inbox) -> ColumnElement[bool]:
    return (
        select(InboxRead.message_id)
        .where(InboxRead.resident_id == inbox.resident_id, InboxRead.message_id == InboxMessage.id)
        .exists()
    )


def _whose(inbox: Inbox) -> ColumnElement[UUID]:
    return literal(inbox.resident_id)


def _insert_reads(session: Session, inbox: Inbox, rows: Any) -> None:
    """Store what may have been stored by somebody's other phone meanwhile."""
    # Without a WHERE, SQLite takes what follows for the condition of a join.
    source = rows.where(true())
    statement = _insert(session, InboxRead).from_select(["resident_id", "message_id"], source)
    session.execute(statement.on_conflict_do_nothing())


def _move_mark(session: Session, inbox: Inbox, read_until: UUID) -> None:
    """Never back."""
    values = {"resident_id": inbox.resident_id, "read_until": read_until}
    statement = _insert(session, InboxMark).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["resident_id"],
            set_={"read_until": statement.excluded.read_until},
            where=InboxMark.read_until < statement.excluded.read_until,
        )
    )


def _insert(session: Session, model: type[InboxRead] | type[InboxMark]) -> Any:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql.insert if is_postgresql else sqlite.insert)(table_of(model))
