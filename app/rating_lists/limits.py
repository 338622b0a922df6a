"""That the notices of a rating list are counted with holidays."""

from app.board.recounting import notice_term
from app.rating_lists.models import ListState, RatingList

COUNTED_TERMS = (
    notice_term(
        RatingList.notice_ends_at,
        RatingList.state == ListState.NOTICED,
        lambda made: [entry.notice for entry in made.entries],
    ),
)
