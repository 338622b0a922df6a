"""Obtaining what work is about on somebody's behalf, who counts as its doer, and what is seen."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from app.compounds.models import Compound
from app.kit import clock
from app.kit.orm import constant
from app.matters.models import Matter
from app.people.actor import Actor
from app.people.models import Appointment, Role
from app.works.orders.models import OWED, OrderState, OrderWay, WorkOrder
from app.works.refusals import InvalidDoer, NotTheDoer
from app.works.whistles.models import WHISTLE_STEPS, Whistle, WhistleState

# Who may be named to act for a doer.
DOERS = (
    Role.BRANCH_SECRETARY,
    Role.BUILDING_HEAD,
    Role.OC_DIRECTOR,
    Role.PROPERTY_MANAGER,
    Role.SEATED_MEMBER,
    Role.DEPARTMENT,
    Role.COMMUNITY_SECRETARY,
)
# Who may confirm that work is done, or send it back; never whoever did it
# (`orders.finishing`, `whistles.moving`).
ORDER_CHECKERS = (
    Role.BRANCH_SECRETARY,
    Role.GRID_WORKER,
    Role.BUILDING_HEAD,
    Role.COMMUNITY_SECRETARY,
)
WHISTLE_CHECKERS = (Role.SUBDISTRICT_OFFICER, Role.COMMUNITY_SECRETARY, Role.GRID_WORKER)


def require_doer(order: WorkOrder, actor: Actor) -> None:
    """Raises NotTheDoer unless this person acts for the order's doer.

    Where nobody is named, as for a body without an account, the branch secretary writes down what
    it does.
    """
    is_named = any(doer.left_at is None for doer in order.doers)
    acts = (
        order.is_done_by(actor.id)
        if is_named
        else Role.BRANCH_SECRETARY in actor.roles_in(order.compound)
    )
    if not acts:
        raise NotTheDoer


def require_offices(
    session: Session, compound: Compound, resident_ids: Collection[UUID], roles: Collection[Role]
) -> None:
    """Raises InvalidDoer unless each of these people holds one of the offices there today."""
    today = clock.local_date(clock.now())
    holding = session.scalars(
        select(Appointment.resident_id).where(
            Appointment.resident_id.in_(resident_ids),
            Appointment.role.in_(roles),
            Appointment.since <= today,
            or_(Appointment.until.is_(None), Appointment.until > today),
            Appointment.ended_at.is_(None),
            or_(
                Appointment.compound_id == compound.id,
                Appointment.community_id == compound.community_id,
                Appointment.subdistrict_id == compound.subdistrict_id,
            ),
        )
    ).all()
    if set(holding) != set(resident_ids):
        raise InvalidDoer


def order_is_overdue(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """`WorkOrder.is_overdue` for the database."""
    # Written as an index on state and term finds it; an OR around the states would not.
    is_no_proposal = or_(WorkOrder.state != OrderState.REQUESTED, WorkOrder.way != OrderWay.PROPOSE)
    states = sorted([*OWED, OrderState.REQUESTED])
    may_be_owed = WorkOrder.state.in_([constant(state) for state in states])
    return and_(may_be_owed, WorkOrder.due_at <= at, is_no_proposal)


_W = WhistleState


def _by_step(sign: Any, report: Any, feed_back: Any) -> ColumnElement[Any]:
    return case(
        (Whistle.state == constant(_W.BLOWN), sign),
        (Whistle.state == constant(_W.SIGNED), report),
        (Whistle.state.in_([constant(_W.REPORTED), constant(_W.REWORK)]), feed_back),
    )


# What a department owes now, and until when (`Whistle.next_step`), for the database.
whistle_step = _by_step(*(literal(step.value) for step in WHISTLE_STEPS))
whistle_due_at = _by_step(Whistle.sign_due_at, Whistle.report_due_at, Whistle.due_at)


def orders_of(compound_id: UUID) -> Select[WorkOrder]:
    """The orders of a compound with all that a list shows of them."""
    return (
        select(WorkOrder)
        .where(WorkOrder.compound_id == compound_id)
        .options(joinedload(WorkOrder.matter, innerjoin=True).load_only(Matter.title))
    )


def order_as_listed(order: WorkOrder) -> dict[str, Any]:
    """The order as `ListedOrderSchema` writes it."""
    return {"order": order, "is_overdue": order.is_overdue(clock.now())}


def order_as_seen(order: WorkOrder) -> dict[str, Any]:
    """The order as `OrderSchema` writes it."""
    doers = [doer.resident for doer in order.doers if doer.left_at is None]
    return {**order_as_listed(order), "doers": doers}


def whistles_of(compound_id: UUID) -> Select[Whistle]:
    """The whistles of a compound with all that is seen of them."""
    return (
        select(Whistle)
        .where(Whistle.compound_id == compound_id)
        .options(joinedload(Whistle.matter, innerjoin=True).load_only(Matter.title))
    )


def whistle_as_seen(whistle: Whistle) -> dict[str, Any]:
    """The whistle as `WhistleSchema` writes it."""
    return {"whistle": whistle, "is_overdue": whistle.is_overdue(clock.now())}
