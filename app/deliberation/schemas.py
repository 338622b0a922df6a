"""What goes in and out about round tables and solution cards."""

from typing import Any

import marshmallow as ma

from app.agenda.models import AgendaSession
from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.deliberation.models import (
    Attendance,
    CardState,
    Invitation,
    InviteeKind,
    Remark,
    SolutionCard,
)
from app.kit.schemas import AnyOf, Id, Instant, Schema, Text, columns
from app.kit.web.api import PageArgs
from app.matters.models import Matter
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
    shown = columns(Invitation, "id session_id kind name resident_id not_needed_why invited_at")


class AttendanceCodeSchema(Schema):
    """A text to be shown as a QR code at the round table; valid until `expires_at`."""

    code = ma.fields.String(required=True)
    expires_at = Instant(required=True)


class ArriveArgs(Schema):
    """`code` for oneself; `resident_id` where a clerk notes somebody else: one of both."""

    code = Text(max_length=200)
    resident_id = Id()


class AttendanceSchema(Schema):
    """That somebody came; `is_on_roll` says whether they count for the quorum. `resident_id` is
    told to those who keep the minutes, and to auditors."""

    shown = columns(Attendance, "id session_id arrived_at mode is_on_roll")
    resident_id = Id(required=True, allow_none=True)
    masked_name = ma.fields.String(attribute="resident.masked_name", required=True)


class RemarkArgs(Schema):
    """`speaker` is whom everybody there may read of: a function, or a masked name.
    `attachment_ids` names uploads of the same clerk, at most 9."""

    speaker = Text(required=True, max_length=80)
    text = Text(required=True, max_length=2000, multiline=True)
    matter_id = Id(load_default=None)
    attachment_ids = AttachmentIds()


class RemarkSchema(Schema):
    """A remark of the minutes; `position` counts from 1 in the order of speaking."""

    shown = columns(Remark, "id session_id matter_id position speaker text noted_at", of="remark")
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
    state = AnyOf(CardState)


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

    shown = columns(
        SolutionCard,
        "id session_id matter_id number text state merged_into_id is_anonymous put_at",
        of="card",
    )
    label = ma.fields.String(attribute="card.label", required=True)
    author = ma.fields.String(required=True, allow_none=True)
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
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema), required=True)


class DiscussedMatterSchema(Schema):
    """A chosen matter; `rank` is its place in the tally."""

    matter_id = Id(attribute="row.matter_id", required=True)
    rank = ma.fields.Integer(attribute="row.rank", required=True)
    number = ma.fields.Integer(attribute="row.item.number", required=True)
    label = ma.fields.String(attribute="row.item.label", required=True)
    shown = columns(Matter, "title category state", of="row.item.matter")
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
    shown = columns(AgendaSession, "state place round_table_at", of="agenda_session")
    agenda = ma.fields.List(ma.fields.Nested(DiscussedMatterSchema), required=True)
    checklist = ma.fields.List(ma.fields.Nested(ChecklistLineSchema), required=True)
    attendance = ma.fields.Nested(PresenceSchema, required=True)
