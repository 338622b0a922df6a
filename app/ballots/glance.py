"""What phones poll while a vote is on, in one statement: how many voted, whether there is a result.

As with the ordinary cast (`app.ballots.first_cast`) the statement itself asks who may look. It says
nothing where they may not, or where a move of the session is due; then the view goes the long way.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, or_, select
from sqlalchemy.engine import Engine

from app import clock
from app.agenda.models import AgendaSession, RollEntry, SessionOutcome, SessionState
from app.compounds.models import Community, Compound
from app.orm import reading, table_of
from app.people.bearer import Bearer, holds_office_over, lives_in, login_stands

ROLL, SESSIONS = table_of(RollEntry), table_of(AgendaSession)
COMPOUNDS, COMMUNITIES = table_of(Compound), table_of(Community)
RESULT_FORMAT = 1  # part of every ETag of a result: raise it when what a result tells changes


@dataclass(frozen=True)
class Glance:
    """A session as it stands, and its turnout."""

    session_id: UUID
    state: SessionState
    outcome: SessionOutcome | None
    roll: int
    returned: int

    @property
    def turnout_version(self) -> str:
        """Changes with the turnout."""
        return f"{self.state}-{self.roll}-{self.returned}"


def result_version(session_id: UUID, state: SessionState) -> str:
    """Changes with what is told of a result: it is stored once, only the session goes on."""
    return f"{RESULT_FORMAT}-{session_id}-{state}"


def look(engine: Engine, bearer: Bearer, session_id: UUID) -> Glance | None:
    """The session for somebody who lives or holds an office there; None where that is not so, or
    where a move is due."""
    at = clock.now()
    parameters = {**bearer.parameters(), "session": session_id, "on_day": clock.local_date(at)}
    with reading(engine) as connection:
        row = connection.execute(_query(), parameters).first()
    if row is None:
        return None
    session = AgendaSession(
        state=row.state,
        voting_opens_at=row.voting_opens_at,
        voting_closes_at=row.voting_closes_at,
    )
    if session.is_due(at):
        return None
    return Glance(session_id, row.state, row.outcome, row.roll, row.returned)


@cache
def _query() -> Select[Any]:
    turnout = (
        select(
            func.count(ROLL.c.resident_id).label("roll"),
            func.count(ROLL.c.voted_on).label("returned"),
        )
        .where(ROLL.c.session_id == bindparam("session", type_=Uuid))
        .subquery("turnout")
    )
    return (
        select(
            SESSIONS.c.state,
            SESSIONS.c.outcome,
            SESSIONS.c.voting_opens_at,
            SESSIONS.c.voting_closes_at,
            turnout.c.roll,
            turnout.c.returned,
        )
        .join_from(SESSIONS, COMPOUNDS, COMPOUNDS.c.id == SESSIONS.c.compound_id)
        .join(COMMUNITIES, COMMUNITIES.c.id == COMPOUNDS.c.community_id)
        .join(turnout, SESSIONS.c.id == bindparam("session", type_=Uuid))
        .where(
            login_stands(),
            or_(
                lives_in(COMPOUNDS.c.id),
                holds_office_over(COMPOUNDS.c.id, COMMUNITIES.c.id, COMMUNITIES.c.subdistrict_id),
            ),
        )
    )
