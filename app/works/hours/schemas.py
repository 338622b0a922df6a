"""What goes in and out about hours."""

import marshmallow as ma

from app.kit.schemas import AnswerSchema, Schema, columns
from app.works.hours.models import WorkHours
from app.works.orders.schemas import Day


class HoursArgs(Schema):
    worked_on = Day(required=True)
    minutes = ma.fields.Integer(
        strict=True, required=True, validate=ma.validate.Range(min=15, max=720)
    )


class HoursSchema(AnswerSchema):
    """A row of the ledger; a reversal has negative minutes and names the row that it takes back."""

    shown = columns(WorkHours, "id order_id member_id minutes reverses_id reason logged_at")
    order = ma.fields.String(attribute="order.label")
    member = ma.fields.String(attribute="member.masked_name")
    worked_on = Day()
