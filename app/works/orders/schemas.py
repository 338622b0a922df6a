"""What goes in and out about work orders."""

from datetime import date
from typing import Any

import marshmallow as ma

from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, columns
from app.kit.web.api import PageArgs
from app.people.schemas import ResidentSchema
from app.works.limits import Urgency
from app.works.orders.models import DoerKind, OrderProgress, OrderState, ProgressKind, WorkOrder

MAX_DOERS = 20


class Day(ma.fields.Date):
    """A calendar day in the compound."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= day.year <= 2199:
            raise ma.ValidationError("The year must be between 2000 and 2199.")
        return day


class OrderArgs(Schema):
    """`due_on` ends at 24:00; without it the term follows from `urgency` when the order is
    assigned. `is_open` lets whoever comes first take the order (抢单)."""

    title = Text(required=True, max_length=80)
    text = Text(required=True, max_length=2000, multiline=True)
    urgency = ma.fields.Enum(Urgency, by_value=True, load_default=Urgency.NORMAL)
    doer_kind = ma.fields.Enum(DoerKind, by_value=True, required=True)
    doer_name = Text(required=True, max_length=80)
    due_on = Day(load_default=None)
    is_open = ma.fields.Boolean(load_default=False)


class AssignArgs(Schema):
    """`doer_ids` act for the doer; where nobody is named, the branch secretary writes down what it
    does. What is left out stays as it was requested. `reason` says why an order is taken back from
    a doer who took it on."""

    doer_kind = ma.fields.Enum(DoerKind, by_value=True, load_default=None)
    doer_name = Text(max_length=80, load_default=None)
    doer_ids = ma.fields.List(Id(), load_default=list, validate=ma.validate.Length(max=MAX_DOERS))
    due_on = Day(load_default=None)
    reason = Text(max_length=500, multiline=True, load_default=None)


class OrdersArgs(PageArgs):
    state = AnyOf(OrderState)
    doer_kind = AnyOf(DoerKind)
    overdue = ma.fields.Boolean(load_default=False)


class WorkReasonArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class ContactArgs(Schema):
    note = Text(required=True, max_length=500, multiline=True)


class CheckWorkArgs(Schema):
    """What was found, if anything is to be said of it."""

    note = Text(max_length=500, multiline=True, load_default=None)


class WorkWordsArgs(Schema):
    """`attachment_ids` names uploads of the same person, at most 9. Faces may be on photos of work:
    they are for whoever lives or holds an office in the place, and no public notice shows them."""

    text = Text(required=True, max_length=2000, multiline=True)
    attachment_ids = AttachmentIds()


class ProgressArgs(WorkWordsArgs):
    kind = ma.fields.Enum(ProgressKind, by_value=True, load_default=ProgressKind.PROGRESS)


class ReturnOrderArgs(WorkReasonArgs):
    """`due_on` is the new due day, if there is one."""

    due_on = Day(load_default=None)


class ListedOrderSchema(AnswerSchema):
    """An order as a list shows it. Terms are exclusive: what comes before one is in time.

    `is_overdue` means that the term has passed and nobody has said
    that it is done; `is_in_time` is known once it is verified.
    """

    shown = columns(
        WorkOrder,
        "id compound_id matter_id resolution_id number title text urgency way doer_kind "
        "doer_name state requested_at due_at assigned_at accept_due_at accepted_at "
        "contact_due_at contacted_at submission submitted_at verified_at finished_at reason "
        "return_count escalation_level escalated_at label is_contacted_in_time is_in_time",
        of="order",
    )
    matter = ma.fields.String(attribute="order.matter.title")
    is_overdue = ma.fields.Boolean()


class OrderSchema(ListedOrderSchema):
    """An order with those who act for its doer now."""

    doers = ma.fields.List(ma.fields.Nested(ResidentSchema))


class ProgressSchema(AnswerSchema):
    shown = columns(OrderProgress, "id kind text at", of="progress")
    by = ma.fields.String(attribute="progress.by.masked_name")
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))


class OrderDetailSchema(OrderSchema):
    """An order with what its doer has written down, oldest first, and with photos.

    `submission_attachments` are those of the submission that `submission` shows, the newest one.
    """

    submission_attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))
    progress = ma.fields.List(ma.fields.Nested(ProgressSchema))
