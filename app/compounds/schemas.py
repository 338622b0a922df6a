"""What goes in and out about places."""

import marshmallow as ma
from flask_smorest.fields import Upload

from app.kit.schemas import Id, Instant, Schema


class CommunitySchema(Schema):
    id = Id(required=True)
    subdistrict_id = Id(required=True)
    name = ma.fields.String(required=True)
    subdistrict = ma.fields.String(attribute="subdistrict.name", required=True)


class CompoundSchema(Schema):
    id = Id(required=True)
    community_id = Id(required=True)
    subdistrict_id = Id(required=True)
    name = ma.fields.String(required=True)
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

    id = Id(required=True)
    compound_id = Id(required=True)
    imported_at = Instant(required=True)
    sha256 = ma.fields.String(required=True, metadata={"digits": 64})
    accepted = ma.fields.Function(
        lambda taken: len(taken.report), required=True, metadata={"type": "integer"}
    )
    report = ma.fields.List(ma.fields.Nested(ReportRowSchema), required=True)
