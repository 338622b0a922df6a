"""Resolutions follow the clock: one takes effect when its notice has ended and every objection is
answered, before anybody reads or writes it; `flask finalise` does it for what nobody touches.
"""

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.board.models import Objection
from app.board.objections import settled_at
from app.compounds.models import Community, Compound
from app.kit import clock
from app.kit.extensions import db
from app.kit.moves import begin_move, record_move
from app.resolutions import notices
from app.resolutions.models import Resolution, ResolutionState


def take_effect(session: Session, resolution: Resolution) -> None:
    """Let the resolution take effect if it is due by the database's clock; the caller commits.

    It is in force from the end of its notice, or from the last answer to an objection where that
    came later.
    """
    at = begin_move(session, resolution)
    notice_id, ends_at = resolution.notice_id, resolution.notice_ends_at
    if resolution.state is not ResolutionState.NOTICED or notice_id is None or ends_at is None:
        return
    since = settled_at(session, [notice_id], ends_at, at)
    if since is None:
        return
    resolution.take_effect(since)
    record_move(session, resolution, "take_effect", None, at)
    if resolution.supersedes is not None:
        resolution.supersedes.be_superseded()
        record_move(
            session, resolution.supersedes, "be_superseded", None, at, reason=str(resolution.id)
        )
    notices.post_effect(session, resolution, at)


def due_resolutions(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of resolutions that the clock has reached and no open objection holds, within `scope`."""
    return list(session.scalars(due_query(*scope).order_by(Resolution.id)))


def due_query(*scope: ColumnElement[bool]) -> Select[UUID]:
    """What `due_resolutions` reads, in no order, for who asks for other things with it."""
    is_held = (
        select(Objection.id)
        .where(Objection.notice_id == Resolution.notice_id, Objection.answered_at.is_(None))
        .exists()
    )
    return select(Resolution.id).where(
        Resolution.state == ResolutionState.NOTICED,
        Resolution.notice_ends_at <= clock.now(),
        ~is_held,
        *scope,
    )


def take_effect_all(session: Session, ids: list[UUID]) -> None:
    """Let each of these resolutions take effect, in a commit of its own."""
    for resolution_id in ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        take_effect(session, session.get_one(Resolution, resolution_id))
        session.commit()


def take_effect_before_request() -> None:
    """What the request is about to read or write is brought up to date first."""
    scope = scope_of(request.view_args or {})
    if scope is not None:
        take_effect_all(db.session(), due_resolutions(db.session(), scope))


def scope_of(args: dict[str, Any]) -> ColumnElement[bool] | None:
    """Which resolutions the request's address is about, if any: what else hangs on a place or a
    matter is the same before and after."""
    columns = {
        "resolution_id": Resolution.id,
        "session_id": Resolution.session_id,
        "notice_id": Resolution.notice_id,
    }
    scope: ColumnElement[bool] | None = None
    for name in columns.keys() & args.keys():
        scope = columns[name] == args[name]
    return _scope_of_board(args) if scope is None else scope


def _scope_of_board(args: dict[str, Any]) -> ColumnElement[bool] | None:
    place_id = args.get("place_id")
    compounds = select(Compound.id).join(Community, Compound.community_id == Community.id)
    scopes: dict[str | None, ColumnElement[bool]] = {
        "compounds": Resolution.compound_id == place_id,
        "communities": Resolution.compound_id.in_(compounds.where(Community.id == place_id)),
        "subdistricts": Resolution.compound_id.in_(
            compounds.where(Community.subdistrict_id == place_id)
        ),
    }
    return scopes.get(args.get("kind"))
