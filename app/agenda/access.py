"""Obtaining a session on somebody's behalf, and what they then see of it."""

from typing import Any
from uuid import UUID

from app.agenda.models import AgendaSession
from app.agenda.roll import participation
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.extensions import db
from app.people.guards import obtain_compound


def obtain_session(session_id: UUID) -> AgendaSession:
    """The session, for somebody whom the view's rule allows to act in its compound."""
    agenda_session = db.session.get(AgendaSession, session_id)
    if agenda_session is None:
        raise NotFound
    obtain_compound(agenda_session.compound_id)
    return agenda_session


def as_seen(agenda_session: AgendaSession) -> dict[str, Any]:
    """The session with its turnout and our clock, as `SessionSchema` writes it."""
    turnouts = participation(db.session(), [agenda_session.id])
    return {
        "session": agenda_session,
        "turnout": turnouts[agenda_session.id],
        "server_time": clock.now(),
    }
