"""What the board says of orders and whistles; nobody is named. Each text is a file beside this
one."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow as ma

from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter
from app.works.orders.models import DONE, OrderState, WorkOrder
from app.works.whistles.models import Whistle


class OrderData(Schema):
    """An order for programs: its words, its doer and its terms."""

    order_id = Id(attribute="id")
    label = ma.fields.String()
    shown = columns(WorkOrder, "number title text state urgency matter_id resolution_id")
    matter = ma.fields.String(attribute="matter.title")
    session_id = Id(attribute="resolution.session_id", dump_default=None)
    doing = columns(WorkOrder, "doer_kind doer_name due_at finished_at")
    is_in_time = ma.fields.Boolean()


class WhistleData(Schema):
    """A whistle for programs: its department, its terms, and when each step really came."""

    whistle_id = Id(attribute="id")
    label = ma.fields.String()
    shown = columns(Whistle, "number state ground kind department matter_id rework_count")
    matter = ma.fields.String(attribute="matter.title")
    steps = columns(
        Whistle,
        "sign_due_at signed_at contact_due_at contacted_at report_due_at reported_at due_at"
        " fed_back_at closed_at",
    )
    is_in_time = ma.fields.Boolean()


class ShelvedMatterData(Schema):
    """A matter that nobody carries on, for programs."""

    matter_id = Id(attribute="id")
    shown = columns(Matter, "title state reason")


HERE = Path(__file__).parent


def _words_of_assignment(order: WorkOrder, at: datetime) -> dict[str, Any]:
    """Who carries it out until when; or that nobody does any more."""
    has_ended = order.state in (OrderState.DECLINED, OrderState.WITHDRAWN)
    return {
        "doer": [order.doer_kind, order.doer_name],
        "due_at": order.due_at and order.due_at.isoformat(),
        "ended": order.state if has_ended else None,
    }


def _words_of_overdue_order(order: WorkOrder, at: datetime) -> dict[str, Any]:
    """That it is overdue and not done, whose it is, and how far it has come."""
    return {
        **_words_of_assignment(order, at),
        **_words_of_done_order(order, at),
        "is_overdue": order.is_overdue(at),
        "state": "DONE" if order.state in DONE else order.state,
    }


def _words_of_done_order(order: WorkOrder, at: datetime) -> dict[str, Any]:
    """When it was done, and whether in time."""
    return {
        "finished_at": order.finished_at and order.finished_at.isoformat(),
        "is_in_time": order.is_in_time,
    }


def _words_of_overdue_whistle(whistle: Whistle, at: datetime) -> dict[str, Any]:
    """Which department owes what."""
    step, _ = whistle.next_step or (None, None)
    return {
        "department": whistle.department,
        "step": step,
        "is_overdue": whistle.is_overdue(at),
        "state": whistle.state if step is None else None,
    }


def _order(kind: NoticeKind, says: Callable[[WorkOrder, datetime], dict[str, Any]]) -> Notice:
    return Notice(kind, HERE, "order", OrderData().dump, says)


MATTER_SHELVED = Notice(NoticeKind.MATTER_SHELVED, HERE, "matter", ShelvedMatterData().dump)
ORDER_ASSIGNED = _order(NoticeKind.ORDER_ASSIGNED, _words_of_assignment)
ORDER_VERIFIED = _order(NoticeKind.ORDER_VERIFIED, _words_of_done_order)
ORDER_OVERDUE = _order(NoticeKind.ORDER_OVERDUE, _words_of_overdue_order)
WHISTLE_ESCALATED = Notice(
    NoticeKind.WHISTLE_ESCALATED, HERE, "whistle", WhistleData().dump, _words_of_overdue_whistle
)
# Its last words: what was closed stays closed.
WHISTLE_CLOSED = Notice(NoticeKind.WHISTLE_CLOSED, HERE, "whistle", WhistleData().dump)
follows(WorkOrder, ORDER_ASSIGNED, ORDER_VERIFIED, ORDER_OVERDUE)
follows(Whistle, WHISTLE_ESCALATED)
