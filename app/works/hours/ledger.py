"""工时: the ledger of what seated members give, in minutes; rows are taken back, never edited."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kit import locks
from app.kit.audit import record
from app.kit.clock import local_date, read_database_clock
from app.kit.errors import WrongState
from app.kit.orm import new_id
from app.people.actor import Actor
from app.people.models import Role
from app.works.hours.models import WorkHours
from app.works.orders.models import AT_WORK, DONE, OrderState, WorkOrder
from app.works.refusals import HoursReversedAlready, InvalidDay, NotTheDoer, TooManyMinutes

MINUTES_A_DAY = 720
TAKEN_ON = AT_WORK | DONE | {OrderState.SUBMITTED}


def log_hours(
    session: Session, order: WorkOrder, by: Actor, *, worked_on: date, minutes: int
) -> WorkHours:
    """Log one's own time on an order that one carries out or helps with.

    Raises NotTheDoer, WrongState, InvalidDay, TooManyMinutes.
    """
    locks.hold_alone(session, by.id)
    session.refresh(order)
    at = read_database_clock(session)
    if not order.is_done_by(by.id):
        raise NotTheDoer
    order.require_state(*TAKEN_ON)
    if order.accepted_at is None or not local_date(order.accepted_at) <= worked_on <= local_date(
        at
    ):
        raise InvalidDay
    logged = session.scalar(
        select(func.sum(WorkHours.minutes)).where(
            WorkHours.member_id == by.id, WorkHours.worked_on == worked_on
        )
    )
    if (logged or 0) + minutes > MINUTES_A_DAY:
        raise TooManyMinutes
    hours = WorkHours(
        id=new_id(),
        order=order,
        compound_id=order.compound_id,
        member_id=by.id,
        member=by.resident,
        worked_on=worked_on,
        minutes=minutes,
        logged_by_id=by.id,
        logged_at=at,
    )
    session.add(hours)
    _record(session, hours, "log", by)
    return hours


def reverse_hours(session: Session, hours: WorkHours, by: Actor, reason: str) -> WorkHours:
    """冲销: take a row back by another one; one's own, or as the branch secretary.

    Raises NotTheDoer, WrongState, HoursReversedAlready.
    """
    if hours.member_id != by.id and Role.BRANCH_SECRETARY not in by.roles_in(hours.order.compound):
        raise NotTheDoer
    if hours.reverses_id is not None:
        raise WrongState(zh="冲销记录不能再冲销", en="A reversal cannot be reversed")
    reversal = WorkHours(
        id=new_id(),
        order_id=hours.order_id,
        order=hours.order,
        compound_id=hours.compound_id,
        member_id=hours.member_id,
        member=hours.member,
        worked_on=hours.worked_on,
        minutes=-hours.minutes,
        reverses_id=hours.id,
        reason=reason,
        logged_by_id=by.id,
        logged_at=read_database_clock(session),
    )
    try:
        with session.begin_nested():
            session.add(reversal)
    except IntegrityError:
        raise HoursReversedAlready from None
    _record(session, reversal, "reverse", by)
    return reversal


def _record(session: Session, hours: WorkHours, verb: str, by: Actor) -> None:
    record(session, hours, verb, by.id, hours.logged_at, reason=hours.reason)
