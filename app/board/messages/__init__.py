"""What is told of objections to whoever raised or answers them. Each text is a file beside this
one."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.board.models import Objection, PublicNotice
from app.board.objections import answerers_of
from app.kit.audit import AuditEntry
from app.messages.models import MessageKind
from app.messages.telling import Message, one_by_one
from app.messages.whom import office_holders

HERE = Path(__file__).parent


def _notice(session: Session, objection: Objection) -> Mapping[str, Any]:
    return {"notice": session.get_one(PublicNotice, objection.notice_id)}


@one_by_one
def _objector(session: Session, objection: Objection, entry: AuditEntry) -> list[UUID]:
    return [objection.resident_id]


@one_by_one
def _answerers(session: Session, objection: Objection, entry: AuditEntry) -> Collection[UUID]:
    notice = session.get_one(PublicNotice, objection.notice_id)
    return office_holders(session, notice.compound, answerers_of(notice.kind))


MESSAGES = (
    Message(
        MessageKind.OBJECTION_RAISED,
        HERE,
        "objection",
        Objection,
        "raise",
        _answerers,
        "who answers it, within 3 working days; until then nothing takes effect",
        also=_notice,
    ),
    Message(
        MessageKind.OBJECTION_ANSWERED,
        HERE,
        "objection",
        Objection,
        "answer",
        _objector,
        "who raised it",
        also=_notice,
    ),
)
