"""What goes in and out about ballots and results."""

import marshmallow as ma

from app.agenda.models import AgendaSession, RollEntry, SessionOutcome, SessionState
from app.ballots.models import OfficerKey, ResultRow, SessionResult
from app.kit.schemas import Hex, Id, Instant, Schema, Text, columns
from app.people.models import Role
from votes.selection import Outcome

MAX_MARKS = 20


class MarkArgs(Schema):
    weight = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(min=1, max=1000)
    )
    matter_id = Id(required=True)


class CastArgs(Schema):
    """A ballot; no marks make a blank one.

    `nonce` is made once for each intent and kept until the answer came; with it a retry is the
    same cast. Without it the server makes one. `word` is the voter's own addition to the trackers.
    `expected_version` is the version the voter last saw (0: none yet).
    """

    marks = ma.fields.List(
        ma.fields.Nested(MarkArgs), required=True, validate=ma.validate.Length(max=MAX_MARKS)
    )
    nonce = Hex(length=16, load_default=None)
    word = Text(max_length=40, load_default="")
    expected_version = ma.fields.Integer(
        strict=True, load_default=None, validate=ma.validate.Range(min=0, max=1_000_000)
    )


class MarkSchema(Schema):
    weight = ma.fields.Integer(required=True)
    matter_id = ma.fields.String(attribute="matter", required=True)


class ReceiptSchema(Schema):
    """Proof of a cast: commitment, version and the operator's signature over both."""

    commitment = Hex(length=32, required=True)
    version = ma.fields.Integer(required=True)
    promise = Hex(length=64, required=True)
    nonce = Hex(length=16, required=True)
    marks = ma.fields.List(ma.fields.Nested(MarkSchema), required=True)


class TurnoutReportSchema(Schema):
    """How many may vote and how many did; of a VOID vote also the session that holds it again."""

    state = ma.fields.Enum(SessionState, by_value=True, required=True)
    roll = ma.fields.Integer(required=True)
    returned = ma.fields.Integer(required=True)
    successor_id = Id(allow_none=True)


class ResultRowSchema(Schema):
    """A matter's line: marks of each weight as `n5`, `n3`, `n1`, score, and what decided."""

    class Meta:
        unknown = ma.INCLUDE

    shown = columns(ResultRow, "rank matter_id score decided_by")
    number = ma.fields.Integer(attribute="item.number", required=True)
    label = ma.fields.String(attribute="item.label", required=True)
    title = ma.fields.String(attribute="item.matter.title", required=True)
    n5 = ma.fields.Integer(attribute="marks.n5")
    n3 = ma.fields.Integer(attribute="marks.n3")
    n1 = ma.fields.Integer(attribute="marks.n1")
    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(list(Outcome)))


class ResultSchema(Schema):
    """A result: roll, returned and blank ballots, all matters in order, and the explanation.

    With a `manual_method` it is MANUAL: totals of an assembly, counted without ballots.
    """

    held = columns(AgendaSession, "state manual_method", of="agenda_session")
    outcome = ma.fields.Enum(
        SessionOutcome, by_value=True, attribute="agenda_session.outcome", required=True
    )
    shown = columns(SessionResult, "roll returned blank required explanation_en")
    rows = ma.fields.List(ma.fields.Nested(ResultRowSchema), required=True)
    explanation = ma.fields.String(attribute="explanation_zh", required=True)


class ParticipationSchema(Schema):
    """That a ballot came in in one's name: the channel and the day, nothing of its content.

    Both are null where the ballot was withdrawn, on the day `withdrawn_on`, and none came since.
    """

    shown = columns(RollEntry, "session_id channel voted_on withdrawn_on")


class FormerKeySchema(Schema):
    """A key that was the operator's from `since` until `until`."""

    public_key = Hex(length=32, required=True)
    since = Instant(required=True)
    until = Instant(required=True)


class OperatorKeySchema(Schema):
    """The pinned key and since when it is that; what was signed before is checked with a former
    one. A vote has the key that was pinned when it opened."""

    algorithm = ma.fields.String(required=True)
    public_key = Hex(length=32, required=True)
    since = Instant(required=True)
    former = ma.fields.List(ma.fields.Nested(FormerKeySchema), required=True)


class OfficerKeyArgs(Schema):
    """A public key, and its holder's signature over the statement of `docs/bundle.md`."""

    public_key = Hex(length=32, required=True)
    proof = Hex(length=64, required=True)


class OfficerKeySchema(Schema):
    """The public key with which an officer countersigns."""

    shown = columns(OfficerKey, "id registered_at revoked_at")
    public_key = Hex(length=32, required=True)


class CountersignerSchema(Schema):
    """An officer who may countersign for a compound; `is_named` if so for its next vote."""

    officer_key_id = Id(attribute="key.id", required=True)
    officer = ma.fields.String(attribute="key.resident.masked_name", required=True)
    role = ma.fields.Enum(Role, by_value=True, required=True)
    public_key = Hex(attribute="key.public_key", length=32, required=True)
    registered_at = Instant(attribute="key.registered_at", required=True)
    is_named = ma.fields.Boolean(required=True)


class NameCountersignerArgs(Schema):
    """Whose key it is shall countersign from the next opening on; null: nobody."""

    officer_key_id = Id(required=True, allow_none=True)


class CountersignArgs(Schema):
    """What `python -m votes.countersign sign` prints as its last line."""

    signature = Hex(length=64, required=True)


class RefuseCountersignatureArgs(Schema):
    reason = Text(required=True, max_length=1000, multiline=True)
