"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) and what goes in about notices."""

import marshmallow as ma

from app.board.models import Objection, PublicNotice
from app.kit.schemas import Id, Instant, Schema, Text, columns

FEED_VERSION = "https://jsonfeed.org/version/1.1"


class AuthorSchema(Schema):
    name = ma.fields.String(required=True)


class EnglishItemSchema(Schema):
    """The item in English."""

    title = ma.fields.String(required=True)
    content_text = ma.fields.String(required=True)


class NoticeDataSchema(Schema):
    """Our extension of an item: the notice for programs.

    `about_id` is what the notice tells of: a session, a resolution, an order, a whistle, a version
    of a convention, a clause, an evaluation round, a judgement of a matter, a case or an entry of a
    rating list; `session_id` is empty where that is no session. A notice with `term_ends_at` takes
    objections until then; the end is provisional while the holidays of its year are not announced,
    and moves later at the most. `en` is the item in English; it is empty for old notices, which
    have both languages in `content_text`.
    """

    shown = columns(PublicNotice, "kind revision compound_id about_id term_ends_at")
    withdrawn = ma.fields.Boolean(required=True)
    session_id = Id(required=True, allow_none=True)
    term_is_provisional = ma.fields.Boolean(required=True)
    objections_raised = ma.fields.Integer(required=True)
    objections_answered = ma.fields.Integer(required=True)
    en = ma.fields.Nested(EnglishItemSchema, required=True, allow_none=True)
    data = ma.fields.Dict(keys=ma.fields.String(), required=True)


class FeedAttachmentSchema(Schema):
    """The notice as a poster to be printed."""

    url = ma.fields.String(required=True)
    mime_type = ma.fields.String(required=True)


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
    attachments = ma.fields.List(ma.fields.Nested(FeedAttachmentSchema))
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
    shown = columns(
        PublicNotice,
        "id kind title text title_en text_en revision published_at modified_at withdrawn_at"
        " term_ends_at",
    )
    term_is_provisional = ma.fields.Boolean(required=True)


class ObjectArgs(Schema):
    text = Text(required=True, max_length=1000, multiline=True)


class AnswerArgs(Schema):
    answer = Text(required=True, max_length=2000, multiline=True)


class ObjectionSchema(Schema):
    """An objection as one person sees it; of the objector others see the masked name."""

    shown = columns(
        Objection,
        "id notice_id text raised_at answer_due_at answer answered_at",
        of="objection",
    )
    objector = ma.fields.String(attribute="objection.resident.masked_name", required=True)
    is_mine = ma.fields.Boolean(required=True)
    answer_due_is_provisional = ma.fields.Boolean(
        attribute="objection.answer_due_is_provisional", required=True
    )
