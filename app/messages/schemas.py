"""What goes in and out about messages."""

import marshmallow as ma

from app.kit.schemas import Id, Schema, columns
from app.messages.models import InboxMessage


class InboxMessageSchema(Schema):
    """A message in both languages. Where it is a notice of the compound its words are those of the
    notice as it stands now; an old notice has both languages in `text`."""

    shown = columns(InboxMessage, "id kind compound_id about_id notice_id at")
    is_read = ma.fields.Boolean(required=True)
    title = ma.fields.String(attribute="shown.title", required=True)
    title_en = ma.fields.String(attribute="shown.title_en", required=True, allow_none=True)
    text = ma.fields.String(attribute="shown.text", required=True)
    text_en = ma.fields.String(attribute="shown.text_en", required=True, allow_none=True)


class UnreadSchema(Schema):
    """How many messages were not read yet; 100 stands for as many or more."""

    unread = ma.fields.Integer(required=True)


class InboxSchema(UnreadSchema):
    """A page of one's inbox."""

    items = ma.fields.List(ma.fields.Nested(InboxMessageSchema), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class ReadAllArgs(Schema):
    """The newest message that was shown."""

    up_to = Id(required=True)
