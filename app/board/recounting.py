"""Terms are counted again when the holidays of their year become known (domain notes, section 14).

A feature declares the terms that it stores in working days; this holds none of them up: what runs
out later by the new table ends later, with a correction on its notice, and nothing ends earlier
than was said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.board.models import PublicNotice
from app.kit.audit import record
from app.kit.calendar.terms import (
    Calendar,
    end_of_day,
    last_day,
    recount_notice,
    recount_working_days,
)
from app.kit.clock import spoken_end, written
from app.kit.words import Words

Recount = Callable[[datetime, Calendar, Calendar], datetime]


@dataclass(frozen=True)
class CountedTerm:
    """A column that holds the end of a term.

    `is_running` leaves out rows whose term no longer matters, `is_counted` those whose end somebody
    set by hand; `notices` are those that print it.
    """

    ends: InstrumentedAttribute[Any]
    is_running: ColumnElement[bool]
    recount: Recount = recount_working_days
    is_counted: Callable[[Any, Calendar], bool] = lambda thing, old: True
    notices: Callable[[Any], Sequence[PublicNotice]] = lambda thing: ()


def notice_term(
    ends: InstrumentedAttribute[Any],
    is_running: ColumnElement[bool],
    notices: Callable[[Any], Sequence[PublicNotice]],
    **other: Any,
) -> CountedTerm:
    """The term of one or several notices, kept beside them too."""
    return CountedTerm(ends, is_running, recount_notice, notices=notices, **other)


def recount_year(
    session: Session,
    terms: Sequence[CountedTerm],
    year: int,
    old: Calendar,
    new: Calendar,
    at: datetime,
) -> int:
    """Count the running terms that end in this year again; how many end later now."""
    moved = 0
    for term in terms:
        for thing in _ending_in(session, term, year, at):
            moved += _recount_one(session, term, thing, (old, new), at)
    return moved


def _ending_in(session: Session, term: CountedTerm, year: int, at: datetime) -> Iterator[Any]:
    first, last = end_of_day(date(year - 1, 12, 31)), end_of_day(date(year, 12, 31))
    model = term.ends.class_
    query = (
        select(model)
        .where(term.ends > max(first, at), term.ends <= last, term.is_running)
        .order_by(model.id)
        .with_for_update(of=model, key_share=True)
        .execution_options(populate_existing=True)
    )
    yield from session.scalars(query).unique().all()


def _recount_one(
    session: Session,
    term: CountedTerm,
    thing: Any,
    calendars: tuple[Calendar, Calendar],
    at: datetime,
) -> bool:
    old, new = calendars
    if not term.is_counted(thing, old):
        return False
    before: datetime = getattr(thing, term.ends.key)
    after = term.recount(before, old, new)
    for notice in term.notices(thing):
        if notice.withdrawn_at is None:
            _tell(notice, before, after, at)
    if after == before:
        return False
    setattr(thing, term.ends.key, after)
    moved = f"{term.ends.key}: {spoken_end(before)} - {spoken_end(after)}"
    record(session, thing, "recount_term", None, at, reason=moved)
    return True


def _tell(notice: PublicNotice, before: datetime, after: datetime, at: datetime) -> None:
    """Correct the notice also where its end stays: it had said that the end was provisional."""
    year = last_day(before).year
    zh, en = ("仍", "still ends") if after == before else ("改为", "now ends")
    words = Words(
        f"{year}年节假日安排已公布，公示期{zh}至 {spoken_end(after)}。",
        f"the holidays of {year} are known; the notice {en} on {spoken_end(after)}.",
    )
    notice.move_term(after, written(after))
    notice.correct(words, at)
