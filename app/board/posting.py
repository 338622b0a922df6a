"""Posting a notice, and following the thing of which it tells.

Its texts are files beside the feature (`kit/texts.py`), called by the kind in small letters.

What a notice says of its thing must stay so (`domain.md` 14; trust.md 28). A notice whose thing may
move on `says` which of its words could become untrue. When the thing was moved and they are no
longer so, the notice is corrected in the same commit by the text `<thing>.now`: the
title that holds now, and what happened. A text that cannot stay, such as the reason for a rating
that was struck, is rewritten by them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.board.models import NoticeKind, PublicNotice
from app.board.services import publish
from app.kit import texts
from app.kit.audit import read_new
from app.kit.clock import written
from app.kit.words import Words
from app.messages.models import InboxMessage, MessageKind

# What stands in the inbox of everybody who lives there, too, as one row: when to take part, what
# was decided, and which rules hold. What is about one matter is told to those who raised it or
# support it; the rest whoever wants to reads on the board.
TO_ALL = frozenset(
    {
        NoticeKind.SESSION_ANNOUNCED,
        NoticeKind.LIST_FROZEN,
        NoticeKind.VOTING_OPENED,
        NoticeKind.VOTING_EXTENDED,
        NoticeKind.VOTE_VOID,
        NoticeKind.TALLIED,
        NoticeKind.SESSION_CANCELLED,
        NoticeKind.RESOLUTION_NOTICED,
        NoticeKind.RESOLUTION_EFFECTIVE,
        NoticeKind.RESOLUTION_VOTE_VOID,
        NoticeKind.CONVENTION_NOTICED,
        NoticeKind.CONVENTION_IN_FORCE,
        NoticeKind.CONVENTION_REPEAL_NOTICED,
        NoticeKind.CONVENTION_REPEALED,
        NoticeKind.EVALUATION_OPENED,
        NoticeKind.EVALUATION_CLOSED,
    }
)


@dataclass(frozen=True)
class Notice:
    """A kind of notice: the folder of its texts, what they call the thing of which they tell, and
    what programs are told of it.

    `says` is what its words claim of the thing at a time, as JSON, where that may change;
    `is_rewritten` where what it said must not stay then; `told_since` is what programs are told
    from then on, where that is less.
    """

    kind: NoticeKind
    folder: Path
    calls: str
    data: Callable[[Any], Mapping[str, Any]]
    says: Callable[[Any, datetime], dict[str, Any]] | None = None
    is_rewritten: bool = False
    told_since: Callable[[Any], Mapping[str, Any]] | None = None

    def data_now(self, thing: Any) -> Mapping[str, Any]:
        """What programs are told when the notice is no longer what it was."""
        return (self.told_since or self.data)(thing)

    def words(self, told: Mapping[str, Any]) -> tuple[Words, Words]:
        """Title and text."""
        return texts.read(self.folder, self.kind.lower(), told)

    def words_now(self, thing: Any, at: datetime) -> tuple[Words, Words]:
        """The title that holds now, and what happened to the thing."""
        told = {self.calls: thing, "at": at, "kind": self.kind}
        return texts.read(self.folder, f"{self.calls}.now", told)


# What follows its things, by the table in which they stand.
_followed: dict[type[Any], dict[NoticeKind, Notice]] = {}


def follows(model: type[Any], *notices: Notice) -> None:
    """Let these notices, which are about rows of this model, follow them."""
    _followed.setdefault(model, {}).update({notice.kind: notice for notice in notices})


def followed_models() -> Mapping[type[Any], Mapping[NoticeKind, Notice]]:
    """The notices that follow rows of each model."""
    return _followed


def post(
    session: Session,
    notice: Notice,
    thing: Any,
    at: datetime,
    *,
    about_id: UUID | None = None,
    term_ends_at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
    **told: Any,
) -> PublicNotice:
    """Put a notice of this thing on the board of its compound, and into the inbox of all who live
    there where it concerns them all, in the commit of the move that it tells.

    The texts know the thing, `at`, `term_ends_at` and whatever else is `told`; `data` is told to
    programs beside what every such notice tells them. With `term_ends_at` the notice takes
    objections until then.
    """
    told = {notice.calls: thing, "at": at, "term_ends_at": term_ends_at, **told}
    title, text = notice.words(told)
    tells = {**notice.data(thing), **(data or {})}
    if term_ends_at is not None:
        tells["term_ends_at"] = written(term_ends_at)
    posted = publish(
        session,
        notice.kind,
        thing.compound,
        about_id or thing.id,
        title=title,
        text=text,
        says=None if notice.says is None else notice.says(thing, at),
        data=tells,
        at=at,
        term_ends_at=term_ends_at,
    )
    if posted.kind in TO_ALL:
        session.add(_message_of(posted))
    return posted


def _message_of(notice: PublicNotice) -> InboxMessage:
    return InboxMessage(
        kind=MessageKind(notice.kind.value),
        compound_id=notice.compound.id,
        about_id=notice.about_id,
        notice=notice,
        at=notice.published_at,
    )


def is_posted(session: Session, notice: Notice, thing: Any) -> bool:
    """Whether such a notice of this thing is on the board."""
    found = select(PublicNotice.id).where(
        PublicNotice.about_id == thing.id, PublicNotice.kind == notice.kind
    )
    return session.scalar(found) is not None


def end_notice(
    session: Session, published: PublicNotice, notice: Notice, thing: Any, at: datetime
) -> None:
    """What a notice of this thing tells goes no further: it takes no more objections and says so,
    as if it followed the thing."""
    session.refresh(published, with_for_update={"of": PublicNotice, "key_share": True})
    published.move_term(at, written(at))
    says = None if notice.says is None else notice.says(thing, at)
    published.follow(*notice.words_now(thing, at), at, says or {}, {**notice.data(thing)})


@event.listens_for(Session, "before_commit", insert=True)  # the log's chains are held last
def follow_things(session: Session) -> None:
    """Correct what notices say of whatever was moved in this transaction and is no longer so."""
    if session.in_nested_transaction():
        return
    moved = {
        entry.thing_id: (entry.about, entry.at)
        for entry in read_new(session)
        if type(entry.about) in _followed
    }
    if not moved:
        return
    kinds = {kind for thing, _ in moved.values() for kind in _followed[type(thing)]}
    told = session.scalars(
        select(PublicNotice)
        .where(
            PublicNotice.about_id.in_(moved),
            PublicNotice.kind.in_(kinds),
            PublicNotice.withdrawn_at.is_(None),
        )
        .order_by(PublicNotice.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for row in told:
        thing, at = moved[row.about_id]
        notice = _followed[type(thing)].get(row.kind)
        if notice is not None and notice.says is not None:
            _follow(row, notice, thing, at, notice.says(thing, at))


def _follow(
    row: PublicNotice, notice: Notice, thing: Any, at: datetime, says: dict[str, Any]
) -> None:
    # Notices of before 0020 do not say what they claim; what must not stay goes from them, too.
    if says == row.says or (row.says is None and not notice.is_rewritten):
        return
    title, text = notice.words_now(thing, at)
    say = row.rewrite if notice.is_rewritten else row.follow
    say(title, text, at, says, {**notice.data_now(thing)})
