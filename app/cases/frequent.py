"""高频问题: categories that come up again and again in a community (domain notes, section 10).

A category is frequent with three matters or more that were raised within twelve months. Neither a
merged matter counts, which is another one once more, nor a refused one: every ground to refuse,
being a duplicate among them, says that it is no matter of this place, and grounds are free text;
nor what its raiser took back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.cases.models import Case
from app.cases.search import newest_of_each
from app.compounds.models import Community, Compound
from app.kit.calendar.terms import end_of_day, months_later
from app.matters.models import Category, Matter, MatterState

FREQUENT, MONTHS = 3, 12
CASES_SHOWN = 5
NOT_COUNTED = (MatterState.MERGED, MatterState.REFUSED, MatterState.WITHDRAWN)


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
    counts = (
        select(Matter.category, func.count(Matter.id).label("matters"))
        .join(Compound, Matter.compound_id == Compound.id)
        .where(
            Compound.community_id == community.id,
            Matter.raised_at >= end_of_day(since - timedelta(days=1)),
            Matter.raised_at <= at,
            Matter.state.not_in(NOT_COUNTED),
        )
        .group_by(Matter.category)
        .having(func.count(Matter.id) >= FREQUENT)
        .subquery()
    )
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
