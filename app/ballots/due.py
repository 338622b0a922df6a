"""Sessions follow the clock: the list freezes, voting opens, is extended and closes; and where the
key of an open vote was missed, whoever comes looks for it again.
"""

from flask import current_app
from sqlalchemy import and_
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession, SessionState
from app.agenda.services import freeze_list
from app.ballots.keys.lost import follow_key
from app.ballots.keys.store import KeyStore
from app.ballots.voting import close_voting, open_voting
from app.kit.due import NOW, Due
from app.kit.moves import begin_move
from app.kit.orm import constant


def catch_up(
    session: Session, agenda_session: AgendaSession, keys: KeyStore, extension_days: int
) -> None:
    """Make all moves of the session that are due by the database's clock; the caller commits."""
    while agenda_session.is_due(begin_move(session, agenda_session)):
        if agenda_session.state is SessionState.COLLECTING:
            freeze_list(session, agenda_session, by=None)
        elif agenda_session.state is SessionState.LISTED:
            open_voting(session, agenda_session, by=None, keys=keys)
        else:
            close_voting(session, agenda_session, by=None, keys=keys, extension_days=extension_days)
        session.flush()  # the next round reads the session again


def move_session(session: Session, agenda_session: AgendaSession) -> None:
    """The same with the application's keys."""
    days: int = current_app.extensions["settings"].extension_days
    catch_up(session, agenda_session, current_app.extensions["keys"], days)


def look_for_key(session: Session, agenda_session: AgendaSession) -> None:
    """Note what has become of the vote's key."""
    follow_key(session, agenda_session, current_app.extensions["keys"])


MISSED_KEYS = Due(
    "missed_keys",
    AgendaSession,
    and_(
        AgendaSession.state.in_([constant(state) for state in sorted(OPEN_STATES)]),
        AgendaSession.key_missing_since.is_not(None),
    ),
    look_for_key,
)
SESSIONS = Due(
    "sessions",
    AgendaSession,
    AgendaSession.is_due_in_sql(NOW),
    move_session,
    "已推进 {} 期",
    "sessions moved: {}",
)
