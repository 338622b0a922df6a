"""办结与核实: progress, submission, and the check by somebody who is not the doer."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.orm import new_id
from app.people.guards import Actor
from app.works import notices
from app.works.access import DoerCannotVerify, require_doer
from app.works.carrying_out import finish_if_done
from app.works.models import AT_WORK, OrderProgress, OrderState, ProgressKind, WorkOrder
from app.works.orders import begin_move, record_move
from app.works.terms import end_of_due_day


def add_progress(
    session: Session, order: WorkOrder, by: Actor, *, kind: ProgressKind, text: str
) -> OrderProgress:
    """Write down how the work stands. Raises WrongState, NotTheDoer."""
    at = begin_move(session, order)
    require_doer(order, by)
    order.require_state(*AT_WORK)
    progress = OrderProgress(
        id=new_id(),
        order_id=order.id,
        compound_id=order.compound_id,
        kind=kind,
        text=text,
        by_id=by.id,
        by=by.resident,
        at=at,
    )
    session.add(progress)
    record_move(session, order, "progress", by.resident, at, from_state=order.state, reason=kind)
    return progress


def submit_order(session: Session, order: WorkOrder, by: Actor, text: str) -> WorkOrder:
    """The doer says that it is done, and how. Raises WrongState, NotTheDoer."""
    at = begin_move(session, order)
    require_doer(order, by)
    from_state = order.state
    order.submit(text, by.id, at)
    record_move(session, order, "submit", by.resident, at, from_state=from_state, reason=text)
    return order


def verify_order(session: Session, order: WorkOrder, by: Actor, note: str | None) -> WorkOrder:
    """核实: it is done; never by whoever did it. The last one makes its matter done.

    Raises DoerCannotVerify, WrongState.
    """
    at = _begin_check(session, order, by)
    order.verify(by.id, at)
    record_move(
        session, order, "verify", by.resident, at, from_state=OrderState.SUBMITTED, reason=note
    )
    notices.post_verification(session, order, at)
    finish_if_done(session, order.matter_id, by.resident, at)
    return order


def return_order(
    session: Session, order: WorkOrder, by: Actor, *, reason: str, due_on: date | None
) -> WorkOrder:
    """退回: it is not done; never by whoever did it. Its due day stays unless another is given.

    Raises DoerCannotVerify, WrongState, DueDayPassed.
    """
    at = _begin_check(session, order, by)
    order.send_back(reason, end_of_due_day(due_on, at))
    record_move(
        session, order, "return", by.resident, at, from_state=OrderState.SUBMITTED, reason=reason
    )
    return order


def _begin_check(session: Session, order: WorkOrder, by: Actor) -> datetime:
    at = begin_move(session, order)
    order.require_state(OrderState.SUBMITTED)
    if order.is_done_by(by.id) or order.submitted_by_id == by.id:
        raise DoerCannotVerify
    return at
