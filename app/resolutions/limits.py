"""How long terms of resolutions run, and which are counted in working days."""

from app.board.recounting import CountedTerm, notice_term
from app.resolutions.models import BranchReview, Resolution, ResolutionState

# How long a notice runs (domain notes, section 7), as `app.kit.calendar.terms.notice_end` counts.
NOTICE_DAYS = 7
COUNTED_TERMS = (
    CountedTerm(BranchReview.lapses_at, BranchReview.opinion.is_(None)),
    CountedTerm(Resolution.publish_due_at, Resolution.state == ResolutionState.PASSED),
    notice_term(
        Resolution.notice_ends_at,
        Resolution.state == ResolutionState.NOTICED,
        lambda resolution: [resolution.notice],
    ),
)
