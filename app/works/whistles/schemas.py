"""What goes in and out about whistles."""

import marshmallow as ma

from app.attachments.schemas import AttachmentSchema
from app.kit.api import PageArgs
from app.kit.schemas import Id, Instant, Schema, Text
from app.works.limits import WhistleKind
from app.works.orders.schemas import Day, WorkReasonArgs
from app.works.whistles.models import WhistleGround, WhistleState


class WhistleArgs(Schema):
    """`ground` is one of the three cases in which a whistle is allowed."""

    ground = ma.fields.Enum(WhistleGround, by_value=True, required=True)
    text = Text(required=True, max_length=2000, multiline=True)


class BlowArgs(Schema):
    """`receiver_id` holds the office of the department; without it the department as a whole is
    called. `due_on` ends at 24:00; without it the feedback is due after 10 working days."""

    kind = ma.fields.Enum(WhistleKind, by_value=True, required=True)
    department = Text(required=True, max_length=80)
    receiver_id = Id(load_default=None, allow_none=True)
    due_on = Day(load_default=None)


class ReworkArgs(WorkReasonArgs):
    due_on = Day(required=True)


class WhistlesArgs(PageArgs):
    state = ma.fields.Enum(WhistleState, by_value=True)
    overdue = ma.fields.Boolean(load_default=False)


class WhistleSchema(Schema):
    """A whistle: each term and the time at which its step really came.

    `is_overdue` means that the term of the department's next step has passed; `is_in_time` is known
    once the whistle is closed.
    """

    id = Id(attribute="whistle.id", required=True)
    compound_id = Id(attribute="whistle.compound_id", required=True)
    matter_id = Id(attribute="whistle.matter_id", required=True)
    matter = ma.fields.String(attribute="whistle.matter.title", required=True)
    number = ma.fields.Integer(attribute="whistle.number", required=True)
    label = ma.fields.String(attribute="whistle.label", required=True)
    ground = ma.fields.Enum(WhistleGround, by_value=True, attribute="whistle.ground", required=True)
    text = ma.fields.String(attribute="whistle.text", required=True)
    state = ma.fields.Enum(WhistleState, by_value=True, attribute="whistle.state", required=True)
    requested_at = Instant(attribute="whistle.requested_at", required=True)
    kind = ma.fields.Enum(
        WhistleKind, by_value=True, attribute="whistle.kind", required=True, allow_none=True
    )
    department = ma.fields.String(attribute="whistle.department", required=True, allow_none=True)
    blown_at = Instant(attribute="whistle.blown_at", required=True, allow_none=True)
    objected_at = Instant(attribute="whistle.objected_at", required=True, allow_none=True)
    objection = ma.fields.String(attribute="whistle.objection", required=True, allow_none=True)
    sign_due_at = Instant(attribute="whistle.sign_due_at", required=True, allow_none=True)
    signed_at = Instant(attribute="whistle.signed_at", required=True, allow_none=True)
    contact_due_at = Instant(attribute="whistle.contact_due_at", required=True, allow_none=True)
    contacted_at = Instant(attribute="whistle.contacted_at", required=True, allow_none=True)
    report_due_at = Instant(attribute="whistle.report_due_at", required=True, allow_none=True)
    reported_at = Instant(attribute="whistle.reported_at", required=True, allow_none=True)
    report = ma.fields.String(attribute="whistle.report", required=True, allow_none=True)
    due_at = Instant(attribute="whistle.due_at", required=True, allow_none=True)
    fed_back_at = Instant(attribute="whistle.fed_back_at", required=True, allow_none=True)
    feedback = ma.fields.String(attribute="whistle.feedback", required=True, allow_none=True)
    closed_at = Instant(attribute="whistle.closed_at", required=True, allow_none=True)
    is_in_time = ma.fields.Boolean(attribute="whistle.is_in_time", required=True, allow_none=True)
    is_overdue = ma.fields.Boolean(required=True)
    reason = ma.fields.String(attribute="whistle.reason", required=True, allow_none=True)
    rework_count = ma.fields.Integer(attribute="whistle.rework_count", required=True)
    escalation_level = ma.fields.Integer(attribute="whistle.escalation_level", required=True)
    escalated_at = Instant(attribute="whistle.escalated_at", required=True, allow_none=True)


class WhistleDetailSchema(WhistleSchema):
    """A whistle with the photos of its report, and of the feedback that `feedback` shows."""

    report_attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)
    feedback_attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)
