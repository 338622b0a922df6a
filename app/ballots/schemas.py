"""What goes in and out about ballots and results."""

import marshmallow as ma

from app.agenda.models import AgendaItem, AgendaSession, RollEntry, SessionOutcome, SessionState
from app.agenda.roll import Participation
from app.ballots.models import OfficerKey, OperatorKey, ResultRow, SessionResult
from app.kit.schemas import AnswerSchema, Hex, Id, Instant, Schema, Text, attributes, columns
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


class MarkSchema(AnswerSchema):
    weight = ma.fields.Integer()
    matter_id = ma.fields.String(attribute="matter")


class ReceiptSchema(AnswerSchema):
    """Proof of a cast: commitment, version and the operator's signature over both."""

    commitment = Hex(length=32)
    version = ma.fields.Integer()
    promise = Hex(length=64)
    nonce = Hex(length=16)
    marks = ma.fields.List(ma.fields.Nested(MarkSchema))


class TurnoutReportSchema(AnswerSchema):
    """How many may vote and how many did; of a VOID vote also the session that holds it again."""

    SOMETIMES = "successor_id"

    state = ma.fields.Enum(SessionState, by_value=True)
    counted = attributes(Participation, "roll returned")
    successor_id = Id(allow_none=True)


class ResultRowSchema(AnswerSchema):
    """A matter's line: marks of each weight as `n5`, `n3`, `n1`, score, and what decided."""

    class Meta:
        unknown = ma.INCLUDE

    SOMETIMES = "n5 n3 n1"

    shown = columns(ResultRow, "rank matter_id score decided_by")
    listed = columns(AgendaItem, "number label", of="item")
    title = ma.fields.String(attribute="item.matter.title")
    n5 = ma.fields.Integer(attribute="marks.n5")
    n3 = ma.fields.Integer(attribute="marks.n3")
    n1 = ma.fields.Integer(attribute="marks.n1")
    outcome = ma.fields.String(validate=ma.validate.OneOf(list(Outcome)))


class ResultSchema(AnswerSchema):
    """A result: roll, returned and blank ballots, all matters in order, and the explanation.

    With a `manual_method` it is MANUAL: totals of an assembly, counted without ballots.
    """

    held = columns(AgendaSession, "state manual_method", of="agenda_session")
    outcome = ma.fields.Enum(SessionOutcome, by_value=True, attribute="agenda_session.outcome")
    shown = columns(SessionResult, "roll returned blank required explanation_en")
    rows = ma.fields.List(ma.fields.Nested(ResultRowSchema))
    explanation = ma.fields.String(attribute="explanation_zh")


class ParticipationSchema(AnswerSchema):
    """That a ballot came in in one's name: the channel and the day, nothing of its content.

    Both are null where the ballot was withdrawn, on the day `withdrawn_on`, and none came since.
    """

    shown = columns(RollEntry, "session_id channel voted_on withdrawn_on")


class FormerKeySchema(AnswerSchema):
    """A key that was the operator's from `since` until `until`."""

    shown = columns(OperatorKey, "public_key since")
    until = Instant()


class OperatorKeySchema(AnswerSchema):
    """The pinned key and since when it is that; what was signed before is checked with a former
    one. A vote has the key that was pinned when it opened."""

    shown = columns(OperatorKey, "algorithm public_key since")
    former = ma.fields.List(ma.fields.Nested(FormerKeySchema))


class OfficerKeyArgs(Schema):
    """A public key, and its holder's signature over the statement of `docs/bundle.md`."""

    public_key = Hex(length=32, required=True)
    proof = Hex(length=64, required=True)


class OfficerKeySchema(AnswerSchema):
    """The public key with which an officer countersigns."""

    shown = columns(OfficerKey, "id registered_at revoked_at public_key")


class CountersignerSchema(AnswerSchema):
    """An officer who may countersign for a compound; `is_named` if so for its next vote."""

    officer_key_id = Id(attribute="key.id")
    officer = ma.fields.String(attribute="key.resident.masked_name")
    role = ma.fields.Enum(Role, by_value=True)
    shown = columns(OfficerKey, "public_key registered_at", of="key")
    is_named = ma.fields.Boolean()


class NameCountersignerArgs(Schema):
    """Whose key it is shall countersign from the next opening on; null: nobody."""

    officer_key_id = Id(required=True, allow_none=True)


class CountersignArgs(Schema):
    """What `python -m votes.countersign sign` prints as its last line."""

    signature = Hex(length=64, required=True)


class RefuseCountersignatureArgs(Schema):
    reason = Text(required=True, max_length=1000, multiline=True)
