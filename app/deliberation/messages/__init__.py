"""What is told of a round table to single people. Each text is a file beside this one."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.deliberation.models import Attendance, Invitation
from app.kit.audit import AuditEntry
from app.messages.models import MessageKind
from app.messages.telling import Message, one_by_one

HERE = Path(__file__).parent


@one_by_one
def _invited(session: Session, invitation: Invitation, entry: AuditEntry) -> Collection[UUID]:
    return [] if invitation.resident_id is None else [invitation.resident_id]


@one_by_one
def _arrived(session: Session, attendance: Attendance, entry: AuditEntry) -> Collection[UUID]:
    return [attendance.resident_id]


def _session(session: Session, thing: Invitation | Attendance) -> Mapping[str, Any]:
    return {"session": session.get_one(AgendaSession, thing.session_id)}


MESSAGES = (
    Message(
        MessageKind.INVITED,
        HERE,
        "invitation",
        Invitation,
        "invite",
        _invited,
        "who is invited by name, where that is somebody with an account",
        also=_session,
    ),
    Message(
        MessageKind.ARRIVAL_NOTED,
        HERE,
        "attendance",
        Attendance,
        "arrive",
        _arrived,
        "whose presence somebody else wrote down (trust notes, Attendance)",
        also=_session,
    ),
)
