"""Posting, correcting and withdrawing notices, and reading them for a feed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from app.board.models import NoticeKind, Objection, PublicNotice
from app.board.refusals import ResultIsFinal
from app.compounds.models import Community, Compound, Subdistrict
from app.kit.audit import record
from app.kit.calendar.terms import is_provisional, last_day
from app.kit.orm import table_of
from app.kit.words import Words
from app.people.models import Resident

PAGE_SIZE = 20
FEED_FORMAT = 5  # part of every ETag: raise it when the rendering of feeds changes


# A tally, what the second officer says of it, with which key it is signed, and that a key was lost:
# the branch is whom they check, or no party to it.
NOT_CORRECTED = frozenset(
    {
        NoticeKind.TALLIED,
        NoticeKind.COUNTERSIGNED,
        NoticeKind.COUNTERSIGNATURE_REFUSED,
        NoticeKind.OPERATOR_KEY_CHANGED,
        NoticeKind.VOTE_VOID,
        NoticeKind.RESOLUTION_VOTE_VOID,
    }
)
WITHDRAWABLE = frozenset(
    {
        NoticeKind.SESSION_ANNOUNCED,
        # It prints cards in the words of residents, who may have named somebody.
        NoticeKind.ROUND_TABLE_AGENDA,
    }
)


@dataclass(frozen=True)
class FeedPlace:
    """Whose notices a feed holds: `column` is the notice's column for that kind of place."""

    kind: str
    id: UUID
    name: str

    @property
    def column(self) -> Any:
        return {
            "compounds": PublicNotice.compound_id,
            "communities": PublicNotice.community_id,
            "subdistricts": PublicNotice.subdistrict_id,
        }[self.kind]


PLACES = {"compounds": Compound, "communities": Community, "subdistricts": Subdistrict}


def publish(
    session: Session,
    kind: NoticeKind,
    compound: Compound,
    about_id: UUID,
    *,
    title: Words,
    text: Words,
    data: dict[str, Any],
    at: datetime,
    says: dict[str, Any] | None = None,
    term_ends_at: datetime | None = None,
) -> PublicNotice:
    """Put a notice with these words on the board. With `term_ends_at` it takes objections until
    then."""
    text = _with_provisional_term(text, term_ends_at)
    notice = PublicNotice(
        kind=kind,
        about_id=about_id,
        compound=compound,
        community_id=compound.community_id,
        subdistrict_id=compound.subdistrict_id,
        title=title.zh,
        text=text.zh,
        title_en=title.en,
        text_en=text.en,
        says=says,
        data=data,
        published_at=at,
        modified_at=at,
        term_ends_at=term_ends_at,
        revision=1,
    )
    session.add(notice)
    return notice


def _with_provisional_term(text: Words, term_ends_at: datetime | None) -> Words:
    """The text, and a word where the holidays that decide its term are not known yet."""
    if term_ends_at is None or not is_provisional(term_ends_at):
        return text
    year = last_day(term_ends_at).year
    return Words(
        f"{text.zh}\n{year}年节假日安排尚未公布，截止日暂按双休日计算；公布后在此更正，只会推后。",
        f"{text.en}\nThe holidays of {year} are not announced yet: the last day is provisional and"
        " can only move later, with a correction here.",
    )


def correct(session: Session, notice: PublicNotice, by: Resident, note: str, at: datetime) -> None:
    """Correct a notice in the open: its id stays, the correction stands under its text.

    A tally and its countersignature are not corrected. Raises ResultIsFinal, WrongState.
    """
    if notice.kind in NOT_CORRECTED:
        raise ResultIsFinal
    notice.correct(Words(note, note), at)
    _record(session, notice, "correct", by, note, at)


def withdraw(
    session: Session, notice: PublicNotice, by: Resident, reason: str, at: datetime
) -> None:
    """Withdraw a notice with a reason; its id stays in the feeds, its words in the log.

    Raises ResultIsFinal, WrongState.
    """
    if notice.kind not in WITHDRAWABLE:
        raise ResultIsFinal
    words = notice.text
    notice.withdraw(reason, at)
    _record(session, notice, "withdraw", by, f"{reason}\n\n{words}", at)


def _record(
    session: Session, notice: PublicNotice, verb: str, by: Resident, reason: str, at: datetime
) -> None:
    record(session, notice, verb, by, at, reason=reason)


def find_place(session: Session, kind: str, place_id: UUID) -> FeedPlace | None:
    """The place of a feed; None where there is none."""
    table = table_of(PLACES[kind])
    name = session.scalar(select(table.c.name).where(table.c.id == place_id))
    return None if name is None else FeedPlace(kind, place_id, name)


def feed_version(
    session: Session, place: FeedPlace, before: UUID | None = None
) -> tuple[str, datetime | None]:
    """A text that changes with every notice on a page of the feed and every objection to one, and
    the time of the last change of a notice there.

    Read without the items, and from no more rows than the page has, however old the place is.
    """
    page = _page(place, before, PublicNotice.id, PublicNotice.revision, PublicNotice.modified_at)
    shown = page.subquery()
    about = Objection.notice_id == shown.c.id
    rows = session.execute(
        select(
            shown,
            select(func.count(Objection.id)).where(about).scalar_subquery(),
            select(func.count(Objection.answered_at)).where(about).scalar_subquery(),
        ).order_by(shown.c.id.desc())
    ).all()
    facts = [FEED_FORMAT, place.name, *(str(row) for row in rows)]
    modified_at = max((row.modified_at for row in rows[:PAGE_SIZE]), default=None)
    return hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()[:32], modified_at


def read_notices(
    session: Session, place: FeedPlace, before: UUID | None = None
) -> tuple[list[PublicNotice], UUID | None]:
    """One page of a place's notices, newest first, and the id from which the next page goes on."""
    query = _page(place, before, PublicNotice).options(joinedload(PublicNotice.compound))
    notices = list(session.scalars(query))
    more = len(notices) > PAGE_SIZE
    return notices[:PAGE_SIZE], notices[PAGE_SIZE - 1].id if more else None


def _page(place: FeedPlace, before: UUID | None, *columns: Any) -> Select[Any]:
    """A page and one more notice, which tells whether another page follows."""
    query = (
        select(*columns)
        .where(place.column == place.id)
        .order_by(PublicNotice.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    return query if before is None else query.where(PublicNotice.id < before)
