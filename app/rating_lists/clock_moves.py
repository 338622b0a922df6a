"""A rating list becomes final when its notices have ended and every objection is answered;
`flask finalise` does it for what nobody touches. The board follows with the first who asks here.
"""

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.board.models import Objection
from app.board.objections import settled_at
from app.kit import clock
from app.kit.extensions import db
from app.kit.moves import begin_move, record_move
from app.rating_lists import notices
from app.rating_lists.models import ListState, RatingEntry, RatingList


def finalise_list(session: Session, made: RatingList) -> None:
    """Make the list final if that is due by the database's clock; the caller commits."""
    at = begin_move(session, made)
    ends_at = made.notice_ends_at
    if made.state is not ListState.NOTICED or ends_at is None:
        return
    its_notices = [entry.notice_id for entry in made.entries if entry.notice_id is not None]
    since = settled_at(session, its_notices, ends_at, at)
    if since is None:
        return
    made.finalise(since)
    record_move(session, made, "finalise", None, at)
    for entry in made.entries:
        if entry.struck_at is None:
            notices.post_final(session, entry, at)


def due_lists(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of lists that the clock has reached and no open objection holds, within `scope`."""
    is_held = (
        select(Objection.id)
        .join(RatingEntry, RatingEntry.notice_id == Objection.notice_id)
        .where(RatingEntry.list_id == RatingList.id, Objection.answered_at.is_(None))
        .exists()
    )
    query = select(RatingList.id).where(
        RatingList.state == ListState.NOTICED,
        RatingList.notice_ends_at <= clock.now(),
        ~is_held,
        *scope,
    )
    return list(session.scalars(query.order_by(RatingList.id)))


def finalise_lists(session: Session, ids: list[UUID]) -> None:
    """Make each of these final, in a commit of its own."""
    for list_id in ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        finalise_list(session, session.get_one(RatingList, list_id))
        session.commit()


def finalise_lists_before_request() -> None:
    """What the request is about to read or write is brought up to date first."""
    scope = _scope(request.view_args or {})
    if scope is not None:
        finalise_lists(db.session(), due_lists(db.session(), scope))


def _scope(args: dict[str, Any]) -> ColumnElement[bool] | None:
    """Which lists the request's address is about, if any."""
    of_entry = select(RatingEntry.list_id).where(RatingEntry.id == args.get("entry_id"))
    scopes: dict[str, ColumnElement[bool]] = {
        "community_id": RatingList.community_id == args.get("community_id"),
        "list_id": RatingList.id == args.get("list_id"),
        "entry_id": RatingList.id.in_(of_entry),
    }
    return next((scope for name, scope in scopes.items() if name in args), None)
