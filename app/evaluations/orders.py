"""结项与退回重办: the end of an order after the follow-up, or its return to the doer."""

from datetime import date

from sqlalchemy.orm import Session

from app.evaluations.follow_ups import is_doer
from app.evaluations.judging import current_follow_ups
from app.evaluations.limits import FOLLOW_UP_TERM
from app.evaluations.refusals import RaiserNotAsked, RaiserSaysUnsolved
from app.kit.moves import begin_move, record_move
from app.matters.models import MatterState
from app.matters.services import hold_matter
from app.people.models import Resident
from app.works.due_days import end_of_due_day
from app.works.limits import ORDER_TERMS
from app.works.orders.models import OrderState, WorkOrder
from app.works.refusals import DoerCannotVerify


def close_order(session: Session, order: WorkOrder, by: Resident) -> None:
    """结项: after the raiser's answer, or seven days after the check where none came.

    Never by whoever carried it out (L6-23). Raises DoerCannotVerify, WrongState, RaiserNotAsked,
    RaiserSaysUnsolved.
    """
    at = begin_move(session, order)
    if is_doer(order, by.id):
        raise DoerCannotVerify
    order.require_state(OrderState.VERIFIED, OrderState.RATED)
    from_state = order.state
    if order.verified_at is not None and from_state is OrderState.VERIFIED:
        if at < order.verified_at + FOLLOW_UP_TERM:
            raise RaiserNotAsked
    elif any(
        each.order_id == order.id and each.is_raiser and not each.solved
        for each in current_follow_ups(session, order.matter_id)
    ):
        raise RaiserSaysUnsolved
    order.close()
    record_move(session, order, "close", by, at)


def reopen_order(
    session: Session, order: WorkOrder, by: Resident, *, reason: str, due_on: date | None
) -> None:
    """退回重办: it is not solved after all; its doer goes on, with a new term.

    Without a day the term of its urgency begins anew. The matter is being carried out, or was
    judged unsolved and is carried out again. Raises WrongState, DueDayPassed.
    """
    at = begin_move(session, order)
    matter = hold_matter(session, order.matter_id)
    matter.require_state(MatterState.EXECUTING, MatterState.REOPENED)
    order.reopen(reason, end_of_due_day(due_on, at) or at + ORDER_TERMS[order.urgency].length)
    record_move(session, order, "reopen", by, at, reason=reason)
    if matter.state is MatterState.REOPENED:
        matter.execute()
        record_move(session, matter, "execute", by, at, reason=order.label)
