"""What a month gave to others: cases in the library, and the list of property firms."""

from datetime import timedelta

from app.board.models import NoticeKind
from app.cases.models import Case, CaseState
from app.cases.search import normalised
from app.matters.models import Category
from app.rating_lists.models import Colour, ListState, RatingEntry, RatingList
from bench.decade import DAY, WORDS, Decade, Session


def add_sharing(decade: Decade, session: Session, number: int) -> None:
    """Each decided matter of the month as a published case, and the month's rating list."""
    for index, matter_id in enumerate(session.matters[: len(session.resolutions)]):
        case_id = decade.rows.add(
            Case,
            compound_id=decade.place.compound_id,
            matter_id=matter_id,
            category=list(Category)[(number + index) % len(Category)],
            title="夜间停车难",
            problem=WORDS,
            solution=WORDS,
            state=CaseState.PUBLISHED,
            drafted_by_id=decade.secretary,
            drafted_at=decade.at + 20 * DAY,
            published_by_id=decade.voter(number),
            published_at=decade.at + 21 * DAY,
            snapshot={},
            search_text=normalised(f"夜间停车难 {WORDS}"),
        )
        decade.notice(NoticeKind.CASE_PUBLISHED, case_id)
    _add_rating_list(decade, number)


def _add_rating_list(decade: Decade, number: int) -> None:
    at = decade.at
    list_id = decade.rows.add(
        RatingList,
        community_id=decade.place.community_id,
        period=f"{2016 + number // 12}-{number % 12 + 1:02}",
        state=ListState.FINAL,
        drafted_by_id=decade.secretary,
        drafted_at=at,
        reviewed_by_id=decade.voter(number),
        reviewed_at=at + timedelta(hours=1),
        notice_ends_at=at + 9 * DAY,
        final_at=at + 9 * DAY,
    )
    entry_id = decade.rows.add(
        RatingEntry,
        list_id=list_id,
        compound_id=decade.place.compound_id,
        number=1,
        firm_name="安居物业",
        colour=Colour.RED,
        reason=WORDS,
    )
    decade.notice(NoticeKind.RATING_FINAL, entry_id)
