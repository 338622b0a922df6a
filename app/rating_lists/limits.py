"""How long a notice of a rating list runs, which is counted with holidays."""

from app.board.recounting import notice_term
from app.rating_lists.models import ListState, RatingList

# How long a notice runs (domain notes, section 7), as `app.kit.calendar.terms.notice_end` counts.
NOTICE_DAYS = 7
COUNTED_TERMS = (
    notice_term(
        RatingList.notice_ends_at,
        RatingList.state == ListState.NOTICED,
        lambda made: [entry.notice for entry in made.entries],
    ),
)
