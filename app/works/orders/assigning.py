"""派单、抢单、接单: assign, take, accept, decline, and the first contact."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.board.posting import post
from app.kit.moves import begin_move, record_move
from app.matters.refusals import ReasonMissing
from app.people.actor import Actor
from app.people.models import Resident
from app.works import notices
from app.works.access import DOERS, require_doer, require_offices
from app.works.due_days import end_of_due_day
from app.works.limits import ORDER_ANSWER, ORDER_TERMS
from app.works.orders.making import start
from app.works.orders.models import AT_WORK, DoerKind, OrderDoer, OrderWay, WorkOrder


def assign_order(
    session: Session,
    order: WorkOrder,
    by: Resident,
    *,
    doer_kind: DoerKind | None,
    doer_name: str | None,
    doer_ids: Collection[UUID],
    due_on: date | None,
    reason: str | None,
) -> None:
    """派单: hand the order to its doer, who answers within 24 hours; confirms what was proposed.

    `doer_ids` act for the doer. An order that was declined, or is not answered, may be assigned
    again, and so may one that was taken on, for a `reason`: its doer has left. Its due day stays
    unless another is given. Raises WrongState, ReasonMissing, InvalidDoer, DueDayPassed.
    """
    at = begin_move(session, order)
    if order.state in AT_WORK:
        if reason is None:
            raise ReasonMissing
        record_move(session, order, "take_back", by, at, reason=reason)
    is_new = order.assigned_at is None
    due_at = end_of_due_day(due_on, at) or order.due_at or at + ORDER_TERMS[order.urgency].length
    order.assign(at, due_at, at + ORDER_ANSWER.length)
    order.doer_kind, order.doer_name = doer_kind or order.doer_kind, doer_name or order.doer_name
    require_offices(session, order.compound, doer_ids, DOERS)
    _name_doers(order, doer_ids, at)
    start(session, order, by, at)
    record_move(session, order, "assign", by, at, reason=order.doer_name)
    if is_new:
        post(session, notices.ORDER_ASSIGNED, order, at)


def take_order(session: Session, order: WorkOrder, by: Actor) -> None:
    """抢单: take an open order and accept it in one; who comes second is refused.

    Raises WrongState.
    """
    at = begin_move(session, order)
    if order.way is not OrderWay.TAKE:
        order.require_state()
    due_at = order.due_at or at + ORDER_TERMS[order.urgency].length
    order.take(at, due_at, at + ORDER_ANSWER.length)
    _name_doers(order, [by.id], at)
    record_move(session, order, "take", by.resident, at)
    post(session, notices.ORDER_ASSIGNED, order, at)


def accept_order(session: Session, order: WorkOrder, by: Actor) -> None:
    """接单: the doer takes the order on. Raises WrongState, NotTheDoer."""
    at = begin_move(session, order)
    require_doer(order, by)
    order.accept(at)
    record_move(session, order, "accept", by.resident, at)


def decline_order(session: Session, order: WorkOrder, by: Actor, reason: str) -> None:
    """The doer does not take the order on, and says why. Raises WrongState, NotTheDoer."""
    at = begin_move(session, order)
    require_doer(order, by)
    order.decline(reason)
    record_move(session, order, "decline", by.resident, at, reason=reason)


def note_contact(session: Session, order: WorkOrder, by: Actor, note: str) -> None:
    """The doer has spoken with the raiser, if not before then now.

    Raises WrongState, NotTheDoer.
    """
    at = begin_move(session, order)
    require_doer(order, by)
    order.contact(at)
    record_move(session, order, "contact", by.resident, at, reason=note)


def _name_doers(order: WorkOrder, resident_ids: Collection[UUID], at: datetime) -> None:
    """Let these people act for the doer from now on, and no others."""
    known = {doer.resident_id: doer for doer in order.doers}
    for resident_id, doer in known.items():
        if resident_id in resident_ids:
            doer.named_at, doer.left_at = at, None
        elif doer.left_at is None:
            doer.left_at = at
    order.doers.extend(
        OrderDoer(resident_id=resident_id, named_at=at)
        for resident_id in dict.fromkeys(resident_ids)
        if resident_id not in known
    )
