"""What goes in and out about rating lists."""

import marshmallow as ma

from app.kit.schemas import AnswerSchema, Id, Matches, Schema, Text, columns
from app.rating_lists.models import Colour, RatingEntry, RatingList

MAX_ENTRIES = 200


class RatingEntryArgs(Schema):
    """`figures` tells what the rating rests on, as a text."""

    compound_id = Id(required=True)
    firm_name = Text(required=True, max_length=80)
    manager = Text(max_length=40, load_default=None)
    colour = ma.fields.Enum(Colour, by_value=True, required=True)
    reason = Text(required=True, max_length=500, multiline=True)
    figures = Text(max_length=500, multiline=True, load_default=None)


class RatingEntriesArgs(Schema):
    entries = ma.fields.List(
        ma.fields.Nested(RatingEntryArgs),
        required=True,
        validate=ma.validate.Length(min=1, max=MAX_ENTRIES),
    )


class RatingListArgs(RatingEntriesArgs):
    period = ma.fields.String(required=True, validate=Matches("20[0-9]{2}-(0[1-9]|1[0-2])"))


class StrikeArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class RecolourArgs(StrikeArgs):
    colour = ma.fields.Enum(Colour, by_value=True, required=True)


class RatingEntrySchema(AnswerSchema):
    """An entry; one that an objection changed says why, one that was struck says when."""

    shown = columns(
        RatingEntry,
        "id list_id number compound_id firm_name manager colour reason figures notice_id "
        "changed_why struck_at",
    )
    compound = ma.fields.String(attribute="compound.name")


class RatingListBriefSchema(AnswerSchema):
    shown = columns(
        RatingList,
        "id community_id period state drafted_at reviewed_at notice_ends_at final_at",
    )


class RatingListSchema(RatingListBriefSchema):
    """A list with its entries; it is final when its notices have ended and every objection is
    answered."""

    entries = ma.fields.List(ma.fields.Nested(RatingEntrySchema))
