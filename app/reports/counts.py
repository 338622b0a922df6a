"""The plain counts of a report, read by one statement whatever the size of the place.

Each thing counts in the month of its own date, on the calendar of the compound:
what was raised by `raised_at`; merged by `screened_at`; listed, resolutions and returned work by
the time of the move in the log; ballots, selected and carried over by `tallied_at`; solved and
reopened by `concluded_at`; owners' votes by `entered_at`; hours by `worked_on`. A session belongs
to the month that it names. Conventions in force are those at the end of the period.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.agenda.models import (
    GIVEN_UP,
    AgendaItem,
    AgendaSession,
    RollEntry,
    SessionOutcome,
    SessionState,
)
from app.ballots.models import ResultRow, SessionResult
from app.compounds.models import Community, Compound
from app.conventions.models import ConventionResolution, ConventionVersion
from app.conventions.texts.clauses import OfficialOwnerVote
from app.evaluations.models import MatterEvaluation
from app.evaluations.outcome import Verdict
from app.kit.audit import AuditEntry
from app.kit.clock import local_date
from app.matters.frequent import count_frequent
from app.matters.models import Category, Matter, MatterState
from app.people.models import Relation, Residence, ResidenceState
from app.reports.scopes import Scope
from app.resolutions.models import Resolution, ResolutionState
from app.works.hours.models import WorkHours
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import WhistleState
from votes.selection import Outcome

HELD_STATES = frozenset(SessionState) - GIVEN_UP - {SessionState.DRAFT}
RESOLUTION_ENDS = {
    "passed": ResolutionState.PASSED,
    "failed": ResolutionState.FAILED,
    "no_quorum": ResolutionState.NO_QUORUM,
    "shelved": ResolutionState.SHELVED,
    "escalated": ResolutionState.ESCALATED,
}


def read_counts(session: Session, scope: Scope, at: datetime) -> dict[str, int | None]:
    """Each count by its name; empty where a session has no such count, or nothing was voted."""
    columns: dict[str, Any] = {
        **_participation(scope),
        **_ballots(scope),
        **_outcome(scope),
        **_agreed(scope, at),
        "minutes": _minutes(scope),
    }
    named = [
        (null() if query is None else query.scalar_subquery()).label(name)
        for name, query in columns.items()
    ]
    return dict(session.execute(select(*named)).one()._mapping)


def _number(model: Any, *where: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(model).where(*where)


def _participation(scope: Scope) -> dict[str, Select[Any] | None]:
    items = (
        select(func.count())
        .select_from(AgendaItem)
        .join(AuditEntry, AuditEntry.thing_id == AgendaItem.session_id)
        .where(
            _is_move("agenda_sessions", SessionState.LISTED),
            _is_counted(scope),
            # The list of a void vote stands once, in the session that holds it again.
            AgendaItem.session_id.not_in(
                select(AgendaSession.id).where(AgendaSession.state == SessionState.VOID)
            ),
        )
    )
    if scope.place is None or scope.period is None:
        return {"raised": None, "merged": None, "listed": items, "compounds": None, "hosts": None}
    here = scope.place(Matter.compound_id)
    return {
        "raised": _number(Matter, here, scope.during(Matter.raised_at)),
        "merged": _number(
            Matter, here, Matter.state == MatterState.MERGED, scope.during(Matter.screened_at)
        ),
        "listed": items,
        "compounds": _number(
            Compound,
            scope.place(Compound.id),
            Compound.since <= scope.period.last,
            Compound.until.is_(None) | (Compound.until > scope.period.first),
        ),
        "hosts": select(func.count(AgendaSession.compound_id.distinct())).where(
            scope.sessions, AgendaSession.state.in_(HELD_STATES)
        ),
    }


def _ballots(scope: Scope) -> dict[str, Select[Any]]:
    """Sums over the votes that were counted; of no vote they are empty. Where fewer than two
    matters were listed nobody was asked (R8)."""
    voted = (AgendaSession.outcome != SessionOutcome.NO_VOTE) & _is_result(scope)
    counted = _results().where(voted)
    live_as_tenants = (
        select(func.count())
        .select_from(RollEntry)
        .join(SessionResult, SessionResult.session_id == RollEntry.session_id)
        .join(AgendaSession, AgendaSession.id == RollEntry.session_id)
        .join(
            Residence,
            and_(
                Residence.resident_id == RollEntry.resident_id,
                Residence.compound_id == RollEntry.compound_id,
                Residence.state == ResidenceState.VERIFIED,
                Residence.relation == Relation.TENANT,
            ),
        )
        .where(voted, RollEntry.voted_on.is_not(None))
    )
    return {
        "votes": counted.with_only_columns(func.count()),
        "roll": counted.with_only_columns(func.sum(SessionResult.roll)),
        "returned": counted.with_only_columns(func.sum(SessionResult.returned)),
        "empty": counted.with_only_columns(func.sum(SessionResult.blank)),
        "tenants": live_as_tenants,
    }


def _outcome(scope: Scope) -> dict[str, Select[Any]]:
    rows = _results().join(ResultRow, ResultRow.session_id == SessionResult.session_id)
    judged = scope.judged & scope.during(MatterEvaluation.concluded_at)
    moves = {
        name: _number(AuditEntry, _is_move("resolutions", state), _is_counted(scope))
        for name, state in RESOLUTION_ENDS.items()
    }
    returned = _is_move("work_orders", OrderState.RETURNED) | _is_move(
        "whistles", WhistleState.REWORK
    )
    return {
        **{
            name: rows.where(_is_result(scope), ResultRow.outcome == outcome).with_only_columns(
                func.count()
            )
            for name, outcome in (("selected", Outcome.SELECTED), ("deferred", Outcome.DEFERRED))
        },
        "solved": _number(MatterEvaluation, judged, MatterEvaluation.verdict == Verdict.CLOSED),
        "reopened": _number(MatterEvaluation, judged, MatterEvaluation.verdict == Verdict.REOPENED),
        **moves,
        "rework": _number(AuditEntry, returned, _is_counted(scope)),
    }


def _agreed(scope: Scope, at: datetime) -> dict[str, Select[Any] | None]:
    """Conventions in force at the end of the period, or now where that is earlier."""
    end = at if scope.period is None else min(scope.period.end, at)
    repealed = select(ConventionVersion.convention_id).where(ConventionVersion.repealed_at < end)
    in_force = select(func.count(ConventionVersion.convention_id.distinct())).where(
        ConventionVersion.in_force_at < end, ConventionVersion.convention_id.not_in(repealed)
    )
    if scope.place is None:
        own = (
            select(ConventionResolution.version_id)
            .join(Resolution, Resolution.id == ConventionResolution.resolution_id)
            .join(AgendaSession, AgendaSession.id == Resolution.session_id)
            .where(scope.sessions)
        )
        return {"conventions": in_force.where(ConventionVersion.id.in_(own)), "owner_votes": None}
    return {
        "conventions": in_force.where(scope.place(ConventionVersion.compound_id)),
        "owner_votes": _number(
            OfficialOwnerVote,
            scope.place(OfficialOwnerVote.compound_id),
            scope.during(OfficialOwnerVote.entered_at),
        ),
    }


def _minutes(scope: Scope) -> Select[Any]:
    minutes = select(func.coalesce(func.sum(WorkHours.minutes), 0))
    if scope.place is None or scope.period is None:
        return minutes.join(WorkOrder, WorkOrder.id == WorkHours.order_id).where(scope.works.orders)
    return minutes.where(
        scope.place(WorkHours.compound_id),
        WorkHours.worked_on.between(scope.period.first, scope.period.last),
    )


def _results() -> Select[Any]:
    return select(SessionResult.session_id).join(
        AgendaSession, AgendaSession.id == SessionResult.session_id
    )


def _is_result(scope: Scope) -> ColumnElement[bool]:
    return scope.results & scope.during(SessionResult.tallied_at)


def _is_move(
    thing: str, to: SessionState | ResolutionState | OrderState | WhistleState
) -> ColumnElement[bool]:
    """Whether an entry of the log says that such a thing came to this state."""
    came_from = AuditEntry.from_state
    return (
        (AuditEntry.thing == thing)
        & (AuditEntry.to_state == to.value)
        & (came_from.is_(None) | (came_from != to.value))
    )


def _is_counted(scope: Scope) -> ColumnElement[bool]:
    return scope.moves & scope.during(AuditEntry.at)


class Spans(NamedTuple):
    """Whole days, each from the day of raising: to closing, and to being carried over."""

    to_closing: Sequence[int]
    carried_over: Sequence[int]


def read_spans(session: Session, scope: Scope) -> Spans:
    """How long matters took that were solved, and had waited that were carried over."""
    closed = (
        select(literal(True), Matter.raised_at, MatterEvaluation.concluded_at)
        .join(MatterEvaluation, MatterEvaluation.matter_id == Matter.id)
        .where(
            scope.judged,
            scope.during(MatterEvaluation.concluded_at),
            MatterEvaluation.verdict == Verdict.CLOSED,
        )
    )
    deferred = (
        select(literal(False), Matter.raised_at, SessionResult.tallied_at)
        .join(ResultRow, ResultRow.matter_id == Matter.id)
        .join(SessionResult, SessionResult.session_id == ResultRow.session_id)
        .join(AgendaSession, AgendaSession.id == SessionResult.session_id)
        .where(_is_result(scope), ResultRow.outcome == Outcome.DEFERRED)
    )
    spans = Spans([], [])
    for is_closed, raised_at, ended_at in session.execute(union_all(closed, deferred)):
        days = (local_date(ended_at) - local_date(raised_at)).days
        (spans.to_closing if is_closed else spans.carried_over).append(days)  # type: ignore[attr-defined]
    return spans


class FrequentCategory(NamedTuple):
    community: str
    category: Category
    matters: int


def read_frequent(session: Session, scope: Scope, begin: datetime, end: datetime) -> list[Any]:
    """The frequent categories of each community between these moments."""
    query = count_frequent(scope.communities, begin, end).order_by(
        Community.name, Community.id, func.count(Matter.id).desc(), Matter.category
    )
    rows = session.execute(query)
    return [FrequentCategory(row.community, row.category, row.matters) for row in rows]
