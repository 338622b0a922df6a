"""What is told of orders and whistles to whoever does the work or answers for it. Each text is a
file beside this one."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.audit import AuditEntry
from app.messages.models import MessageKind
from app.messages.telling import Message, To, one_by_one
from app.messages.whom import office_holders, offices
from app.people.models import Role
from app.works.escalations import Escalation
from app.works.orders.models import OrderState, WorkOrder
from app.works.whistles.models import Whistle

HERE = Path(__file__).parent
SECRETARIES = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
STREET = Role.SUBDISTRICT_OFFICER
# To whom a missed term is reported on each level (`due.py`); whoever missed it hears of the first.
REPORTED_TO = {1: SECRETARIES, 2: (STREET,)}


@one_by_one
def doers(session: Session, order: WorkOrder, entry: AuditEntry) -> Collection[UUID]:
    """Who acts for the doer of an order now; whoever declined it does not."""
    if OrderState.DECLINED in (order.state, entry.from_state):
        return []
    return [doer.resident_id for doer in order.doers if doer.left_at is None]


@one_by_one
def former_doers(session: Session, order: WorkOrder, entry: AuditEntry) -> Collection[UUID]:
    """From whom it was taken just now."""
    return [doer.resident_id for doer in order.doers if doer.left_at == entry.at]


@one_by_one
def receivers(session: Session, whistle: Whistle, entry: AuditEntry) -> Collection[UUID]:
    """Who stands for the department: who signed, or whoever was called, which may be all of it."""
    receiver = whistle.signed_by_id or whistle.receiver_id
    if receiver is not None:
        return [receiver]
    return office_holders(session, whistle.compound, [Role.DEPARTMENT])


def _levels(session: Session, entry: AuditEntry) -> Collection[int]:
    """On which levels a missed term was reported just now."""
    about = (Escalation.order_id == entry.thing_id) | (Escalation.whistle_id == entry.thing_id)
    return session.scalars(
        select(Escalation.level).where(about, Escalation.escalated_at == entry.at)
    ).all()


@one_by_one
def _told_of_level(session: Session, thing: Any, entry: AuditEntry) -> Collection[UUID]:
    roles = [role for level in _levels(session, entry) for role in REPORTED_TO[level]]
    return office_holders(session, thing.compound, roles)


def _on_first_level(to: To) -> To:
    @one_by_one
    def first(session: Session, thing: Any, entry: AuditEntry) -> Iterable[UUID]:
        return to(session, [entry])[thing.id] if 1 in _levels(session, entry) else ()

    return first


def _of_order(kind: MessageKind, verb: str, to: To, why: str) -> Message:
    return Message(kind, HERE, "order", WorkOrder, verb, to, why)


def _of_whistle(kind: MessageKind, verb: str, to: To, why: str) -> Message:
    return Message(kind, HERE, "whistle", Whistle, verb, to, why)


_K = MessageKind
MESSAGES = (
    _of_order(_K.ORDER_ASSIGNED, "assign", doers, "who accepts or declines it in its term"),
    _of_order(_K.ORDER_TAKEN_AWAY, "assign", former_doers, "who need not do it any more"),
    _of_order(_K.ORDER_RETURNED, "return", doers, "who does it again"),
    _of_order(_K.ORDER_REOPENED, "reopen", doers, "who does it again, with a new term"),
    _of_order(_K.ORDER_WITHDRAWN, "withdraw", doers, "who need not answer it any more"),
    _of_order(_K.ORDER_OVERDUE, "escalate", _on_first_level(doers), "who has missed its day"),
    _of_order(
        _K.ORDER_OVERDUE_REPORTED, "escalate", _told_of_level, "who is to see that it is done"
    ),
    _of_order(_K.ORDER_DECLINED, "decline", offices(*SECRETARIES), "who finds another doer"),
    _of_whistle(_K.WHISTLE_REQUESTED, "request", offices(STREET), "who blows it or does not"),
    _of_whistle(_K.WHISTLE_BLOWN, "blow", receivers, "who signs it within the hour"),
    _of_whistle(_K.WHISTLE_REWORK, "rework", receivers, "who does it again, with a new term"),
    _of_whistle(_K.WHISTLE_RECALLED, "recall", receivers, "who need not do it any more"),
    _of_whistle(
        _K.WHISTLE_OVERDUE, "escalate", _on_first_level(receivers), "who has missed a step"
    ),
    _of_whistle(
        _K.WHISTLE_OVERDUE_REPORTED, "escalate", _told_of_level, "who is to see that it is done"
    ),
    _of_whistle(
        _K.WHISTLE_OBJECTED,
        "object",
        offices(*SECRETARIES, STREET),
        "the street, which looks for another department, and who waits for it",
    ),
)
