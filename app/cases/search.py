"""Finding published cases by category and by words, in the same way on both engines.

Every word asked for must stand somewhere in what was published: title, problem, solution and
convention. It is found within longer words, since Chinese writes no blanks; letters count without
their case and width. The database compares with LIKE, in which `%` and `_` are asked for literally.
"""

import unicodedata
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.cases.models import Case, CaseState
from app.cases.refusals import TooManyWords

MAX_WORDS = 5


def normalised(words: str) -> str:
    """The text as it is compared: one form of each character, in lower case."""
    return unicodedata.normalize("NFKC", words).lower()


def find_published(q: str | None) -> Select[Any]:
    """The published cases of the city with all words of `q`. Raises TooManyWords."""
    query = select(Case).where(Case.state == CaseState.PUBLISHED).options(joinedload(Case.compound))
    words = normalised(q or "").split()
    if len(words) > MAX_WORDS:
        raise TooManyWords
    for word in words:
        query = query.where(Case.search_text.contains(word, autoescape=True))
    return query


def newest_of_each(most: int) -> Select[Any]:
    """Id and category of the newest published cases of each category, at most so many of one."""
    rank = func.row_number().over(partition_by=Case.category, order_by=Case.id.desc())
    ranked = (
        select(Case.id, Case.category, rank.label("rank"))
        .where(Case.state == CaseState.PUBLISHED)
        .subquery()
    )
    return select(ranked.c.id, ranked.c.category).where(ranked.c.rank <= most)
