"""A rating list becomes final when its notices have ended and every objection is answered."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.board.objections import is_contested, settled_at
from app.board.posting import post
from app.kit.due import NOW, Due
from app.kit.moves import begin_move, record_move
from app.kit.orm import constant
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
            post(session, notices.RATING_FINAL, entry, at)


def _confirm(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of which every objection is answered."""
    contested = select(RatingEntry.list_id).where(is_contested(RatingEntry.notice_id))
    query = select(RatingList.id).where(RatingList.id.in_(ids), RatingList.id.not_in(contested))
    return session.scalars(query.order_by(RatingList.id)).all()


RATING_LISTS = Due(
    "rating_lists",
    RatingList,
    and_(RatingList.state == constant(ListState.NOTICED), RatingList.notice_ends_at <= NOW),
    finalise_list,
    "已定 {} 份物业红黑榜",
    "rating lists made final: {}",
    _confirm,
)
