"""What phones poll while a vote is on, in one statement: how many voted, whether there is a result.

As with the ordinary cast (`cast.first_cast`) the statement itself asks who may look. It says
nothing where they may not, or where a move of the session is due; then the view
asks anew and says why.
"""

from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import Select, Uuid, bindparam, func, or_, select, true
from sqlalchemy.engine import Engine

from app.agenda.models import AgendaSession, RollEntry, SessionOutcome, SessionState
from app.compounds.models import Community, Compound
from app.kit import clock
from app.kit.orm import UTCDateTime, reading, table_of
from app.kit.prepared import Prepared
from app.kit.remembered import Remembered
from app.people.bearer import Bearer, holds_office_over, lives_in, login_stands

ROLL, SESSIONS = table_of(RollEntry), table_of(AgendaSession)
COMPOUNDS, COMMUNITIES = table_of(Compound), table_of(Community)
SESSION_ID = bindparam("for_session", type_=Uuid)
COUNT_SECONDS = 1.0  # many phones poll; counting grows with the roll
MANY_COUNTS = 4096
MANY_RESULTS = 256
RESULT_FORMAT = 1  # part of every ETag of a result: raise it when what a result tells changes


@dataclass(frozen=True)
class Progress:
    """How far a session has come."""

    state: SessionState
    outcome: SessionOutcome | None


@dataclass(frozen=True)
class Turnout:
    """How many may vote and how many did."""

    state: SessionState
    roll: int
    returned: int

    @property
    def version(self) -> str:
        """Changes with the turnout."""
        return f"{self.state}-{self.roll}-{self.returned}"


def result_version(session_id: UUID, state: SessionState) -> str:
    """Changes with what is told of a result: it is stored once, only the session goes on."""
    return f"{RESULT_FORMAT}-{session_id}-{state}"


# Bodies of results by version. On the evening of a count a whole compound asks for the same one.
result_bodies: Remembered[str, bytes] = Remembered(MANY_RESULTS)


def look_at_session(engine: Engine, bearer: Bearer, session_id: UUID) -> Progress | None:
    """For somebody who lives or holds an office there; None where that is not so, or where a move
    is due."""
    row = _look(engine, _progress(engine.dialect.name), bearer, session_id)
    if row is None:
        return None
    outcome = SessionOutcome(row.outcome) if row.outcome else None
    return Progress(SessionState(row.state), outcome)


def look_at_turnout(engine: Engine, bearer: Bearer, session_id: UUID) -> Turnout | None:
    """As `look_at_session`. The numbers may be as old as `COUNT_SECONDS`, but not older than the
    state, nor than what this process has stored. Each process has its own: of two that answer, the
    later may tell the older numbers."""
    turnout = _turnouts.get(session_id)
    if turnout is not None:
        row = _look(engine, _progress(engine.dialect.name), bearer, session_id)
        if row is None:
            return None
        if row.state == turnout.state:
            return turnout
    began, forgettings = monotonic(), _turnouts.forgettings
    row = _look(engine, _turnout(engine.dialect.name), bearer, session_id)
    if row is None:
        return None
    if row.state == SessionState.VOID:  # there is more to say
        return None
    turnout = Turnout(SessionState(row.state), row.roll, row.returned)
    if forgettings == _turnouts.forgettings:  # else somebody has voted while we counted
        _turnouts.put(session_id, turnout, since=began)
    return turnout


_turnouts: Remembered[UUID, Turnout] = Remembered(MANY_COUNTS, COUNT_SECONDS)


def forget_count(response: Response) -> Response:
    """After a request that may have stored a ballot or admitted a voter, count again: one that
    names a session and was not refused. An answer of 5xx may come after a commit."""
    session_id = (request.view_args or {}).get("session_id")
    is_reading = request.method in ("GET", "HEAD", "OPTIONS")
    if session_id is not None and not is_reading and not 400 <= response.status_code < 500:
        _turnouts.forget(session_id)
    return response


def _look(engine: Engine, query: Prepared, bearer: Bearer, session_id: UUID) -> Any:
    at = clock.now()
    values = {"for_session": session_id, "on_day": clock.local_date(at), "at": at}
    with reading(engine) as connection:
        return query.execute(connection, {**bearer.parameters(), **values}).first()


@cache
def _progress(dialect: str) -> Prepared:
    return Prepared(_seen().add_columns(SESSIONS.c.outcome), dialect)


@cache
def _turnout(dialect: str) -> Prepared:
    counted = (
        select(
            func.count(ROLL.c.resident_id).label("roll"),
            func.count(ROLL.c.voted_on).label("returned"),
        )
        .where(ROLL.c.session_id == SESSION_ID)
        .subquery("turnout")
    )
    return Prepared(_seen().add_columns(*counted.c).join(counted, true()), dialect)


def _seen() -> Select[Any]:
    """The session's state, for whoever may look."""
    # Most who look live there; the places above are read for the others alone.
    in_office = holds_office_over(
        COMPOUNDS.c.id, COMMUNITIES.c.id, COMMUNITIES.c.subdistrict_id
    ).where(COMPOUNDS.c.id == SESSIONS.c.compound_id, COMMUNITIES.c.id == COMPOUNDS.c.community_id)
    return select(SESSIONS.c.state).where(
        SESSIONS.c.id == SESSION_ID,
        ~AgendaSession.is_due_in_sql(bindparam("at", type_=UTCDateTime)),
        login_stands(),
        or_(lives_in(SESSIONS.c.compound_id), in_office),
    )
