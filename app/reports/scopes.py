"""Which rows a report counts: those of a place in a period, or those of one session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.agenda.models import AgendaItem, AgendaSession
from app.compounds.models import Community, Compound, Subdistrict
from app.evaluations.models import MatterEvaluation
from app.evaluations.rates import Scope as WorkScope
from app.evaluations.rates import Within, scope_of_places, scope_of_session
from app.kit.audit import AuditEntry
from app.reports.periods import Period
from app.resolutions.models import Resolution
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

Place = Compound | Community | Subdistrict
Moments = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True)
class Scope:
    """Conditions for each kind of row. `place` and `period` are empty for a session's own report,
    which is of no month: there all is counted that came of the session so far."""

    communities: ColumnElement[bool]
    works: WorkScope
    sessions: ColumnElement[bool]
    results: ColumnElement[bool]
    judged: ColumnElement[bool]
    moves: ColumnElement[bool]
    place: Within | None = None
    period: Period | None = None

    def during(self, column: Moments) -> ColumnElement[bool]:
        """Whether the moment lies in the period; in any, where there is none."""
        if self.period is None:
            return true()
        return (column >= self.period.begin) & (column < self.period.end)


def within(place: Place) -> Within:
    """The condition that a column of compounds names one in this place."""
    place_id = place.id
    compounds = select(Compound.id).join(Community, Compound.community_id == Community.id)
    if isinstance(place, Compound):
        return lambda column: column == place_id
    if isinstance(place, Community):
        return lambda column: column.in_(compounds.where(Community.id == place_id))
    return lambda column: column.in_(compounds.where(Community.subdistrict_id == place_id))


def communities_of(place: Place) -> ColumnElement[bool]:
    """The communities in which a category may be frequent: those of the place, or its own."""
    if isinstance(place, Subdistrict):
        return Community.subdistrict_id == place.id
    return Community.id == (place.community_id if isinstance(place, Compound) else place.id)


def scope_of_place(place: Place, period: Period) -> Scope:
    inside = within(place)
    first, last = period.months
    return Scope(
        communities=communities_of(place),
        works=scope_of_places(inside, period.first, period.last),
        sessions=inside(AgendaSession.compound_id) & AgendaSession.period.between(first, last),
        results=inside(AgendaSession.compound_id),
        judged=inside(MatterEvaluation.compound_id),
        moves=inside(AuditEntry.compound_id),  # type: ignore[arg-type]
        place=inside,
        period=period,
    )


def scope_of_one_session(agenda_session: AgendaSession, community_id: UUID) -> Scope:
    """What came of a session: its list and count, its resolutions, and the work on its matters."""
    works = scope_of_session(agenda_session)
    is_own = AgendaSession.id == agenda_session.id
    listed = select(AgendaItem.matter_id).where(AgendaItem.session_id == agenda_session.id)
    return Scope(
        communities=Community.id == community_id,
        works=works,
        sessions=is_own,
        results=is_own,
        judged=MatterEvaluation.matter_id.in_(listed)
        & (MatterEvaluation.concluded_at >= agenda_session.created_at),
        moves=AuditEntry.thing_id.in_(
            select(Resolution.id)
            .where(Resolution.session_id == agenda_session.id)
            .union(
                select(WorkOrder.id).where(works.orders), select(Whistle.id).where(works.whistles)
            )
        )
        | (AuditEntry.thing_id == agenda_session.id),
    )
