"""What goes in and out about round tables and solution cards."""

from typing import Any

import marshmallow as ma

from app.agenda.models import AgendaItem, AgendaSession
from app.attachments.schemas import AttachmentIds, AttachmentSchema
from app.ballots.models import ResultRow
from app.deliberation.attendance import AttendanceCode, Presence
from app.deliberation.invitations import ChecklistLine
from app.deliberation.models import (
    Attendance,
    CardState,
    Invitation,
    InviteeKind,
    Remark,
    SolutionCard,
)
from app.deliberation.seen import SeenCard
from app.kit.schemas import AnswerSchema, AnyOf, Id, Schema, Text, attributes, columns
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


class InvitationSchema(AnswerSchema):
    shown = columns(Invitation, "id session_id kind name resident_id not_needed_why invited_at")


class AttendanceCodeSchema(AnswerSchema):
    """A text to be shown as a QR code at the round table; valid until `expires_at`."""

    shown = attributes(AttendanceCode, "code expires_at")


class ArriveArgs(Schema):
    """`code` for oneself; `resident_id` where a clerk notes somebody else: one of both."""

    code = Text(max_length=200)
    resident_id = Id()


class AttendanceSchema(AnswerSchema):
    """That somebody came; `is_on_roll` says whether they count for the quorum. `resident_id` is
    told to those who keep the minutes, and to auditors."""

    shown = columns(Attendance, "id session_id arrived_at mode is_on_roll")
    resident_id = Id(allow_none=True)
    masked_name = ma.fields.String(attribute="resident.masked_name")


class RemarkArgs(Schema):
    """`speaker` is whom everybody there may read of: a function, or a masked name.
    `attachment_ids` names uploads of the same clerk, at most 9."""

    speaker = Text(required=True, max_length=80)
    text = Text(required=True, max_length=2000, multiline=True)
    matter_id = Id(load_default=None)
    attachment_ids = AttachmentIds()


class RemarkSchema(AnswerSchema):
    """A remark of the minutes; `position` counts from 1 in the order of speaking."""

    shown = columns(Remark, "id session_id matter_id position speaker text noted_at", of="remark")
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))


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


class CardSchema(AnswerSchema):
    """A solution card as one person sees it.

    `author` is a masked name, null where the author wished so; `supports` includes those of cards
    merged into this one, each resident once.
    """

    shown = columns(
        SolutionCard,
        "id session_id matter_id number label text state merged_into_id is_anonymous put_at "
        "needs_owner_vote",
        of="card",
    )
    seen = attributes(SeenCard, "author is_mine")
    owner_vote_item = owners_item(attribute="card.owner_vote_item")
    owner_vote_basis = ma.fields.String(attribute="basis.zh", dump_default=None, allow_none=True)
    owner_vote_basis_en = ma.fields.String(attribute="basis.en", dump_default=None, allow_none=True)
    supports = ma.fields.Integer(attribute="supports.count")
    is_supported = ma.fields.Boolean(attribute="supports.is_mine")
    attachments = ma.fields.List(ma.fields.Nested(AttachmentSchema))


class DiscussedMatterSchema(AnswerSchema):
    """A chosen matter; `rank` is its place in the tally."""

    counted = columns(ResultRow, "matter_id rank", of="row")
    listed = columns(AgendaItem, "number label", of="row.item")
    shown = columns(Matter, "title category state", of="row.item.matter")
    cards = ma.fields.List(ma.fields.Nested(CardSchema))


class ChecklistLineSchema(AnswerSchema):
    """A kind that the round table must have thought of; missing while neither is there."""

    shown = attributes(ChecklistLine, "kind invited not_needed_why is_missing")


class PresenceSchema(AnswerSchema):
    """People on the session's roll, those of them who came, and others who came."""

    shown = attributes(Presence, "roll on_roll others")


class RoundTableSchema(AnswerSchema):
    """Agenda with cards, checklist of invitations, and attendance."""

    session_id = Id(attribute="agenda_session.id")
    shown = columns(AgendaSession, "name state place round_table_at", of="agenda_session")
    agenda = ma.fields.List(ma.fields.Nested(DiscussedMatterSchema))
    checklist = ma.fields.List(ma.fields.Nested(ChecklistLineSchema))
    attendance = ma.fields.Nested(PresenceSchema)
