"""Votes that are void, as the clock leaves them where a key was lost."""

from uuid import UUID

from flask import Flask

from app.agenda.models import AgendaSession
from app.ballots.voiding import void_vote
from app.kit import clock
from app.kit.extensions import db
from app.kit.moves import record_move
from app.resolutions.models import Resolution
from app.resolutions.vote.lost_keys import tell_void


def void_session(app: Flask, session_id: str) -> str:
    """Void the open vote of this session; the id of the one that holds it again."""
    with app.app_context():
        agenda_session = db.session.get_one(AgendaSession, UUID(session_id))
        successor = void_vote(db.session(), agenda_session, clock.now())
        db.session.commit()
        return str(successor.id)


def void_resolution(app: Flask, resolution_id: str) -> None:
    """Void the open vote on this resolution."""
    with app.app_context():
        resolution = db.session.get_one(Resolution, UUID(resolution_id))
        at = clock.now()
        resolution.void()
        record_move(db.session(), resolution, "void", None, at)
        tell_void(db.session(), resolution, at)
        db.session.commit()
