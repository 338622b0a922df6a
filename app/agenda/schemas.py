"""What goes in and out about sessions and the host list."""

import marshmallow as ma

from app.agenda.models import AgendaSession, SessionState
from app.kit.schemas import AnyOf, Hex, Id, Instant, Matches, Schema, Text, columns
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


class ListedMatterSchema(Schema):
    """A matter on a frozen list; `id` is the matter's."""

    id = Id(attribute="matter_id", required=True)
    number = ma.fields.Integer(required=True)
    label = ma.fields.String(required=True)
    shown = columns(Matter, "title category state", of="matter")
    endorsements = ma.fields.Integer(required=True)


class TurnoutSchema(Schema):
    """How many may vote and how many ballots came back; nothing of what they say."""

    roll = ma.fields.Integer(required=True)
    returned = ma.fields.Integer(required=True)


class SlotSchema(Schema):
    weight = ma.fields.Integer(required=True)
    picks = ma.fields.Integer(required=True)


class SessionBriefSchema(Schema):
    """A session as a list shows it."""

    shown = columns(
        AgendaSession,
        "id compound_id community_id period mode state place voting_opens_at voting_closes_at "
        "round_table_at extended_at closed_at outcome manual_method successor_id",
        of="session",
    )
    name = ma.fields.String(attribute="session.name", required=True)
    turnout = ma.fields.Nested(TurnoutSchema, required=True)


class SessionSchema(SessionBriefSchema):
    """A session with its list; `scheme`, `rules`, `operator_key` and `officer_key` are fixed from
    the moment voting opens. Receipts and result are signed with the first key; the officer with the
    other countersigns the result or says why not."""

    scheme = ma.fields.List(
        ma.fields.Nested(SlotSchema), attribute="session.scheme", required=True, allow_none=True
    )
    rules = ma.fields.Dict(attribute="session.rules", required=True, allow_none=True)
    officer_key = Hex(attribute="session.officer_key", length=32, required=True, allow_none=True)
    shown = columns(
        AgendaSession,
        "countersigned_at countersign_refused_at countersign_refusal",
        of="session",
    )
    operator_key = Hex(attribute="session.operator_key", length=32, required=True, allow_none=True)
    matters = ma.fields.List(
        ma.fields.Nested(ListedMatterSchema), attribute="session.items", required=True
    )


class RollEntrySchema(Schema):
    """A voter on the roll; whether they voted is nobody's business."""

    resident_id = Id(required=True)
    masked_name = ma.fields.String(required=True)


class RotationChangeArgs(Schema):
    compound_id = Id(required=True)
    reason = Text(required=True, max_length=500, multiline=True)


class HostPlaceSchema(Schema):
    compound_id = Id(required=True)
    waiting_since = Instant(required=True)


class RotationChangeSchema(Schema):
    at = Instant(required=True)
    verb = ma.fields.String(required=True, validate=ma.validate.OneOf(["skip", "swap"]))
    compound_id = Id(required=True)
    reason = ma.fields.String(required=True)


class RotationSchema(Schema):
    """The host list, next host first, and the last changes to it."""

    order = ma.fields.List(ma.fields.Nested(HostPlaceSchema), required=True)
    changes = ma.fields.List(ma.fields.Nested(RotationChangeSchema), required=True)
