"""What goes in and out about whistles."""

import marshmallow as ma

from app.attachments.schemas import AttachmentSchema
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, columns
from app.kit.web.api import PageArgs
from app.works.limits import WhistleKind
from app.works.orders.schemas import Day, WorkReasonArgs
from app.works.whistles.models import Whistle, WhistleGround, WhistleState


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
    state = AnyOf(WhistleState)
    overdue = ma.fields.Boolean(load_default=False)


class WhistleSchema(AnswerSchema):
    """A whistle: each term and the time at which its step really came.

    `is_overdue` means that the term of the department's next step has passed; `is_in_time` is known
    once the whistle is closed.
    """

    shown = columns(
        Whistle,
        "id compound_id matter_id number ground text state requested_at kind department "
        "blown_at objected_at objection sign_due_at signed_at contact_due_at contacted_at "
        "report_due_at reported_at report due_at fed_back_at feedback closed_at reason "
        "rework_count escalation_level escalated_at label is_in_time",
        of="whistle",
    )
    matter = ma.fields.String(attribute="whistle.matter.title")
    is_overdue = ma.fields.Boolean()


class WhistleDetailSchema(WhistleSchema):
    """A whistle with the photos of its report, and of the feedback that `feedback` shows."""

    report_attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))
    feedback_attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))
