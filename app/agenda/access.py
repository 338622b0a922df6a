"""Obtaining a session on somebody's behalf, and what they then see of it."""

from typing import Any

from app.agenda.models import AgendaSession
from app.agenda.roll import participation
from app.kit.extensions import db


def as_seen(agenda_session: AgendaSession) -> dict[str, Any]:
    """The session with its turnout, as `SessionSchema` writes it."""
    turnouts = participation(db.session(), [agenda_session.id])
    return {"session": agenda_session, "turnout": turnouts[agenda_session.id]}
