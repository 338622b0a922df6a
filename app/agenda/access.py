"""Obtaining a session on somebody's behalf, and what they then see of it."""

from collections.abc import Sequence
from typing import Any

from app.agenda.models import AgendaSession
from app.agenda.roll import participation
from app.kit.extensions import db


def as_seen(agenda_session: AgendaSession) -> dict[str, Any]:
    """The session with its turnout, as `SessionSchema` writes it."""
    return all_as_seen([agenda_session])[0]


def all_as_seen(sessions: Sequence[AgendaSession]) -> list[dict[str, Any]]:
    """The same of several sessions, by one query."""
    turnouts = participation(db.session(), [each.id for each in sessions])
    return [{"session": each, "turnout": turnouts[each.id]} for each in sessions]
