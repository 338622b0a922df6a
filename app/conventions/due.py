"""Conventions follow the clock: a version comes into force, and a repeal takes effect, when its
notice has ended, every objection is answered, and what it rests on is in force.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.board.objections import is_contested, settled_at
from app.board.posting import post
from app.conventions import notices
from app.conventions.links import own_resolutions
from app.conventions.models import (
    Convention,
    ConventionResolution,
    ConventionVersion,
    LegalType,
    VersionState,
)
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
        _follow_repeal(session, version, at)
    elif version.state is VersionState.FILED or (
        version.state is VersionState.NOTICED and not version.waits_for_filing
    ):
        ended_at = _settled_at(session, version.notice_id, version.notice_ends_at, at)
        since = _in_force_since(session, own_resolutions(version))
        if ended_at is not None and since is not None:
            filed_at = version.filed_at or ended_at
            _enter_force(session, version, max([ended_at, filed_at, *since]), at)


def _follow_repeal(session: Session, version: ConventionVersion, at: datetime) -> None:
    ended_at = _settled_at(session, version.repeal_notice_id, version.repeal_ends_at, at)
    rests_on = {version.repeal_resolution_id} - {None}
    since = _in_force_since(session, rests_on)
    if ended_at is not None and since is not None:
        _repeal(session, version, max([ended_at, *since]), at)


def _in_force_since(session: Session, ids: Collection[UUID | None]) -> list[datetime] | None:
    """Since when these resolutions are in force; None where one of them is not."""
    found = session.execute(
        select(Resolution.state, Resolution.effective_at).where(Resolution.id.in_(ids))
    ).all()
    if any(state is not ResolutionState.EFFECTIVE for state, _ in found):
        return None
    return [since for _, since in found if since is not None]


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


def _holds_up(named: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a named resolution is not in force, nor takes effect just before."""
    is_in_force = Resolution.state == constant(ResolutionState.EFFECTIVE)
    return select(Resolution.id).where(named, ~is_in_force, ~RESOLUTIONS.is_due).exists()


_link, _kept = aliased(ConventionResolution), aliased(ConventionResolution)
_IS_NAMED_ANEW = and_(
    select(_link.version_id)
    .where(_link.version_id == ConventionVersion.id, _link.resolution_id == Resolution.id)
    .exists(),
    ~select(_kept.version_id)
    .where(_kept.version_id == ConventionVersion.amends_id, _kept.resolution_id == Resolution.id)
    .exists(),
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
        ~_holds_up(_IS_NAMED_ANEW),
    ),
    and_(
        _REPEAL_HAS_ENDED,
        ~is_contested(ConventionVersion.repeal_notice_id),
        ~_holds_up(Resolution.id == ConventionVersion.repeal_resolution_id),
    ),
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
