"""Telling people what happened to what is theirs, in the commit in which it happened.

The log is told of every move, so the messages follow from it: a `Message` says of which moves it
tells, and whom. Nothing has to be remembered where the move is made, and nobody is told what they
did themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from app.kit import texts
from app.kit.audit import AuditEntry, read_new
from app.kit.orm import new_id, table_of
from app.messages.models import InboxMessage, MessageKind

# Who is told of these moves, by the id of the thing that was moved.
To = Callable[[Session, Sequence[AuditEntry]], Mapping[UUID, Iterable[UUID]]]
# Who is told of a move of this thing.
ToOne = Callable[[Session, Any, AuditEntry], Iterable[UUID]]
Row = dict[str, Any]


def one_by_one(to: ToOne) -> To:
    """For moves that are not made by the dozen: it is asked for each thing by itself."""

    def of_all(session: Session, entries: Sequence[AuditEntry]) -> Mapping[UUID, Iterable[UUID]]:
        return {entry.thing_id: to(session, entry.about, entry) for entry in entries}

    return of_all


def _nothing(session: Session, thing: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Message:
    """A kind of message: the folder of its texts, and the moves of which it tells.

    Its texts are files as those of notices (`kit/texts.py`), called by the kind in small letters.
    They know the thing by the name that `calls` gives it, `at`, the `reason` of the move, and what
    `also` finds. `verbs` are those of the log, with spaces between them; with `into` only moves
    into this state are meant. `to` finds whom they concern and `why` says who that is: whoever made
    a move is left out.
    """

    kind: MessageKind
    folder: Path
    calls: str
    model: type[Any]
    verbs: str
    to: To
    why: str
    into: StrEnum | None = None
    also: Callable[[Session, Any], Mapping[str, Any]] = _nothing

    def tells_of(self, entry: AuditEntry) -> bool:
        """Whether this move of such a thing is one of those."""
        is_into = self.into is None or entry.to_state == self.into
        return entry.verb in self.verbs.split() and is_into

    def rows(self, session: Session, entry: AuditEntry, people: Iterable[UUID]) -> Iterator[Row]:
        """One for each whom this move concerns."""
        told = {*people} - {entry.actor_id}
        if told:
            written = self._written(session, entry)
            for resident_id in told:
                yield {**written, "id": new_id(), "resident_id": resident_id}

    def _written(self, session: Session, entry: AuditEntry) -> Row:
        also = self.also(session, entry.about)
        told = {self.calls: entry.about, "at": entry.at, "reason": entry.reason, **also}
        title, text = texts.read(self.folder, self.kind.lower(), told)
        return {
            "kind": self.kind,
            "compound_id": entry.compound_id,
            "about_id": entry.thing_id,
            "title": title.zh,
            "text": text.zh,
            "title_en": title.en,
            "text_en": text.en,
            "at": entry.at,
        }


# By the thing that is moved.
_told: dict[type[Any], dict[MessageKind, Message]] = {}


def tell(*messages: Message) -> None:
    """Let people be told of these moves from now on."""
    for message in messages:
        _told.setdefault(message.model, {})[message.kind] = message


@event.listens_for(Session, "before_commit", insert=True)  # the log's chains are held last
def tell_of_moves(session: Session) -> None:
    """Put what was moved in this transaction into the inboxes of whom it concerns."""
    if session.in_nested_transaction():
        return
    new = [
        (message, entry)
        for entry in read_new(session)
        for message in _told.get(type(entry.about), {}).values()
        if message.tells_of(entry)
    ]
    concerned = {
        to: to(session, [entry for message, entry in new if message.to is to])
        for to in {message.to: None for message, _ in new}
    }
    rows = {
        # Two entries may tell of one thing: that it was reported on two levels.
        (message.kind, row["about_id"], row["resident_id"]): row
        for message, entry in new
        for row in message.rows(session, entry, concerned[message.to][entry.thing_id])
    }
    if rows:
        session.execute(insert(table_of(InboxMessage)), list(rows.values()))
