"""A vote whose key is gone from the key store.

Without it no voter can be led to their ballot, and none could be replaced: the vote counts nowhere
and is held again. But a store may be the wrong one, or a copy that somebody made too early, and
ballots that were deleted never come back. So a key counts as missing only in a store that holds the
operator's key, and as lost only when it has been missing for a while (`KEY_PATIENCE_MINUTES`)
without any process finding it.
"""

import logging
from datetime import timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession
from app.ballots.keys.operator import require_our_store, require_signing_key
from app.ballots.keys.store import KeyStore, VotingKeyMissing, WrongKeyStore
from app.ballots.models import OperatorKey
from app.ballots.voiding import void_vote
from app.config import Settings
from app.kit import clock
from app.kit.moves import begin_move, record_move

log = logging.getLogger(__name__)


def patience() -> timedelta:
    """How long a key may be missing before it is lost."""
    settings: Settings = current_app.extensions["settings"]
    return timedelta(minutes=settings.key_patience_minutes)


def is_missing(session: Session, keys: KeyStore, owner: UUID, check: bytes | None) -> bool:
    """Whether our store does not hold this key.

    Raises WrongKeyStore, OperatorKeyNotPinned and KeyUnavailable where nobody can tell.
    """
    require_our_store(session, keys)
    try:
        keys.require_session_key(owner, check)
    except VotingKeyMissing:
        require_our_store(session, keys)  # it may have gone away just before
        return True
    return False


def _lacks_a_key(session: Session, agenda_session: AgendaSession, keys: KeyStore) -> bool:
    """Whether our store lacks the vote's key, or the former operator's key under which receipts of
    this vote were promised: neither can it be sealed then."""
    if is_missing(session, keys, agenda_session.id, agenda_session.key_check):
        return True
    try:
        require_signing_key(session, agenda_session.id, keys)
    except WrongKeyStore:
        require_our_store(session, keys)
        return True
    return False


def follow_key(session: Session, agenda_session: AgendaSession, keys: KeyStore) -> None:
    """Note that the key of an open vote is missing, or there again; where it is lost, the vote is
    void. The caller commits. Raises what `is_missing` raises."""
    at = begin_move(session, agenda_session)
    if agenda_session.state not in OPEN_STATES:
        return
    since = agenda_session.key_missing_since
    if not _lacks_a_key(session, agenda_session, keys):
        if since is not None:
            agenda_session.find_key()
            record_move(session, agenda_session, "find_key", None, at)
    elif since is None:
        agenda_session.miss_key(at)
        record_move(session, agenda_session, "miss_key", None, at)
    elif at >= since + patience():
        log.critical("the key of session %s is lost; its vote is void", agenda_session.id)
        void_vote(session, agenda_session, at)


def doubtful_votes(session: Session, keys: KeyStore) -> list[UUID]:
    """Open votes whose key the store does not name, was missed before, or is needed now, and those
    that began under a former operator's key. Raises KeyUnavailable."""
    held = set(keys.held())
    needs_a_look = or_(
        AgendaSession.id.not_in(held),
        AgendaSession.key_missing_since.is_not(None),
        AgendaSession.voting_closes_at <= clock.now(),
        AgendaSession.operator_key.in_(
            select(OperatorKey.public_key).where(OperatorKey.until.is_not(None))
        ),
    )
    is_open = AgendaSession.state.in_(sorted(OPEN_STATES))
    return list(session.scalars(select(AgendaSession.id).where(is_open, needs_a_look)))
