"""Whom a round table invites, and whether anybody was forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import DISCUSSION_STATES, AgendaSession
from app.deliberation.models import CHECKLIST, Invitation, InviteeKind
from app.deliberation.refusals import AlreadyInvited, ChecklistIncomplete, NameOrReason
from app.kit.audit import record
from app.kit.errors import Refused
from app.kit.moves import begin_move
from app.people.models import Resident
from app.people.refusals import UnknownResident


@dataclass(frozen=True)
class ChecklistLine:
    """One kind of the checklist: how many were invited, or why nobody needs to be."""

    kind: InviteeKind
    invited: int
    not_needed_why: str | None

    @property
    def is_missing(self) -> bool:
        return not self.invited and self.not_needed_why is None


def invite(
    session: Session,
    agenda_session: AgendaSession,
    by: Resident,
    *,
    kind: InviteeKind,
    name: str | None,
    resident_id: UUID | None,
    not_needed_why: str | None,
) -> Invitation:
    """Put somebody on the list, or say why nobody of this kind is needed.

    Raises WrongState, NameOrReason, UnknownResident, AlreadyInvited.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(*DISCUSSION_STATES)
    if (name is None) == (not_needed_why is None) or (name is None and resident_id is not None):
        raise NameOrReason
    if resident_id is not None and session.get(Resident, resident_id) is None:
        raise UnknownResident
    invitation = Invitation(
        session_id=agenda_session.id,
        compound_id=agenda_session.compound_id,
        kind=kind,
        name=name,
        resident_id=resident_id,
        not_needed_why=not_needed_why,
        invited_at=at,
    )
    try:
        with session.begin_nested():
            session.add(invitation)
    except IntegrityError:
        raise AlreadyInvited from None
    record(session, invitation, "invite", by, at, reason=not_needed_why)
    return invitation


def read_checklist(session: Session, session_id: UUID) -> list[ChecklistLine]:
    """Each kind that a round table must have thought of, in order."""
    rows = session.execute(
        select(Invitation.kind, func.count(Invitation.name), func.max(Invitation.not_needed_why))
        .where(Invitation.session_id == session_id)
        .group_by(Invitation.kind)
    )
    found = {kind: ChecklistLine(kind, invited, why) for kind, invited, why in rows}
    return [found.get(kind, ChecklistLine(kind, 0, None)) for kind in CHECKLIST]


def require_complete(checklist: Sequence[ChecklistLine]) -> None:
    """Raises ChecklistIncomplete, which names each missing kind."""
    missing = [line.kind for line in checklist if line.is_missing]
    if missing:
        raise ChecklistIncomplete(
            errors=[
                Refused(kind, "missing", f"没有邀请{kind.zh}", f"No {kind.en} invited")
                for kind in missing
            ]
        )
