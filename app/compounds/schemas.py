"""What goes in and out about places."""

import marshmallow as ma
from flask_smorest.fields import Upload

from app.api import Id, Instant, Schema


class CommunitySchema(Schema):
    id = Id(required=True)
    subdistrict_id = Id(required=True)
    name = ma.fields.String(required=True)
    subdistrict = ma.fields.String(attribute="subdistrict.name")


class CompoundSchema(Schema):
    id = Id(required=True)
    community_id = Id(required=True)
    subdistrict_id = Id(required=True)
    name = ma.fields.String(required=True)
    community = ma.fields.String(attribute="community.name")


class RegisterFileArgs(Schema):
    """A multipart form with the register as `file`, CSV or XLSX."""

    file = Upload(required=True)


class ReportRowSchema(Schema):
    line = ma.fields.Integer(metadata={"description": "Line of the file, the header is line 1"})
    unit = ma.fields.String()
    outcome = ma.fields.String(
        validate=ma.validate.OneOf(["added", "corrected", "unchanged"]),
    )


class RegisterImportSchema(Schema):
    """The report of a register that was taken in."""

    id = Id(required=True)
    compound_id = Id(required=True)
    imported_at = Instant(required=True)
    sha256 = ma.fields.String(metadata={"description": "Of the file, in hexadecimal"})
    accepted = ma.fields.Function(lambda taken: len(taken.report), metadata={"type": "integer"})
    report = ma.fields.List(ma.fields.Nested(ReportRowSchema))
