"""Which terms of resolutions are counted with working days and holidays."""

from app.board.recounting import CountedTerm, notice_term
from app.resolutions.models import BranchReview, Resolution, ResolutionState

COUNTED_TERMS = (
    CountedTerm(BranchReview.lapses_at, BranchReview.opinion.is_(None)),
    CountedTerm(Resolution.publish_due_at, Resolution.state == ResolutionState.PASSED),
    notice_term(
        Resolution.notice_ends_at,
        Resolution.state == ResolutionState.NOTICED,
        lambda resolution: [resolution.notice],
    ),
)
