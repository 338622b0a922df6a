"""How long terms of conventions run, and which are counted with holidays."""

from app.board.recounting import notice_term
from app.conventions.models import ConventionVersion, VersionState

# How long a notice runs (domain notes, section 7), as `app.kit.calendar.terms.notice_end` counts.
NOTICE_DAYS = 7
COUNTED_TERMS = (
    notice_term(
        ConventionVersion.notice_ends_at,
        ConventionVersion.state.in_((VersionState.NOTICED, VersionState.FILED)),
        lambda version: [version.notice],
    ),
    notice_term(
        ConventionVersion.repeal_ends_at,
        ConventionVersion.state == VersionState.IN_FORCE,
        lambda version: [version.repeal_notice],
    ),
)
