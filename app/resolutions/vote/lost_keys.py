"""A secret vote on a resolution whose key is gone (see `app.ballots.keys.lost`): where it is lost,
the vote is void and may be held again at the same round table."""

import logging
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.ballots.keys.lost import is_missing, patience
from app.ballots.keys.store import KeyStore, KeyUnavailable
from app.board.posting import post
from app.kit.moves import begin_move, record_move
from app.kit.orm import table_of
from app.resolutions import notices
from app.resolutions.models import (
    Resolution,
    ResolutionState,
    ResolutionVoteCast,
    Secrecy,
    VoteMethod,
)

log = logging.getLogger(__name__)


def follow_key(session: Session, resolution: Resolution, keys: KeyStore) -> None:
    """Note that the key of an open secret vote is missing, or there again; where it is lost, the
    vote is void. The caller commits. Raises what `is_missing` raises."""
    at = begin_move(session, resolution)
    state, since = resolution.state, resolution.key_missing_since
    if state is not ResolutionState.TABLED or not resolution.is_secret_phone_vote:
        return
    if not is_missing(session, keys, resolution.id, resolution.key_check):
        if since is not None:
            resolution.find_key()
            record_move(session, resolution, "find_key", None, at)
    elif since is None:
        resolution.miss_key(at)
        record_move(session, resolution, "miss_key", None, at)
    elif at >= since + patience():
        log.critical("the key of resolution %s is lost; its vote is void", resolution.id)
        votes = table_of(ResolutionVoteCast)
        session.execute(delete(votes).where(votes.c.resolution_id == resolution.id))
        resolution.void()
        record_move(session, resolution, "void", None, at)
        tell_void(session, resolution, at)


def tell_void(session: Session, resolution: Resolution, at: datetime) -> None:
    """A second such vote of one resolution has a notice of its own."""
    is_first = resolution.attempt == 1
    about = resolution.id if is_first else uuid5(resolution.id, str(resolution.attempt))
    post(session, notices.RESOLUTION_VOTE_VOID, resolution, at, about_id=about)


def forget(session: Session, resolution_id: UUID, keys: KeyStore) -> None:
    """Erase the key of a vote that is over, once that is committed. It is held meanwhile, so that
    no vote that is held again loses its own. Raises KeyUnavailable, DBAPIError."""
    resolution = session.get_one(Resolution, resolution_id)
    begin_move(session, resolution)
    if resolution.state is not ResolutionState.TABLED:
        keys.erase(resolution_id)
    session.rollback()


def erase_now(session: Session, resolution_id: UUID, keys: KeyStore) -> None:
    """The same at once, since the resolution may be tabled again under another key; what cannot be
    erased now, `flask finalise` erases later."""
    try:
        forget(session, resolution_id, keys)
    except (KeyUnavailable, DBAPIError):
        session.rollback()
        log.exception("the key of resolution %s could not be erased", resolution_id)


def over_with_key(session: Session, keys: KeyStore) -> list[UUID]:
    """Resolutions whose vote is over and whose key is held. Raises KeyUnavailable."""
    over = Resolution.state.in_(
        [each for each in ResolutionState if each is not ResolutionState.TABLED]
    )
    return list(session.scalars(select(Resolution.id).where(Resolution.id.in_(keys.held()), over)))


def doubtful_votes(session: Session, keys: KeyStore) -> list[UUID]:
    """Open secret votes whose key the store does not name or was missed before. Raises
    KeyUnavailable."""
    query = select(Resolution.id, Resolution.key_missing_since).where(
        Resolution.state == ResolutionState.TABLED,
        Resolution.method == VoteMethod.PHONE,
        Resolution.secrecy == Secrecy.SECRET,
    )
    rows = session.execute(query).all()
    held = set(keys.held()) if rows else set()
    return [row.id for row in rows if row.id not in held or row.key_missing_since is not None]
