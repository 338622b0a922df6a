"""The round table of a session: how it begins, and how it stands."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.board.posting import post
from app.deliberation import notices
from app.deliberation.agenda import DiscussedMatter, read_agenda
from app.deliberation.attendance import Presence, count_present
from app.deliberation.invitations import ChecklistLine, read_checklist, require_complete
from app.deliberation.refusals import NothingChosen
from app.kit.moves import begin_move, record_move
from app.people.models import Resident


@dataclass(frozen=True)
class RoundTable:
    """Agenda, invitations and attendance of a session."""

    agenda_session: AgendaSession
    agenda: list[DiscussedMatter]
    checklist: list[ChecklistLine]
    attendance: Presence


def start_meeting(session: Session, agenda_session: AgendaSession, by: Resident) -> None:
    """Begin the round table on the chosen matters; agenda and cards go on the board.

    Raises WrongState, NothingChosen, ChecklistIncomplete.
    """
    at = begin_move(session, agenda_session)
    agenda_session.require_state(SessionState.TALLIED)
    agenda = read_agenda(session, agenda_session.id, resident_id=None)
    if not agenda:
        raise NothingChosen
    require_complete(read_checklist(session, agenda_session.id))
    agenda_session.start_meeting()
    record_move(session, agenda_session, "start_meeting", by, at)
    post(
        session,
        notices.ROUND_TABLE_AGENDA,
        agenda_session,
        at,
        agenda=agenda,
        data={"matters": notices.DiscussedMatterData(many=True).dump(agenda)},
    )


def read_round_table(
    session: Session, agenda_session: AgendaSession, resident_id: UUID
) -> RoundTable:
    """How the round table stands, as this person sees it; without an agenda before the tally."""
    return RoundTable(
        agenda_session,
        read_agenda(session, agenda_session.id, resident_id),
        read_checklist(session, agenda_session.id),
        count_present(session, agenda_session.id),
    )
