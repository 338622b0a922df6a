"""Sessions follow the clock: what is due is done before anybody reads or writes it.

Every request that names a session, a matter or a place first catches up what is due there;
`flask finalise` does the same for what nobody touches.
"""

import logging
from typing import Any
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload

from app.agenda.models import AgendaSession, SessionState
from app.agenda.services import freeze_list
from app.ballots.counting import CountsDisagree
from app.ballots.keys.lost import follow_keys, is_missed
from app.ballots.keys.store import KeyStore, VotingKeyMissing
from app.ballots.sealing import forget
from app.ballots.voting import close_voting, open_voting
from app.compounds.models import Community
from app.kit import clock
from app.kit.errors import DomainError
from app.kit.extensions import db
from app.kit.moves import begin_move
from app.matters.models import Matter

log = logging.getLogger(__name__)

# These ask in their own statement whether a move is due, and catch up if one is.
ASK_THEMSELVES = frozenset({"ballots.cast_ballot", "ballots.read_turnout", "ballots.read_result"})


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


def due_sessions(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of sessions that the clock has reached, within `scope`."""
    is_due = AgendaSession.is_due_in_sql(clock.now())
    return list(session.scalars(select(AgendaSession.id).where(is_due, *scope)))


def move_session(session: Session, agenda_session: AgendaSession) -> None:
    """Make all moves of the session that are due, with the application's keys; the caller
    commits."""
    days: int = current_app.extensions["settings"].extension_days
    catch_up(session, agenda_session, current_app.extensions["keys"], days)


def catch_up_all(session: Session, ids: list[UUID]) -> None:
    """Catch up each of these sessions in a commit of its own."""
    keys: KeyStore = current_app.extensions["keys"]
    for session_id in ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        try:
            agenda_session = session.get_one(AgendaSession, session_id)
            move_session(session, agenda_session)
            session.commit()
            forget(session, agenda_session, keys)
        except VotingKeyMissing:
            follow_keys(session, [session_id])
        except (CountsDisagree, DomainError, DBAPIError) as error:
            # Somebody must look at this session. It takes no ballots outside its hours, readers
            # see it as it was, and other sessions go on.
            log.critical("session %s cannot be moved: %s", session_id, type(error).__name__)
            session.rollback()


def catch_up_before_request() -> None:
    """What the request is about to read or write is brought up to date first."""
    args = request.view_args or {}
    if request.endpoint in ASK_THEMSELVES:
        return
    if "session_id" in args:
        catch_up_session(args["session_id"])
        return
    scope = _scope(args)
    if scope is not None:
        catch_up_all(db.session(), due_sessions(db.session(), scope))


def catch_up_session(session_id: UUID) -> None:
    """Make the moves of this session that are due."""
    # The view needs these rows anyhow. Held in `g`, since the identity map forgets what nobody
    # holds; so they are read once.
    agenda_session = g.agenda_session = db.session.get(
        AgendaSession, session_id, options=[joinedload(AgendaSession.compound)]
    )
    if agenda_session is None:
        return
    if agenda_session.is_due(clock.now()):
        catch_up_all(db.session(), [agenda_session.id])
    elif is_missed(agenda_session):
        follow_keys(db.session(), [agenda_session.id])


def _scope(args: dict[str, Any]) -> ColumnElement[bool] | None:
    """The place that the request's address names, if any."""
    kind = args.get("kind")
    compound_id = args.get("compound_id", args.get("place_id") if kind == "compounds" else None)
    community_id = args.get("community_id", args.get("place_id") if kind == "communities" else None)
    scope: ColumnElement[bool] | None = None
    if compound_id is not None:
        scope = AgendaSession.compound_id == compound_id
    elif community_id is not None:
        scope = AgendaSession.community_id == community_id
    elif kind == "subdistricts":
        communities = select(Community.id).where(Community.subdistrict_id == args["place_id"])
        scope = AgendaSession.community_id.in_(communities)
    elif "matter_id" in args:
        home = select(Matter.compound_id).where(Matter.id == args["matter_id"]).scalar_subquery()
        scope = AgendaSession.compound_id == home
    return scope
