"""高频问题: when a category comes up again and again in a community (domain notes, section 10).

A category is frequent with three matters or more that were raised within twelve months. Neither a
merged matter counts, which is another one once more, nor a refused one: every ground to refuse,
being a duplicate among them, says that it is no matter of this place, and grounds are free text;
nor what its raiser took back.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from app.compounds.models import Community, Compound
from app.matters.models import Category, Matter, MatterState

FREQUENT, MONTHS = 3, 12
NOT_COUNTED = (MatterState.MERGED, MatterState.REFUSED, MatterState.WITHDRAWN)


def count_frequent(
    communities: ColumnElement[bool], begin: datetime, end: datetime
) -> Select[UUID, str, Category, int]:
    """The frequent categories of these communities between two moments, the last exclusive: each
    with its community (`community_id`, `community`), `category` and number of `matters`."""
    number = func.count(Matter.id)
    return (
        select(
            Community.id.label("community_id"),
            Community.name.label("community"),
            Matter.category,
            number.label("matters"),
        )
        .join(Compound, Compound.community_id == Community.id)
        .join(Matter, Matter.compound_id == Compound.id)
        .where(
            communities,
            Matter.raised_at >= begin,
            Matter.raised_at < end,
            Matter.state.not_in(NOT_COUNTED),
        )
        .group_by(Community.id, Community.name, Matter.category)
        .having(number >= FREQUENT)
    )
