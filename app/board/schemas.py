"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) and what goes in about notices."""

import marshmallow as ma

from app.board.models import Objection, PublicNotice
from app.kit.schemas import AnswerSchema, Id, Instant, Schema, Text, alike, columns

FEED_VERSION = "https://jsonfeed.org/version/1.1"


class AuthorSchema(AnswerSchema):
    name = ma.fields.String()


class EnglishItemSchema(AnswerSchema):
    """The item in English."""

    texts = alike("title content_text", ma.fields.String)


class NoticeDataSchema(AnswerSchema):
    """Our extension of an item: the notice for programs.

    `about_id` is what the notice tells of: a session, a resolution, an order, a whistle, a version
    of a convention, a clause, an evaluation round, a judgement of a matter, a case or an entry of a
    rating list; `session_id` is empty where that is no session. A notice with `term_ends_at` takes
    objections until then; the end is provisional while the holidays of its year are not announced,
    and moves later at the most. `en` is the item in English; it is empty for old notices, which
    have both languages in `content_text`.
    """

    shown = columns(PublicNotice, "kind revision compound_id about_id term_ends_at")
    facts = alike("withdrawn term_is_provisional", ma.fields.Boolean)
    session_id = Id(allow_none=True)
    counts = alike("objections_raised objections_answered", ma.fields.Integer)
    en = ma.fields.Nested(EnglishItemSchema, allow_none=True)
    data = ma.fields.Dict(keys=ma.fields.String())


class FeedAttachmentSchema(AnswerSchema):
    """The notice as a poster to be printed."""

    texts = alike("url mime_type", ma.fields.String)


class FeedItemSchema(AnswerSchema):
    SOMETIMES = "authors tags language attachments"

    texts = alike("id url title content_text language", ma.fields.String)
    instants = alike("date_published date_modified", Instant)
    authors = ma.fields.List(ma.fields.Nested(AuthorSchema))
    tags = ma.fields.List(ma.fields.String())
    attachments = ma.fields.List(ma.fields.Nested(FeedAttachmentSchema))
    extension = ma.fields.Nested(NoticeDataSchema, data_key="_yueyuetan")


class FeedAboutSchema(AnswerSchema):
    about = ma.fields.String()


class FeedSchema(AnswerSchema):
    """A JSON Feed of the notices of one place, newest first."""

    SOMETIMES = "next_url description language authors extension"

    texts = alike(
        "version title home_page_url feed_url next_url description language", ma.fields.String
    )
    authors = ma.fields.List(ma.fields.Nested(AuthorSchema))
    extension = ma.fields.Nested(FeedAboutSchema, data_key="_yueyuetan")
    items = ma.fields.List(ma.fields.Nested(FeedItemSchema))


class FeedArgs(Schema):
    """`before` is the id of the last item of the page before."""

    before = Id(load_default=None)


class CorrectArgs(Schema):
    note = Text(required=True, max_length=1000, multiline=True)


class WithdrawArgs(Schema):
    reason = Text(required=True, max_length=500, multiline=True)


class NoticeSchema(AnswerSchema):
    shown = columns(
        PublicNotice,
        "id kind title text title_en text_en revision published_at modified_at withdrawn_at"
        " term_ends_at",
    )
    term_is_provisional = ma.fields.Boolean()


class ObjectArgs(Schema):
    text = Text(required=True, max_length=1000, multiline=True)


class AnswerArgs(Schema):
    answer = Text(required=True, max_length=2000, multiline=True)


class ObjectionSchema(AnswerSchema):
    """An objection as one person sees it; of the objector others see the masked name."""

    shown = columns(
        Objection,
        "id notice_id text raised_at answer_due_at answer_due_is_provisional answer answered_at",
        of="objection",
    )
    objector = ma.fields.String(attribute="objection.resident.masked_name")
    is_mine = ma.fields.Boolean()
