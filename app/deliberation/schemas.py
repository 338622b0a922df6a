"""What goes in and out about round tables and solution cards."""

from typing import Any

import marshmallow as ma

from app.agenda.models import SessionState
from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.deliberation.models import ArrivalMode, CardState, InviteeKind
from app.kit.api import PageArgs
from app.kit.schemas import Id, Instant, Schema, Text
from app.matters.models import Category, MatterState
from votes.civil_code import OWNERS_ITEMS


def owners_item(**kwargs: Any) -> ma.fields.Integer:
    """An item of Civil Code 278(1), 1 to 9, or null."""
    return ma.fields.Integer(
        strict=True,
        allow_none=True,
        validate=ma.validate.Range(min=min(OWNERS_ITEMS), max=max(OWNERS_ITEMS)),
        **kwargs,
    )


class InviteArgs(Schema):
    """`name` says who is invited, with `resident_id` where they have an account;
    `not_needed_why` says instead why nobody of this kind is needed."""

    kind = ma.fields.Enum(InviteeKind, by_value=True, required=True)
    name = Text(max_length=80, load_default=None)
    resident_id = Id(load_default=None)
    not_needed_why = Text(max_length=500, multiline=True, load_default=None)


class InvitationSchema(Schema):
    id = Id(required=True)
    session_id = Id(required=True)
    kind = ma.fields.Enum(InviteeKind, by_value=True, required=True)
    name = ma.fields.String(required=True, allow_none=True)
    resident_id = Id(required=True, allow_none=True)
    not_needed_why = ma.fields.String(required=True, allow_none=True)
    invited_at = Instant(required=True)


class AttendanceCodeSchema(Schema):
    """A text to be shown as a QR code at the round table; valid until `expires_at`."""

    code = ma.fields.String(required=True)
    expires_at = Instant(required=True)


class ArriveArgs(Schema):
    """`code` for oneself; `resident_id` where a clerk notes somebody else: one of both."""

    code = Text(max_length=200)
    resident_id = Id()


class AttendanceSchema(Schema):
    """That somebody came; `is_on_roll` says whether they count for the quorum."""

    id = Id(required=True)
    session_id = Id(required=True)
    resident_id = Id(required=True)
    masked_name = ma.fields.String(attribute="resident.masked_name", required=True)
    arrived_at = Instant(required=True)
    mode = ma.fields.Enum(ArrivalMode, by_value=True, required=True)
    is_on_roll = ma.fields.Boolean(required=True)


class RemarkArgs(Schema):
    """`speaker` is whom everybody there may read of: a function, or a masked name.
    `attachment_ids` names uploads of the same clerk, at most 9."""

    speaker = Text(required=True, max_length=80)
    text = Text(required=True, max_length=2000, multiline=True)
    matter_id = Id(load_default=None)
    attachment_ids = AttachmentIds()


class RemarkSchema(Schema):
    """A remark of the minutes; `position` counts from 1 in the order of speaking."""

    id = Id(attribute="remark.id", required=True)
    session_id = Id(attribute="remark.session_id", required=True)
    matter_id = Id(attribute="remark.matter_id", required=True, allow_none=True)
    position = ma.fields.Integer(attribute="remark.position", required=True)
    speaker = ma.fields.String(attribute="remark.speaker", required=True)
    text = ma.fields.String(attribute="remark.text", required=True)
    noted_at = Instant(attribute="remark.noted_at", required=True)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)


class PutCardArgs(Schema):
    """A solution for a chosen matter; `is_anonymous` keeps the author from everybody's eyes.
    `attachment_ids` names uploads of the author, at most 9; only photos where it is anonymous."""

    matter_id = Id(required=True)
    text = Text(required=True, max_length=1000, multiline=True)
    is_anonymous = ma.fields.Boolean(load_default=False)
    owner_vote_item = owners_item(load_default=None)
    attachment_ids = AttachmentIds()


class CardsArgs(PageArgs):
    matter_id = Id()
    state = ma.fields.Enum(CardState, by_value=True)


class MergeCardArgs(Schema):
    """`into` names the card that stands for this one from now on."""

    into = Id(required=True)


class DropCardArgs(Schema):
    reason = Text(max_length=500, multiline=True, load_default=None)


class TagCardArgs(Schema):
    """`item` of Civil Code 278(1) leaves the card to the owners; null takes the tag away."""

    item = owners_item(required=True)


class CardSchema(Schema):
    """A solution card as one person sees it.

    `author` is a masked name, null where the author wished so; `supports` includes those of cards
    merged into this one, each resident once.
    """

    id = Id(attribute="card.id", required=True)
    session_id = Id(attribute="card.session_id", required=True)
    matter_id = Id(attribute="card.matter_id", required=True)
    number = ma.fields.Integer(attribute="card.number", required=True)
    label = ma.fields.String(attribute="card.label", required=True)
    text = ma.fields.String(attribute="card.text", required=True)
    state = ma.fields.Enum(CardState, by_value=True, attribute="card.state", required=True)
    merged_into_id = Id(attribute="card.merged_into_id", required=True, allow_none=True)
    author = ma.fields.String(required=True, allow_none=True)
    is_anonymous = ma.fields.Boolean(attribute="card.is_anonymous", required=True)
    is_mine = ma.fields.Boolean(required=True)
    needs_owner_vote = ma.fields.Boolean(attribute="card.needs_owner_vote", required=True)
    owner_vote_item = owners_item(attribute="card.owner_vote_item", required=True)
    owner_vote_basis = ma.fields.String(
        attribute="basis.zh", dump_default=None, required=True, allow_none=True
    )
    owner_vote_basis_en = ma.fields.String(
        attribute="basis.en", dump_default=None, required=True, allow_none=True
    )
    supports = ma.fields.Integer(attribute="supports.count", required=True)
    is_supported = ma.fields.Boolean(attribute="supports.is_mine", required=True)
    put_at = Instant(attribute="card.put_at", required=True)
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)


class DiscussedMatterSchema(Schema):
    """A chosen matter; `rank` is its place in the tally."""

    matter_id = Id(attribute="row.matter_id", required=True)
    rank = ma.fields.Integer(attribute="row.rank", required=True)
    number = ma.fields.Integer(attribute="row.item.number", required=True)
    label = ma.fields.String(attribute="row.item.label", required=True)
    title = ma.fields.String(attribute="row.item.matter.title", required=True)
    category = ma.fields.Enum(
        Category, by_value=True, attribute="row.item.matter.category", required=True
    )
    state = ma.fields.Enum(
        MatterState, by_value=True, attribute="row.item.matter.state", required=True
    )
    cards = ma.fields.List(ma.fields.Nested(CardSchema), required=True)


class ChecklistLineSchema(Schema):
    """A kind that the round table must have thought of; missing while neither is there."""

    kind = ma.fields.Enum(InviteeKind, by_value=True, required=True)
    invited = ma.fields.Integer(required=True)
    not_needed_why = ma.fields.String(required=True, allow_none=True)
    is_missing = ma.fields.Boolean(required=True)


class PresenceSchema(Schema):
    """People on the session's roll, those of them who came, and others who came."""

    roll = ma.fields.Integer(required=True)
    on_roll = ma.fields.Integer(required=True)
    others = ma.fields.Integer(required=True)


class RoundTableSchema(Schema):
    """Agenda with cards, checklist of invitations, and attendance."""

    session_id = Id(attribute="agenda_session.id", required=True)
    name = ma.fields.String(attribute="agenda_session.name", required=True)
    state = ma.fields.Enum(
        SessionState, by_value=True, attribute="agenda_session.state", required=True
    )
    place = ma.fields.String(attribute="agenda_session.place", required=True)
    round_table_at = Instant(attribute="agenda_session.round_table_at", required=True)
    agenda = ma.fields.List(ma.fields.Nested(DiscussedMatterSchema), required=True)
    checklist = ma.fields.List(ma.fields.Nested(ChecklistLineSchema), required=True)
    attendance = ma.fields.Nested(PresenceSchema, required=True)
