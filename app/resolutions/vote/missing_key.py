"""What a request answers that found no key."""

from flask import Response, current_app
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.ballots.due import MISSED_KEYS
from app.ballots.keys.operator import require_our_store
from app.ballots.keys.store import KeyUnavailable, VotingKeyMissing
from app.ballots.refusals import vote_void
from app.kit import due
from app.kit.errors import DomainError
from app.kit.extensions import db
from app.kit.web.problems import on_refusal
from app.resolutions.due import MISSED_KEYS as MISSED_RESOLUTION_KEYS
from app.resolutions.models import Resolution, ResolutionState
from app.resolutions.vote.voting import held_again_at_the_table


def on_missing_key(error: VotingKeyMissing) -> Response:
    """Answer a request that found no key: the vote stands still, or is void by now; or the store is
    not ours, which says nothing of the vote."""
    session = db.session()
    session.rollback()
    try:
        require_our_store(session, current_app.extensions["keys"])
    except KeyUnavailable as refused:
        return on_refusal(refused)
    return on_refusal(_after_following(session, error))


def _after_following(session: Session, error: VotingKeyMissing) -> DomainError:
    resolution = session.get(Resolution, error.owner)
    if resolution is not None:
        due.move_now(MISSED_RESOLUTION_KEYS, resolution.id)
        if resolution.state is ResolutionState.VOID:
            return held_again_at_the_table()
        return error
    agenda_session = session.get(AgendaSession, error.owner)
    if agenda_session is not None:
        due.move_now(MISSED_KEYS, agenda_session.id)
        if agenda_session.state is SessionState.VOID:
            return vote_void(session, agenda_session.id)
    return error
