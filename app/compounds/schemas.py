"""What goes in and out about places."""

import marshmallow as ma
from flask_smorest.fields import Upload

from app.compounds.models import Community, Compound, RegisterImport
from app.kit.schemas import Id, Schema, columns


class CommunitySchema(Schema):
    shown = columns(Community, "id subdistrict_id name")
    subdistrict = ma.fields.String(attribute="subdistrict.name", required=True)


class CompoundSchema(Schema):
    shown = columns(Compound, "id community_id name")
    subdistrict_id = Id(required=True)
    community = ma.fields.String(attribute="community.name", required=True)


class RegisterFileArgs(Schema):
    """A multipart form with the register as `file`, CSV or XLSX."""

    file = Upload(required=True)


class ReportRowSchema(Schema):
    line = ma.fields.Integer(required=True)
    unit = ma.fields.String(required=True)
    outcome = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["added", "corrected", "unchanged"]),
    )


class RegisterImportSchema(Schema):
    """The report of a register that was taken in."""

    shown = columns(RegisterImport, "id compound_id imported_at")
    sha256 = ma.fields.String(required=True, metadata={"digits": 64})
    accepted = ma.fields.Function(
        lambda taken: len(taken.report), required=True, metadata={"type": "integer"}
    )
    report = ma.fields.List(ma.fields.Nested(ReportRowSchema), required=True)
