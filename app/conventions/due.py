"""Conventions follow the clock: a version comes into force, and a repeal takes effect, when its
notice has ended and every objection is answered.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.board.objections import is_contested, settled_at
from app.board.posting import post
from app.conventions import notices
from app.conventions.models import Convention, ConventionVersion, LegalType, VersionState
from app.kit import clock
from app.kit.calendar.terms import months_later
from app.kit.clock import local_date
from app.kit.due import NOW, Due
from app.kit.moves import begin_move, record_move
from app.kit.orm import constant
from app.resolutions.due import RESOLUTIONS
from app.resolutions.models import Resolution, ResolutionState


def follow_notice(session: Session, version: ConventionVersion) -> None:
    """Make the move of the version that is due by the database's clock; the caller commits."""
    at = begin_move(session, version)
    if version.repeal_is_pending and version.state is VersionState.IN_FORCE:
        ended_at = _settled_at(session, version.repeal_notice_id, version.repeal_ends_at, at)
        if ended_at is not None:
            _repeal(session, version, ended_at, at)
    elif version.state is VersionState.FILED or (
        version.state is VersionState.NOTICED and not version.waits_for_filing
    ):
        ended_at = _settled_at(session, version.notice_id, version.notice_ends_at, at)
        if ended_at is not None and not _waits_for_resolutions(version):
            _enter_force(session, version, max(ended_at, version.filed_at or ended_at), at)


def _waits_for_resolutions(version: ConventionVersion) -> bool:
    """Whether what it rests on may still be contested."""
    return any(each.state is ResolutionState.NOTICED for each in version.resolutions)


def _settled_at(
    session: Session, notice_id: UUID | None, ends_at: datetime | None, at: datetime
) -> datetime | None:
    if notice_id is None or ends_at is None:
        return None
    return settled_at(session, [notice_id], ends_at, at)


def _enter_force(
    session: Session, version: ConventionVersion, since: datetime, at: datetime
) -> None:
    if version.amends is not None:
        version.amends.be_amended()
        record_move(session, version.amends, "be_amended", None, at, reason=str(version.id))
        session.flush()  # one version at a time is in force
    version.enter_force(since, months_later(since, version.review_months))
    record_move(session, version, "enter_force", None, at)
    in_force_on = local_date(since).isoformat()
    post(session, notices.CONVENTION_IN_FORCE, version, at, data={"in_force_on": in_force_on})


def _repeal(session: Session, version: ConventionVersion, since: datetime, at: datetime) -> None:
    version.be_repealed(since)
    record_move(session, version, "be_repealed", None, at)
    post(session, notices.CONVENTION_REPEALED, version, at)


_IS_PACT = (
    select(Convention.id)
    .where(
        Convention.id == ConventionVersion.convention_id,
        Convention.legal_type == constant(LegalType.RESIDENT_PACT),
    )
    .exists()
)
# Those under it that are due take effect before it; others it waits for.
_WAITS_FOR_RESOLUTIONS = ConventionVersion.resolutions.any(
    and_(Resolution.state == constant(ResolutionState.NOTICED), ~RESOLUTIONS.is_due)
)
_NOTICE_HAS_ENDED = and_(
    ConventionVersion.state.in_([constant(VersionState.FILED), constant(VersionState.NOTICED)]),
    ConventionVersion.notice_ends_at <= NOW,
)
_REPEAL_HAS_ENDED = and_(
    ConventionVersion.state == constant(VersionState.IN_FORCE),
    ConventionVersion.repeal_ends_at <= NOW,
)
_MOVES = or_(
    and_(
        _NOTICE_HAS_ENDED,
        or_(ConventionVersion.state == constant(VersionState.FILED), ~_IS_PACT),
        ~is_contested(ConventionVersion.notice_id),
        ~_WAITS_FOR_RESOLUTIONS,
    ),
    and_(_REPEAL_HAS_ENDED, ~is_contested(ConventionVersion.repeal_notice_id)),
)


def _confirm(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those that wait neither for an answer, nor for a resolution, nor for the street's files."""
    query = select(ConventionVersion.id).where(ConventionVersion.id.in_(ids), _MOVES)
    return session.scalars(query.order_by(ConventionVersion.id), {"now": clock.now()}).all()


CONVENTIONS = Due(
    "conventions",
    ConventionVersion,
    # What it waits for is asked of the few whose notice has ended: it is asked in every request.
    or_(_NOTICE_HAS_ENDED, _REPEAL_HAS_ENDED),
    follow_notice,
    "已推进 {} 份规约",
    "conventions moved: {}",
    _confirm,
)
