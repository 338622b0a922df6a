"""The four rates of work, counted from orders and whistles (domain notes, sections 5 and 8.2).

Response: first contact in its term, of all whose term is over or that were contacted. Solved:
raisers who answer "solved", of those who answered. Satisfaction: raisers who are satisfied or
mostly so, of those who answered. In time: finished in its term, of all that are finished or due.
No answer is in neither number. Emergencies are listed apart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.agenda.models import AgendaItem, AgendaSession
from app.evaluations.models import FollowUp
from app.evaluations.outcome import Rate, Satisfaction
from app.kit.calendar.terms import end_of_day
from app.resolutions.models import Resolution
from app.works.limits import Urgency
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import Whistle, WhistleGround, WhistleState


@dataclass(frozen=True)
class Work:
    """What one order or whistle adds to the rates; None counts in neither number."""

    is_responded: bool | None
    is_in_time: bool | None
    is_solved: bool | None
    is_pleasing: bool | None
    is_emergency: bool = False
    said_by: UUID | None = None


Within = Callable[[InstrumentedAttribute[UUID]], ColumnElement[bool]]


@dataclass(frozen=True)
class Rates:
    """The rates, and how many people gave the answers to them."""

    response: Rate
    solved_rate: Rate
    satisfaction: Rate
    in_time: Rate
    people: int = 0

    def told(self, *, to_officer: bool = False) -> dict[str, Rate | None]:
        """The rates of any days, of which two could be subtracted: what raisers think of the work
        is for officers."""
        is_told = to_officer or self.people == 0
        return {
            "response": self.response,
            "solved_rate": self.solved_rate,
            "satisfaction": self.satisfaction if is_told else None,
            "in_time": self.in_time,
        }


def rates_of(works: Iterable[Work]) -> Rates:
    """The rates of all these together."""
    works = list(works)
    return Rates(
        response=_rate(each.is_responded for each in works),
        solved_rate=_rate(each.is_solved for each in works),
        satisfaction=_rate(each.is_pleasing for each in works),
        in_time=_rate(each.is_in_time for each in works),
        people=len({each.said_by for each in works if each.is_pleasing is not None}),
    )


def _rate(facts: Iterable[bool | None]) -> Rate:
    counted = [fact for fact in facts if fact is not None]
    return Rate(sum(counted), len(counted))


class Scope(NamedTuple):
    """Which orders and which whistles are counted."""

    orders: ColumnElement[bool]
    whistles: ColumnElement[bool]


def scope_of_compound(compound_id: UUID, first: date, last: date) -> Scope:
    """What was assigned or blown in the compound on these days, the last one included."""
    return scope_of_places(lambda column: column == compound_id, first, last)


def scope_of_places(within: Within, first: date, last: date) -> Scope:
    """The same of all places that `within` asks a column of compounds for."""
    begin, end = end_of_day(first - timedelta(days=1)), end_of_day(last)
    return Scope(
        within(WorkOrder.compound_id)
        & (WorkOrder.assigned_at >= begin)
        & (WorkOrder.assigned_at < end),
        within(Whistle.compound_id) & (Whistle.blown_at >= begin) & (Whistle.blown_at < end),
    )


def scope_of_session(agenda_session: AgendaSession) -> Scope:
    """The orders of its resolutions, and what else was done since for the matters on its list."""
    resolutions = select(Resolution.id).where(Resolution.session_id == agenda_session.id)
    listed = select(AgendaItem.matter_id).where(AgendaItem.session_id == agenda_session.id)
    since = agenda_session.created_at
    return Scope(
        WorkOrder.resolution_id.in_(resolutions)
        | (
            WorkOrder.resolution_id.is_(None)
            & WorkOrder.matter_id.in_(listed)
            & (WorkOrder.assigned_at >= since)
        ),
        Whistle.matter_id.in_(listed) & (Whistle.blown_at >= since),
    )


class WorkRows(NamedTuple):
    """Orders and whistles, and the raiser's last answer by the id of what it is about."""

    orders: Sequence[WorkOrder]
    whistles: Sequence[Whistle]
    said: dict[UUID, FollowUp]

    @property
    def is_settled(self) -> bool:
        """Whether no more answers are asked for, so that nothing of this changes with the next."""
        return all(order.state is OrderState.CLOSED for order in self.orders) and all(
            whistle.state is WhistleState.EVALUATED for whistle in self.whistles
        )

    def works(self, at: datetime) -> list[Work]:
        """What each of them adds to the rates."""
        return [
            *(order_work(order, self.said.get(order.id), at) for order in self.orders),
            *(whistle_work(each, self.said.get(each.id), at) for each in self.whistles),
        ]


def read_works(session: Session, scope: Scope, at: datetime) -> list[Work]:
    """What the orders of the scope that were assigned, and its whistles that were blown, add."""
    return read_rows(session, scope).works(at)


def read_rows(session: Session, scope: Scope) -> WorkRows:
    """The orders of the scope that were assigned, and its whistles that were blown."""
    orders = select(WorkOrder).where(
        WorkOrder.assigned_at.is_not(None), WorkOrder.state != OrderState.WITHDRAWN, scope.orders
    )
    whistles = select(Whistle).where(
        Whistle.state.not_in([WhistleState.COLLECTED, WhistleState.WITHDRAWN]), scope.whistles
    )
    said = _last_answers(session, scope)
    return WorkRows(session.scalars(orders).all(), session.scalars(whistles).all(), said)


def order_work(order: WorkOrder, said: FollowUp | None, at: datetime) -> Work:
    """What an order adds. One that its raiser calls unsolved is due, until it is done anew."""
    return Work(
        is_responded=kept(order.contacted_at, order.contact_due_at, at),
        is_in_time=_order_in_time(order, said, at),
        is_solved=None if said is None else said.solved,
        is_pleasing=None if said is None else said.satisfaction is not Satisfaction.NOT,
        is_emergency=order.urgency is Urgency.EMERGENCY,
        said_by=None if said is None else said.resident_id,
    )


def whistle_work(whistle: Whistle, said: FollowUp | None, at: datetime) -> Work:
    """What a whistle adds: it responds by signing and by the first contact, each in its term."""
    steps = (
        kept(whistle.signed_at, whistle.sign_due_at, at),
        kept(whistle.contacted_at, whistle.contact_due_at, at),
    )
    return Work(
        is_responded=False if False in steps else (None if None in steps else True),
        is_in_time=_whistle_in_time(whistle, said, at),
        is_solved=None if said is None else said.solved,
        is_pleasing=None if said is None else said.satisfaction is not Satisfaction.NOT,
        is_emergency=whistle.ground is WhistleGround.EMERGENCY,
        said_by=None if said is None else said.resident_id,
    )


def kept(done_at: datetime | None, due_at: datetime | None, at: datetime) -> bool | None:
    """Whether a step came in its term; None while it may still come."""
    if due_at is None:
        return None
    if done_at is not None:
        return done_at < due_at
    return False if due_at <= at else None


def _order_in_time(order: WorkOrder, said: FollowUp | None, at: datetime) -> bool | None:
    if order.finished_at is not None:
        return order.is_in_time
    if said is not None and not said.solved:
        return False
    # Handed in for its check: late it is late, in time it waits for the check.
    handed_in = order.submitted_at if order.state is OrderState.SUBMITTED else None
    return _due(handed_in, order.due_at, at)


def _whistle_in_time(whistle: Whistle, said: FollowUp | None, at: datetime) -> bool | None:
    if whistle.closed_at is not None:
        return whistle.is_in_time
    if said is not None and not said.solved:
        return False
    handed_in = whistle.fed_back_at if whistle.state is WhistleState.FED_BACK else None
    return _due(handed_in, whistle.due_at, at)


def _due(handed_in: datetime | None, due_at: datetime | None, at: datetime) -> bool | None:
    if due_at is None:
        return None
    return False if (handed_in or at) >= due_at else None


def _last_answers(session: Session, scope: Scope) -> dict[UUID, FollowUp]:
    """The raiser's last answer about each of these."""
    found = session.scalars(
        select(FollowUp)
        .where(
            FollowUp.is_raiser,
            FollowUp.order_id.in_(select(WorkOrder.id).where(scope.orders))
            | FollowUp.whistle_id.in_(select(Whistle.id).where(scope.whistles)),
        )
        .order_by(FollowUp.attempt)
    )
    return {each.order_id or each.whistle_id or each.id: each for each in found}
