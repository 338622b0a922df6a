"""What the board says of orders and whistles; nobody is named. Each text is a file beside this
one."""

from pathlib import Path

import marshmallow as ma

from app.board.models import NoticeKind
from app.board.posting import Notice
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter
from app.works.orders.models import WorkOrder
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


def _order(kind: NoticeKind) -> Notice:
    return Notice(kind, HERE, "order", OrderData().dump)


def _whistle(kind: NoticeKind) -> Notice:
    return Notice(kind, HERE, "whistle", WhistleData().dump)


MATTER_SHELVED = Notice(NoticeKind.MATTER_SHELVED, HERE, "matter", ShelvedMatterData().dump)
ORDER_ASSIGNED = _order(NoticeKind.ORDER_ASSIGNED)
ORDER_VERIFIED = _order(NoticeKind.ORDER_VERIFIED)
ORDER_OVERDUE = _order(NoticeKind.ORDER_OVERDUE)
WHISTLE_ESCALATED = _whistle(NoticeKind.WHISTLE_ESCALATED)
WHISTLE_CLOSED = _whistle(NoticeKind.WHISTLE_CLOSED)
