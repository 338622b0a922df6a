"""办结与核实: progress, submission, and the check by somebody who is not the doer."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.attachments.services import attach
from app.board.posting import is_posted, post
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.people.actor import Actor
from app.works import notices
from app.works.access import require_doer
from app.works.carrying_out import finish_if_done
from app.works.due_days import end_of_due_day
from app.works.orders.models import AT_WORK, OrderProgress, OrderState, ProgressKind, WorkOrder
from app.works.refusals import DoerCannotVerify


def add_progress(
    session: Session,
    order: WorkOrder,
    by: Actor,
    *,
    kind: ProgressKind,
    text: str,
    attachment_ids: Sequence[UUID],
) -> OrderProgress:
    """Write down how the work stands, with photos that the same person uploaded.

    The photos are for whoever lives or holds an office in the place, also where a public notice
    tells of the order: faces may be on them. Raises WrongState, NotTheDoer, TooManyAttachments,
    UnknownAttachment.
    """
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
    record_move(session, order, "progress", by.resident, at, reason=kind)
    attach(session, progress, order.compound_id, attachment_ids, by.resident, at)
    return progress


def submit_order(
    session: Session, order: WorkOrder, by: Actor, *, text: str, attachment_ids: Sequence[UUID]
) -> None:
    """The doer says that it is done, and how, with photos as in `add_progress`.

    Raises WrongState, NotTheDoer, TooManyAttachments, UnknownAttachment.
    """
    at = begin_move(session, order)
    require_doer(order, by)
    order.submit(text, by.id, at)
    record_move(session, order, "submit", by.resident, at, reason=text)
    attach(session, order, order.compound_id, attachment_ids, by.resident, at)


def verify_order(session: Session, order: WorkOrder, by: Actor, note: str | None) -> None:
    """核实: it is done; never by whoever did it. The last one makes its matter done.

    Raises DoerCannotVerify, WrongState.
    """
    at = _begin_check(session, order, by)
    order.verify(by.id, at)
    record_move(session, order, "verify", by.resident, at, reason=note)
    if not is_posted(session, notices.ORDER_VERIFIED, order):  # else it follows what is done anew
        post(session, notices.ORDER_VERIFIED, order, at)
    finish_if_done(session, order.matter_id, by.resident, at)


def return_order(
    session: Session, order: WorkOrder, by: Actor, *, reason: str, due_on: date | None
) -> None:
    """退回: it is not done; never by whoever did it. Its due day stays unless another is given.

    Raises DoerCannotVerify, WrongState, DueDayPassed.
    """
    at = _begin_check(session, order, by)
    order.send_back(reason, end_of_due_day(due_on, at))
    record_move(session, order, "return", by.resident, at, reason=reason)


def _begin_check(session: Session, order: WorkOrder, by: Actor) -> datetime:
    at = begin_move(session, order)
    order.require_state(OrderState.SUBMITTED)
    if order.is_done_by(by.id) or order.submitted_by_id == by.id:
        raise DoerCannotVerify
    return at
