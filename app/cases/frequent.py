"""高频问题: the frequent categories of a community (`app.matters.frequent`) with their cases."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.cases.models import Case
from app.cases.search import newest_of_each
from app.compounds.models import Community
from app.kit.calendar.terms import end_of_day, months_later
from app.matters.frequent import MONTHS, count_frequent
from app.matters.models import Category

CASES_SHOWN = 5


@dataclass(frozen=True)
class FrequentCategory:
    """How many matters there were, and the newest published cases of the city."""

    category: Category
    matters: int
    cases: list[Case]


@dataclass(frozen=True)
class FrequentCategories:
    """Those of a community, most matters first, counted from the day `since` on."""

    since: date
    items: list[FrequentCategory]


def frequent_categories(session: Session, community: Community, at: datetime) -> FrequentCategories:
    """The frequent categories of the twelve months up to `at`."""
    since = months_later(at, -MONTHS)
    begin = end_of_day(since - timedelta(days=1))
    counts = count_frequent(Community.id == community.id, begin, at).subquery()
    newest = newest_of_each(CASES_SHOWN).subquery()
    rows = session.execute(
        select(counts.c.category, counts.c.matters, Case)
        .outerjoin(newest, newest.c.category == counts.c.category)
        .outerjoin(Case, Case.id == newest.c.id)
        .options(joinedload(Case.compound))
        .order_by(counts.c.matters.desc(), counts.c.category, Case.id.desc())
    )
    found: dict[Category, FrequentCategory] = {}
    for category, matters, case in rows:
        item = found.setdefault(category, FrequentCategory(category, matters, []))
        if case is not None:
            item.cases.append(case)
    return FrequentCategories(since, list(found.values()))
