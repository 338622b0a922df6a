"""What goes in and out about matters."""

import marshmallow as ma

from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, alike, columns
from app.kit.web.api import PageArgs
from app.matters.models import SCREENED, Category, Matter, MatterState, MatterVersion


class RaiseArgs(Schema):
    """`attachment_ids` names photos that the same person uploaded, at most 9."""

    title = Text(required=True, max_length=80)
    body = Text(required=True, max_length=2000, multiline=True)
    category = ma.fields.Enum(Category, by_value=True, required=True)
    attachment_ids = AttachmentIds()


class CorrectMatterArgs(Schema):
    """The whole new wording."""

    title = Text(required=True, max_length=80)
    body = Text(required=True, max_length=2000, multiline=True)
    category = ma.fields.Enum(Category, by_value=True, required=True)


class MatterVersionSchema(AnswerSchema):
    """An earlier wording of a matter, and when it was replaced."""

    shown = columns(MatterVersion, "number title body category replaced_at")


class MattersArgs(PageArgs):
    state = AnyOf(MatterState)
    category = AnyOf(Category)
    mine = ma.fields.Boolean(load_default=False)


class ScreenArgs(Schema):
    """`into` names the matter that this one is merged into."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(sorted(SCREENED)))
    reason = Text(max_length=500, multiline=True, load_default=None)
    into = Id(load_default=None)


class MatterSchema(AnswerSchema):
    """A matter as one person sees it.

    Who raised it is told to nobody; `version` counts its wordings, and `endorsed_version` is the
    one that this person supports, if any; `reason` is shown to its raisers, those of merged
    matters too, and to those who screen.
    """

    shown = columns(
        Matter,
        "id compound_id number title body category state raised_at reason merged_into_id"
        " carry_over version",
    )
    endorsements = ma.fields.Integer()
    endorsed_version = ma.fields.Integer(allow_none=True)
    own_part = alike("is_endorsed is_mine", ma.fields.Boolean)


class MatterDetailSchema(MatterSchema):
    """A matter with its photos; who uploaded them is told to nobody either."""

    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))
