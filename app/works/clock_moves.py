"""Orders and whistles follow the clock: what is overdue is reported upwards, before anybody reads
it; `flask finalise` does it for what nobody touches, and so for the board, which is polled too
often to ask.

Level 1 is the community's, as soon as a term is missed; level 2 is the street's, when it is still
missed 3 working days later. Each term is reported once on each level.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.calendar import add_working_days
from app.kit.extensions import db
from app.kit.moves import begin_move, record_move
from app.kit.orm import new_id
from app.works import notices
from app.works.access import order_is_overdue, whistle_due_at, whistle_step
from app.works.ledgers import Escalation, MissedStep
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
    made = _made(session, Escalation.order_id == order.id, MissedStep.SUBMIT, order.due_at)
    for level in _levels(made, order.due_at, at):
        session.add(
            Escalation(
                id=new_id(),
                compound_id=order.compound_id,
                order_id=order.id,
                step=MissedStep.SUBMIT,
                level=level,
                due_at=order.due_at,
                escalated_at=at,
            )
        )
        order.escalate(level, at)
        record_move(session, order, "escalate", None, at, reason=f"level {level}")
    if is_first:
        notices.post_overdue_order(session, order, at)


def escalate_whistle(session: Session, whistle: Whistle) -> None:
    """Report a whistle whose next step is overdue by the database's clock; the caller commits."""
    at = begin_move(session, whistle)
    step, due_at = whistle.next_step or (MissedStep.SIGN, None)
    if due_at is None or at < due_at:
        return
    is_first = whistle.escalated_at is None
    made = _made(session, Escalation.whistle_id == whistle.id, step, due_at)
    for level in _levels(made, due_at, at):
        session.add(
            Escalation(
                id=new_id(),
                compound_id=whistle.compound_id,
                whistle_id=whistle.id,
                step=step,
                level=level,
                due_at=due_at,
                escalated_at=at,
            )
        )
        whistle.escalate(level, at)
        record_move(session, whistle, "escalate", None, at, reason=f"{step}, level {level}")
    if is_first:
        notices.post_overdue_whistle(session, whistle, step, due_at, at)


def due_orders(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of orders whose being overdue is to be reported, within `scope`."""
    same_term = and_(Escalation.order_id == WorkOrder.id, Escalation.due_at == WorkOrder.due_at)
    query = _with_level(WorkOrder, WorkOrder.due_at, same_term)
    return _to_report(session, query.where(order_is_overdue(clock.now()), *scope))


def due_whistles(session: Session, *scope: ColumnElement[bool]) -> list[UUID]:
    """Ids of whistles whose next step is overdue and to be reported, within `scope`."""
    same_term = and_(
        Escalation.whistle_id == Whistle.id,
        Escalation.step == whistle_step,
        Escalation.due_at == whistle_due_at,
    )
    query = _with_level(Whistle, whistle_due_at, same_term)
    return _to_report(session, query.where(whistle_due_at <= clock.now(), *scope))


def _with_level(
    kind: type[WorkOrder] | type[Whistle], due_at: Any, same_term: ColumnElement[bool]
) -> Select[Any]:
    """Things with their term and the highest level to which its being missed was reported.

    Those of which the street knows are left out: after ten years that is nearly all that is
    overdue. Without GROUP BY and ORDER BY, which would lead SQLite to another index.
    """
    level = select(func.max(Escalation.level)).where(same_term).scalar_subquery()
    of_street = select(Escalation.id).where(same_term, Escalation.level == STREET)
    return select(kind.id, due_at, level.correlate(kind)).where(~of_street.correlate(kind).exists())


def escalate_all(session: Session, order_ids: Sequence[UUID], whistle_ids: Sequence[UUID]) -> None:
    """Report each of these, in a commit of its own."""
    for order_id in order_ids:
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        escalate_order(session, session.get_one(WorkOrder, order_id))
        session.commit()
    for whistle_id in whistle_ids:
        session.rollback()
        escalate_whistle(session, session.get_one(Whistle, whistle_id))
        session.commit()


def escalate_orders_before_request() -> None:
    """Orders that the request is about to read or write are brought up to date first."""
    scope = _scope(WorkOrder, "order_id", request.view_args or {})
    if scope is not None:
        escalate_all(db.session(), due_orders(db.session(), scope), [])


def escalate_whistles_before_request() -> None:
    """Whistles that the request is about to read or write are brought up to date first."""
    scope = _scope(Whistle, "whistle_id", request.view_args or {})
    if scope is not None:
        escalate_all(db.session(), [], due_whistles(db.session(), scope))


def _scope(
    kind: type[WorkOrder] | type[Whistle], name: str, args: dict[str, Any]
) -> ColumnElement[bool] | None:
    """Which of them the request's address is about, if any."""
    scope: ColumnElement[bool] | None = None
    if name in args:
        scope = kind.id == args[name]
    elif "compound_id" in args:
        scope = kind.compound_id == args["compound_id"]
    return scope


def _to_report(session: Session, query: Select[Any]) -> list[UUID]:
    """Of ids with their missed term and the highest level made, those with one to be made."""
    now = clock.now()
    return sorted(
        thing_id
        for thing_id, due_at, level in session.execute(query)
        if _levels(range(1, 1 + (level or 0)), due_at, now)
    )


def _levels(made: Sequence[int], due_at: datetime, at: datetime) -> list[int]:
    """The levels on which a term that was missed is to be reported now."""
    is_streets = STREET not in made and _is_streets(due_at, at)
    return [level for level, is_due in ((1, 1 not in made), (STREET, is_streets)) if is_due]


def _is_streets(due_at: datetime, at: datetime) -> bool:
    # A term that ends at 24:00 ends on the day before the instant that no longer belongs to it.
    last_moment = due_at - timedelta(microseconds=1)
    return at >= add_working_days(last_moment, SECOND_LEVEL.days)


def _made(
    session: Session, about: ColumnElement[bool], step: MissedStep, due_at: datetime
) -> Sequence[int]:
    return session.scalars(
        select(Escalation.level).where(about, Escalation.step == step, Escalation.due_at == due_at)
    ).all()
