"""Which terms of conventions are counted with holidays."""

from app.board.recounting import notice_term
from app.conventions.models import ConventionVersion, VersionState

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
