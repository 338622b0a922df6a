"""What comes out about stories."""

import marshmallow as ma

from app.kit.schemas import AnswerSchema, Id, attributes, columns
from app.matters.models import Matter
from app.story.sources import Entry, Reference


class StoryAboutSchema(AnswerSchema):
    """What an entry is about: the kind of thing, and its id."""

    shown = attributes(Reference, "thing id")


class StoryEntrySchema(AnswerSchema):
    """One move. `figures` holds the numbers behind it; which ones hangs on its `kind`."""

    shown = attributes(Entry, "at step kind")
    text = ma.fields.String(attribute="zh")
    text_en = ma.fields.String(attribute="en")
    about = ma.fields.Nested(StoryAboutSchema)
    figures = ma.fields.Dict(keys=ma.fields.String())


class StorySchema(AnswerSchema):
    """A matter from its raising to today, oldest first. Nobody is named, nor is it told who
    supported it or voted what, nor why it was refused."""

    matter_id = Id()
    shown = columns(Matter, "title category")
    entries = ma.fields.List(ma.fields.Nested(StoryEntrySchema))
