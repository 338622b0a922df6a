"""What comes out about stories."""

import marshmallow as ma

from app.kit.schemas import Id, Instant, Schema
from app.matters.models import Category
from app.story.sources import About, Step


class StoryAboutSchema(Schema):
    """What an entry is about: the kind of thing, and its id."""

    thing = ma.fields.Enum(About, by_value=True, required=True)
    id = Id(required=True)


class StoryEntrySchema(Schema):
    """One move. `figures` holds the numbers behind it; which ones hangs on its `kind`."""

    at = Instant(required=True)
    step = ma.fields.Enum(Step, by_value=True, required=True)
    kind = ma.fields.String(required=True)
    text = ma.fields.String(required=True, attribute="zh")
    text_en = ma.fields.String(required=True, attribute="en")
    about = ma.fields.Nested(StoryAboutSchema, required=True)
    figures = ma.fields.Dict(keys=ma.fields.String(), required=True)


class StorySchema(Schema):
    """A matter from its raising to today, oldest first. Nobody is named, nor is it told who
    supported it or voted what, nor why it was refused."""

    matter_id = Id(required=True)
    title = ma.fields.String(required=True)
    category = ma.fields.Enum(Category, by_value=True, required=True)
    entries = ma.fields.List(ma.fields.Nested(StoryEntrySchema), required=True)
