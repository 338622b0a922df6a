"""What goes in and out about sessions and the host list."""

import marshmallow as ma

from app.agenda.models import AgendaItem, AgendaSession, HostPlace, SessionState
from app.agenda.roll import Participation
from app.kit.schemas import (
    AnswerSchema,
    AnyOf,
    Id,
    Instant,
    Matches,
    Schema,
    Text,
    alike,
    attributes,
    columns,
)
from app.kit.web.api import PageArgs
from app.matters.models import Matter
from votes.selection import Mode

MAX_ROLL = 2000


class CreateSessionArgs(Schema):
    """`roll` names the voters of a ROSTER session by resident id."""

    period = ma.fields.String(required=True, validate=Matches("(20|21)[0-9]{2}-(0[1-9]|1[0-2])"))
    mode = ma.fields.Enum(Mode, by_value=True, load_default=Mode.OPEN)
    place = Text(required=True, max_length=200)
    voting_opens_at = Instant(required=True)
    voting_closes_at = Instant(required=True)
    round_table_at = Instant(required=True)
    roll = ma.fields.List(Id(), load_default=list, validate=ma.validate.Length(max=MAX_ROLL))


class RollArgs(Schema):
    roll = ma.fields.List(Id(), required=True, validate=ma.validate.Length(max=MAX_ROLL))


class CancelArgs(Schema):
    reason = Text(max_length=500, multiline=True, load_default=None)


class SessionsArgs(PageArgs):
    state = AnyOf(SessionState)


class ListedMatterSchema(AnswerSchema):
    """A matter on a frozen list; `id` is the matter's."""

    id = Id(attribute="matter_id")
    listed = columns(AgendaItem, "number label endorsements")
    shown = columns(Matter, "title category state", of="matter")


class TurnoutSchema(AnswerSchema):
    """How many may vote and how many ballots came back; nothing of what they say."""

    shown = attributes(Participation, "roll returned")


class SlotSchema(AnswerSchema):
    counted = alike("weight picks", ma.fields.Integer)


class SessionBriefSchema(AnswerSchema):
    """A session as a list shows it."""

    shown = columns(
        AgendaSession,
        "id compound_id community_id period mode state place voting_opens_at voting_closes_at "
        "round_table_at extended_at closed_at outcome manual_method successor_id name",
        of="session",
    )
    turnout = ma.fields.Nested(TurnoutSchema)


class SessionSchema(SessionBriefSchema):
    """A session with its list; `scheme`, `rules`, `operator_key` and `officer_key` are fixed from
    the moment voting opens. Receipts and result are signed with the first key; the officer with the
    other countersigns the result or says why not."""

    scheme = ma.fields.List(
        ma.fields.Nested(SlotSchema), attribute="session.scheme", allow_none=True
    )
    rules = ma.fields.Dict(attribute="session.rules", allow_none=True)
    shown = columns(
        AgendaSession,
        "officer_key countersigned_at countersign_refused_at countersign_refusal operator_key",
        of="session",
    )
    matters = ma.fields.List(ma.fields.Nested(ListedMatterSchema), attribute="session.items")


class RollEntrySchema(AnswerSchema):
    """A voter on the roll; whether they voted is nobody's business."""

    resident_id = Id()
    masked_name = ma.fields.String()


class RotationChangeArgs(Schema):
    compound_id = Id(required=True)
    reason = Text(required=True, max_length=500, multiline=True)


class HostPlaceSchema(AnswerSchema):
    shown = columns(HostPlace, "compound_id waiting_since")


class RotationChangeSchema(AnswerSchema):
    at = Instant()
    verb = ma.fields.String(validate=ma.validate.OneOf(["skip", "swap"]))
    compound_id = Id()
    reason = ma.fields.String()


class RotationSchema(AnswerSchema):
    """The host list, next host first, and the last changes to it."""

    order = ma.fields.List(ma.fields.Nested(HostPlaceSchema))
    changes = ma.fields.List(ma.fields.Nested(RotationChangeSchema))
