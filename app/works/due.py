"""Orders and whistles follow the clock: what is overdue is reported upwards.

Level 1 is the community's, as soon as a term is missed; level 2 is the street's, when it is still
missed 3 working days later. Each term is reported once on each level.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.board.posting import post
from app.kit import clock
from app.kit.calendar.models import current_tables
from app.kit.calendar.terms import Calendar
from app.kit.due import NOW, Due
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.works import notices
from app.works.access import order_is_overdue, whistle_due_at, whistle_step
from app.works.escalations import Escalation, MissedStep
from app.works.limits import SECOND_LEVEL
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle

STREET = 2


def escalate_order(session: Session, order: WorkOrder) -> None:
    """Report an order that is overdue by the database's clock; the caller commits."""
    at = begin_move(session, order)
    if order.due_at is None or not order.is_overdue(at):
        return
    is_first = order.escalated_at is None
    _report(session, order, Escalation.order_id, MissedStep.SUBMIT, order.due_at, at)
    if is_first:
        post(session, notices.ORDER_OVERDUE, order, at)


def escalate_whistle(session: Session, whistle: Whistle) -> None:
    """Report a whistle whose next step is overdue by the database's clock; the caller commits."""
    at = begin_move(session, whistle)
    step, due_at = whistle.next_step or (MissedStep.SIGN, None)
    if due_at is None or at < due_at:
        return
    is_first = whistle.escalated_at is None
    _report(session, whistle, Escalation.whistle_id, step, due_at, at)
    if is_first:
        post(session, notices.WHISTLE_ESCALATED, whistle, at, step=step, due_at=due_at)


def _report(
    session: Session,
    thing: WorkOrder | Whistle,
    about: InstrumentedAttribute[UUID | None],
    step: MissedStep,
    due_at: datetime,
    at: datetime,
) -> None:
    """Report a missed term on each level on which that is due; `about` is where the ledger names
    such a thing."""
    made = session.scalars(
        select(Escalation.level).where(
            about == thing.id, Escalation.step == step, Escalation.due_at == due_at
        )
    ).all()
    for level in _levels(made, due_at, at, Calendar(current_tables())):
        escalation = Escalation(
            id=new_id(),
            compound_id=thing.compound_id,
            step=step,
            level=level,
            due_at=due_at,
            escalated_at=at,
        )
        setattr(escalation, about.key, thing.id)
        session.add(escalation)
        thing.escalate(level, at)
        # An order has but one step.
        missed = "" if step is MissedStep.SUBMIT else f"{step}, "
        record_move(session, thing, "escalate", None, at, reason=f"{missed}level {level}")


def _levels(made: Sequence[int], due_at: datetime, at: datetime, calendar: Calendar) -> list[int]:
    """The levels on which a term that was missed is to be reported now."""
    is_streets = STREET not in made and _is_streets(due_at, at, calendar)
    return [level for level, is_due in ((1, 1 not in made), (STREET, is_streets)) if is_due]


def _is_streets(due_at: datetime, at: datetime, calendar: Calendar) -> bool:
    # A term that ends at 24:00 ends on the day before the instant that no longer belongs to it.
    last_moment = due_at - timedelta(microseconds=1)
    return at >= calendar.add_working_days(last_moment, SECOND_LEVEL.days)


def _knows_street(same_term: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Escalation.id).where(same_term, Escalation.level == STREET).exists()


def _to_report(
    kind: type[WorkOrder] | type[Whistle],
    is_due: ColumnElement[bool],
    due_at: Any,
    same_term: ColumnElement[bool],
) -> Callable[[Session, Sequence[UUID]], list[UUID]]:
    """Picks those whose missed term is to be reported now: working days are not counted in SQL."""
    level = select(func.max(Escalation.level)).where(same_term).correlate(kind).scalar_subquery()
    query = select(kind.id, due_at, level).where(is_due).order_by(kind.id)

    def confirm(session: Session, ids: Sequence[UUID]) -> list[UUID]:
        now, calendar = clock.now(), Calendar(current_tables())
        rows = session.execute(query.where(kind.id.in_(ids)), {"now": now})
        return [
            id_
            for id_, term, made in rows
            if _levels(range(1, 1 + (made or 0)), term, now, calendar)
        ]

    return confirm


_SAME_TERM = and_(Escalation.order_id == WorkOrder.id, Escalation.due_at == WorkOrder.due_at)
_SAME_STEP = and_(
    Escalation.whistle_id == Whistle.id,
    Escalation.step == whistle_step,
    Escalation.due_at == whistle_due_at,
)
# Those of which the street knows are left out: after ten years that is nearly all that is overdue.
_ORDER_IS_DUE = and_(order_is_overdue(NOW), ~_knows_street(_SAME_TERM))
_WHISTLE_IS_DUE = and_(whistle_due_at <= NOW, ~_knows_street(_SAME_STEP))
ORDERS = Due(
    "orders",
    WorkOrder,
    _ORDER_IS_DUE,
    escalate_order,
    "已督办 {} 件逾期工单",
    "overdue orders escalated: {}",
    _to_report(WorkOrder, _ORDER_IS_DUE, WorkOrder.due_at, _SAME_TERM),
)
WHISTLES = Due(
    "whistles",
    Whistle,
    _WHISTLE_IS_DUE,
    escalate_whistle,
    "已督办 {} 件逾期吹哨",
    "overdue whistles escalated: {}",
    _to_report(Whistle, _WHISTLE_IS_DUE, whistle_due_at, _SAME_STEP),
)
