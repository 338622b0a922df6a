"""What goes in and out about places."""

import marshmallow as ma
from flask_smorest.fields import Upload

from app.compounds.models import Community, Compound, RegisterImport
from app.kit.schemas import AnswerSchema, Schema, columns


class CommunitySchema(AnswerSchema):
    shown = columns(Community, "id subdistrict_id name")
    subdistrict = ma.fields.String(attribute="subdistrict.name")


class CompoundSchema(AnswerSchema):
    shown = columns(Compound, "id community_id name subdistrict_id")
    community = ma.fields.String(attribute="community.name")


class RegisterFileArgs(Schema):
    """A multipart form with the register as `file`, CSV or XLSX."""

    file = Upload(required=True)


class ReportRowSchema(AnswerSchema):
    line = ma.fields.Integer()
    unit = ma.fields.String()
    outcome = ma.fields.String(
        validate=ma.validate.OneOf(["added", "corrected", "unchanged"]),
    )


class RegisterImportSchema(AnswerSchema):
    """The report of a register that was taken in."""

    shown = columns(RegisterImport, "id compound_id imported_at")
    sha256 = ma.fields.String(metadata={"digits": 64})
    accepted = ma.fields.Function(lambda taken: len(taken.report), metadata={"type": "integer"})
    report = ma.fields.List(ma.fields.Nested(ReportRowSchema))
