"""Conventions follow the clock: a version comes into force, and a repeal takes effect, when its
notice has ended and every objection is answered; `flask finalise` does it for what nobody touches.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.board.models import Objection
from app.board.objections import settled_at
from app.compounds.models import Community, Compound
from app.conventions import notices
from app.conventions.models import Convention, ConventionVersion, LegalType, VersionState
from app.conventions.texts.clauses import Clause
from app.kit import clock
from app.kit.calendar import months_later
from app.kit.extensions import db
from app.kit.moves import begin_move, record_move
from app.resolutions.clock_moves import due_query as resolution_due_query
from app.resolutions.clock_moves import due_resolutions, scope_of, take_effect_all
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
        # What it rests on may still be contested.
        if ended_at is not None and not _noticed_resolutions(version):
            _enter_force(session, version, max(ended_at, version.filed_at or ended_at), at)


def _noticed_resolutions(version: ConventionVersion) -> list[UUID]:
    """The resolutions under it whose own notice has not been settled."""
    return [each.id for each in version.resolutions if each.state is ResolutionState.NOTICED]


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
    notices.post_force(session, version, at)


def _repeal(session: Session, version: ConventionVersion, since: datetime, at: datetime) -> None:
    version.be_repealed(since)
    record_move(session, version, "be_repealed", None, at)
    notices.post_repeal(session, version, at)


def due_versions(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of versions that the clock has reached and no open objection holds, within `scope`."""
    return list(session.scalars(due_query(*scope).order_by(ConventionVersion.id)))


def due_query(*scope: ColumnElement[bool]) -> Select[UUID]:
    """What `due_versions` reads, in no order, for who asks for other things with it."""
    now = clock.now()
    is_due = or_(
        and_(
            or_(
                ConventionVersion.state == VersionState.FILED,
                and_(
                    ConventionVersion.state == VersionState.NOTICED,
                    Convention.legal_type != LegalType.RESIDENT_PACT,
                ),
            ),
            ConventionVersion.notice_ends_at <= now,
            ~_is_held(ConventionVersion.notice_id),
        ),
        and_(
            ConventionVersion.state == VersionState.IN_FORCE,
            ConventionVersion.repeal_ends_at <= now,
            ~_is_held(ConventionVersion.repeal_notice_id),
        ),
    )
    return select(ConventionVersion.id).join(ConventionVersion.convention).where(is_due, *scope)


def _is_held(notice_id: InstrumentedAttribute[UUID | None]) -> ColumnElement[bool]:
    return (
        select(Objection.id)
        .where(Objection.notice_id == notice_id, Objection.answered_at.is_(None))
        .exists()
    )


def follow_notices(session: Session, ids: list[UUID]) -> None:
    """Let each of these versions follow its notice, in a commit of its own."""
    for version_id in ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        under_it = _noticed_resolutions(session.get_one(ConventionVersion, version_id))
        take_effect_all(session, due_resolutions(session, Resolution.id.in_(under_it)))
        follow_notice(session, session.get_one(ConventionVersion, version_id))
        session.commit()


def follow_notices_before_request() -> None:
    """What the request is about to read or write is brought up to date first."""
    scope = _scope(request.view_args or {})
    if scope is not None:
        follow_notices(db.session(), due_versions(db.session(), scope))


def follow_board_before_request() -> None:
    """The same for the board, where both resolutions and conventions show: they are asked for
    together, since screens and readers ask again and again."""
    args = request.view_args or {}
    of_resolutions, of_versions = scope_of(args), _scope(args)
    if of_resolutions is None or of_versions is None:
        return
    due = union_all(
        resolution_due_query(of_resolutions).add_columns(literal("resolution")),
        due_query(of_versions).add_columns(literal("version")),
    )
    found = sorted((kind, id_) for id_, kind in db.session.execute(due))
    take_effect_all(db.session(), [id_ for kind, id_ in found if kind == "resolution"])
    follow_notices(db.session(), [id_ for kind, id_ in found if kind == "version"])


def _scope(args: dict[str, Any]) -> ColumnElement[bool] | None:
    """Which versions the request's address is about, if any."""
    place_id = args.get("place_id")
    compounds = select(Compound.id).join(Community, Compound.community_id == Community.id)
    same_convention = select(ConventionVersion.convention_id)
    scopes: dict[str, ColumnElement[bool]] = {
        "compound_id": ConventionVersion.compound_id == args.get("compound_id"),
        "convention_id": ConventionVersion.convention_id == args.get("convention_id"),
        "version_id": ConventionVersion.convention_id.in_(
            same_convention.where(ConventionVersion.id == args.get("version_id"))
        ),
        "clause_id": ConventionVersion.convention_id.in_(
            same_convention.join(Clause).where(Clause.id == args.get("clause_id"))
        ),
        "notice_id": or_(
            ConventionVersion.notice_id == args.get("notice_id"),
            ConventionVersion.repeal_notice_id == args.get("notice_id"),
        ),
        "compounds": ConventionVersion.compound_id == place_id,
        "communities": ConventionVersion.compound_id.in_(compounds.where(Community.id == place_id)),
        "subdistricts": ConventionVersion.compound_id.in_(
            compounds.where(Community.subdistrict_id == place_id)
        ),
    }
    named = [name for name in scopes if name in args or name == args.get("kind")]
    return scopes[named[0]] if named else None
