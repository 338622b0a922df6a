"""Making and withdrawing work orders, and how every move of one begins and is logged."""

from datetime import date, datetime
from typing import TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, SessionState
from app.kit import locks
from app.kit.clock import read_database_clock
from app.kit.errors import Forbidden
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id, next_number
from app.matters.models import Matter, MatterState
from app.matters.services import hold_matter
from app.people.actor import Actor
from app.people.models import Resident, Role
from app.resolutions.models import BINDING, Resolution
from app.works.carrying_out import begin_work, finish_if_done
from app.works.due_days import end_of_due_day
from app.works.limits import Urgency
from app.works.orders.models import DoerKind, OrderState, OrderWay, WorkOrder
from app.works.refusals import OrderFromResolution


class OrderWords(TypedDict):
    """What an order is made from. `is_open` lets whoever comes first take it."""

    title: str
    text: str
    urgency: Urgency
    doer_kind: DoerKind
    doer_name: str
    due_on: date | None
    is_open: bool


def create_from_resolution(
    session: Session, resolution: Resolution, by: Actor, **words: Unpack[OrderWords]
) -> WorkOrder:
    """An order that carries out a passed resolution, after its round table has ended.

    Raises WrongState, Forbidden, DueDayPassed.
    """
    begin_move(session, resolution)
    if resolution.state not in BINDING:
        resolution.require_state()
    session.refresh(resolution.agenda_session)
    resolution.agenda_session.require_state(
        SessionState.RESOLVED, SessionState.EXECUTING, SessionState.EVALUATING
    )
    locks.hold_alone(session, resolution.matter_id)
    matter = hold_matter(session, resolution.matter_id)
    matter.require_state(MatterState.RESOLVED, MatterState.EXECUTING, MatterState.REOPENED)
    return _create(session, matter, resolution, by, words)


def create_from_matter(
    session: Session, matter: Matter, by: Actor, **words: Unpack[OrderWords]
) -> WorkOrder:
    """An order for a matter that was dispatched, or is carried out where no resolution gives orders
    (any more): it was superseded, or its session has ended.

    Raises WrongState, OrderFromResolution, Forbidden, DueDayPassed.
    """
    locks.hold_alone(session, matter.id)
    matter = hold_matter(session, matter.id)
    matter.require_state(
        MatterState.DISPATCHED, MatterState.RESOLVED, MatterState.EXECUTING, MatterState.REOPENED
    )
    if matter.state is not MatterState.DISPATCHED and _gives_orders(session, matter):
        raise OrderFromResolution
    return _create(session, matter, None, by, words)


def _gives_orders(session: Session, matter: Matter) -> bool:
    """Whether a resolution that binds, of a session that has not ended, is about the matter."""
    query = (
        select(Resolution.id)
        .join(AgendaSession, Resolution.session_id == AgendaSession.id)
        .where(
            Resolution.matter_id == matter.id,
            Resolution.state.in_(BINDING),
            AgendaSession.state != SessionState.CLOSED,
        )
    )
    return bool(session.scalar(select(query.exists())))


def _create(
    session: Session,
    matter: Matter,
    resolution: Resolution | None,
    by: Actor,
    words: OrderWords,
) -> WorkOrder:
    at = read_database_clock(session)
    way = _way(by, matter, words["is_open"])
    locks.hold_alone(session, matter.compound_id)
    order = WorkOrder(
        id=new_id(),
        compound_id=matter.compound_id,
        compound=matter.compound,
        matter_id=matter.id,
        matter=matter,
        resolution_id=None if resolution is None else resolution.id,
        resolution=resolution,
        number=next_number(session, WorkOrder.number, WorkOrder.compound_id == matter.compound_id),
        title=words["title"],
        text=words["text"],
        urgency=words["urgency"],
        way=way,
        doer_kind=words["doer_kind"],
        doer_name=words["doer_name"],
        state=OrderState.REQUESTED,
        requested_by_id=by.id,
        requested_at=at,
        due_at=end_of_due_day(words["due_on"], at),
        return_count=0,
        escalation_level=0,
    )
    session.add(order)
    session.flush()
    record_move(session, order, "request", by.resident, at, reason=way)
    if way is not OrderWay.PROPOSE:
        start(session, order, by.resident, at)
    return order


def start(session: Session, order: WorkOrder, by: Resident, at: datetime) -> None:
    """The order stands: its matter is carried out from now on; session and matter are held."""
    agenda_session = None
    if order.resolution is not None:
        agenda_session = order.resolution.agenda_session
        session.refresh(agenda_session)
    begin_work(session, hold_matter(session, order.matter_id), agenda_session, by, at)


def withdraw_order(session: Session, order: WorkOrder, by: Resident, reason: str) -> None:
    """Withdraw an order that nobody has accepted, also where it was assigned already. Raises
    WrongState."""
    at = begin_move(session, order)
    order.withdraw(reason)
    record_move(session, order, "withdraw", by, at, reason=reason)
    finish_if_done(session, order.matter_id, by, at)


def _way(by: Actor, matter: Matter, is_open: bool) -> OrderWay:
    """The secretary makes orders; whoever else may, proposes them."""
    if Role.BRANCH_SECRETARY in by.roles_in(matter.compound):
        return OrderWay.TAKE if is_open else OrderWay.ASSIGN
    if is_open:
        raise Forbidden(
            zh="抢单由党支部书记发布", en="Only the branch secretary can open an order to takers"
        )
    return OrderWay.PROPOSE
