"""What goes in and out about messages."""

import marshmallow as ma

from app.kit.schemas import AnswerSchema, Id, Schema, columns
from app.messages.models import InboxMessage


class InboxMessageSchema(AnswerSchema):
    """A message in both languages. Where it is a notice of the compound its words are those of the
    notice as it stands now; an old notice has both languages in `text`."""

    shown = columns(InboxMessage, "id kind compound_id about_id notice_id at")
    is_read = ma.fields.Boolean()
    title = ma.fields.String(attribute="shown.title")
    title_en = ma.fields.String(attribute="shown.title_en", allow_none=True)
    text = ma.fields.String(attribute="shown.text")
    text_en = ma.fields.String(attribute="shown.text_en", allow_none=True)


class UnreadSchema(AnswerSchema):
    """How many messages were not read yet; 100 stands for as many or more."""

    unread = ma.fields.Integer()


class InboxSchema(UnreadSchema):
    """A page of one's inbox."""

    items = ma.fields.List(ma.fields.Nested(InboxMessageSchema))
    next_cursor = ma.fields.String(allow_none=True)


class ReadAllArgs(Schema):
    """The newest message that was shown."""

    up_to = Id(required=True)
