"""The minutes of a round table: what was said, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.attachments.models import Attachment
from app.attachments.services import attach, attachments_of
from app.deliberation.agenda import chosen_matter
from app.deliberation.models import Remark
from app.kit.audit import record
from app.kit.moves import begin_move
from app.kit.orm import next_number
from app.people.models import Resident


@dataclass(frozen=True)
class SeenRemark:
    """A remark with its photos and documents."""

    remark: Remark
    attachments: list[Attachment]


def note_remark(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    *,
    speaker: str,
    text: str,
    matter_id: UUID | None,
    attachment_ids: Sequence[UUID],
) -> Remark:
    """Add what somebody said, with photos that its clerk uploaded, to the end of the minutes.

    Raises WrongState, MatterNotChosen, TooManyAttachments, UnknownAttachment.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.MEETING)
    if matter_id is not None:
        chosen_matter(session, agenda_session.id, matter_id)
    remark = Remark(
        session_id=agenda_session.id,
        compound_id=agenda_session.compound_id,
        matter_id=matter_id,
        position=next_number(session, Remark.position, Remark.session_id == agenda_session.id),
        speaker=speaker,
        text=text,
        noted_by_id=by.id,
        noted_at=at,
    )
    session.add(remark)
    session.flush()
    record(session, remark, "note", by, at)
    attach(session, remark, agenda_session.compound_id, attachment_ids, by, at)
    return remark


def with_attachments(session: Session, remarks: Sequence[Remark]) -> list[SeenRemark]:
    """The remarks as they are read, their attachments found in one query."""
    found = attachments_of(session, [remark.id for remark in remarks])
    return [SeenRemark(remark, found.get(remark.id, [])) for remark in remarks]
