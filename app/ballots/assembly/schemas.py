"""What goes in and out about assemblies that are counted."""

import marshmallow as ma

from app.agenda.models import ManualMethod
from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.ballots.assembly.models import ManualTotal
from app.ballots.schemas import MarkArgs
from app.kit.schemas import AnswerSchema, Id, Schema, columns

MAX_PEOPLE = 100_000
MAX_TOTALS = 300


class ManualMethodArgs(Schema):
    method = ma.fields.Enum(ManualMethod, by_value=True, required=True, allow_none=True)


class ManualTotalArgs(MarkArgs):
    marks = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(min=0, max=MAX_PEOPLE)
    )


class ManualCountArgs(Schema):
    """The people who took part, and the marks that each matter received of each weight."""

    participants = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(min=1, max=MAX_PEOPLE)
    )
    totals = ma.fields.List(
        ma.fields.Nested(ManualTotalArgs),
        required=True,
        validate=ma.validate.Length(max=MAX_TOTALS),
    )
    witness_ids = ma.fields.List(Id(), required=True, validate=ma.validate.Length(equal=2))
    attachment_ids = AttachmentIds()


class ManualConfirmArgs(Schema):
    """The `totals_hash` of the totals that the witness has seen."""

    totals_hash = ma.fields.String(required=True, validate=ma.validate.Length(equal=64))


class ManualTotalSchema(AnswerSchema):
    shown = columns(ManualTotal, "weight matter_id marks")


class ManualCountSchema(AnswerSchema):
    """The totals of an assembly, and how many of its two witnesses have confirmed them."""

    session_id = Id()
    method = ma.fields.Enum(ManualMethod, by_value=True)
    participants = ma.fields.Integer()
    totals = ma.fields.List(ma.fields.Nested(ManualTotalSchema))
    witness_ids = ma.fields.List(Id())
    totals_hash = ma.fields.String()
    confirmations = ma.fields.Integer()
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))
