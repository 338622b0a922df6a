"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) and what goes in about notices."""

import marshmallow as ma

from app.api import Id, Instant, Schema, Text
from app.board.models import NoticeKind

FEED_VERSION = "https://jsonfeed.org/version/1.1"


class AuthorSchema(Schema):
    name = ma.fields.String(required=True)


class NoticeDataSchema(Schema):
    """Our extension of an item: the notice for programs."""

    kind = ma.fields.Enum(NoticeKind, by_value=True, required=True)
    revision = ma.fields.Integer(required=True)
    withdrawn = ma.fields.Boolean(required=True)
    compound_id = Id(required=True)
    session_id = Id(required=True)
    data = ma.fields.Dict(keys=ma.fields.String(), required=True)


class FeedItemSchema(Schema):
    id = ma.fields.String(required=True)
    url = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    content_text = ma.fields.String(required=True)
    date_published = Instant(required=True)
    date_modified = Instant(required=True)
    authors = ma.fields.List(ma.fields.Nested(AuthorSchema))
    tags = ma.fields.List(ma.fields.String())
    language = ma.fields.String()
    extension = ma.fields.Nested(NoticeDataSchema, data_key="_yueyuetan", required=True)


class FeedAboutSchema(Schema):
    about = ma.fields.String(required=True)


class FeedSchema(Schema):
    """A JSON Feed of the notices of one place, newest first."""

    version = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    home_page_url = ma.fields.String(required=True)
    feed_url = ma.fields.String(required=True)
    next_url = ma.fields.String()
    description = ma.fields.String()
    language = ma.fields.String()
    authors = ma.fields.List(ma.fields.Nested(AuthorSchema))
    extension = ma.fields.Nested(FeedAboutSchema, data_key="_yueyuetan")
    items = ma.fields.List(ma.fields.Nested(FeedItemSchema), required=True)


class FeedArgs(Schema):
    """`before` is the id of the last item of the page before."""

    before = Id(load_default=None)


class CorrectArgs(Schema):
    note = Text(required=True, max_length=1000, multiline=True)


class WithdrawArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class NoticeSchema(Schema):
    id = Id(required=True)
    kind = ma.fields.Enum(NoticeKind, by_value=True, required=True)
    title = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    revision = ma.fields.Integer(required=True)
    published_at = Instant(required=True)
    modified_at = Instant(required=True)
    withdrawn_at = Instant(allow_none=True)
