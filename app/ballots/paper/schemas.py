"""What goes in and out about paper slips."""

import marshmallow as ma
from flask_smorest.fields import Upload

from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.attachments.services import MAX_ATTACHMENTS
from app.ballots.paper.slips import PaperBatch, PaperSlip, SlipState
from app.ballots.schemas import MAX_MARKS, MarkArgs
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, alike, columns
from app.kit.web.api import PageArgs

MAX_BATCH = 100  # what is printed in a few seconds


class IssueSlipsArgs(Schema):
    count = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(min=1, max=MAX_BATCH)
    )


class PaperBatchSchema(AnswerSchema):
    """Slips that are printed together, by their serials."""

    shown = columns(PaperBatch, "id session_id size issued_at")
    serials = ma.fields.List(ma.fields.String())


class SlipEntryArgs(Schema):
    """What somebody reads off a slip; no marks make a blank ballot."""

    resident_id = Id(required=True)
    marks = ma.fields.List(
        ma.fields.Nested(MarkArgs), required=True, validate=ma.validate.Length(max=MAX_MARKS)
    )
    attachment_ids = AttachmentIds()


class SlipWithdrawalArgs(Schema):
    """The voter who takes the ballot back, and why."""

    resident_id = Id(required=True)
    reason = Text(required=True, max_length=500, multiline=True)


class SlipVoidArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class SlipsArgs(PageArgs):
    state = AnyOf(SlipState)


class WithdrawBallotArgs(Schema):
    """The version that is withdrawn, so that the same request again withdraws nothing newer."""

    expected_version = ma.fields.Integer(
        required=True, validate=ma.validate.Range(min=1, max=1_000_000)
    )


class PaperSlipSchema(AnswerSchema):
    """A slip, without what was marked on it. `entered_by_me` tells a clerk that somebody else has
    to confirm it. The photos are shown to clerks, and to auditors once voting has closed."""

    shown = columns(PaperSlip, "id session_id batch_id serial state reason")
    entered_by_me = ma.fields.Boolean()
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))


class SlipPhotosArgs(Schema):
    attachment_ids = ma.fields.List(
        Id(), required=True, validate=ma.validate.Length(min=1, max=MAX_ATTACHMENTS)
    )


class PaperVoterArgs(Schema):
    """A voter as the strip names them that they signed."""

    names = alike("building entrance unit name", lambda: Text(required=True, max_length=40))


class PaperVoterSchema(AnswerSchema):
    resident_id = Id()
    masked_name = ma.fields.String()


class PaperFileArgs(Schema):
    """A multipart form with the sheet as `file`, XLSX or CSV."""

    file = Upload(required=True)


class PaperFileSchema(AnswerSchema):
    """The serials of all slips that the sheet named, in its order."""

    serials = ma.fields.List(ma.fields.String())
