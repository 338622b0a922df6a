"""What auditors read of the log."""

import marshmallow as ma

from app.kit.audit import AuditEntry
from app.kit.schemas import AnswerSchema, Id, Text, columns
from app.kit.web.api import PageArgs, page_of


class LogArgs(PageArgs):
    """Which entries: all, or those of one thing, one verb, one person."""

    thing_id = Id()
    verb = Text(max_length=40)
    actor_id = Id()


class EntrySchema(AnswerSchema):
    """One move. `actor` is the masked name; both are empty where the clock moved it.

    `number` is the entry's place in the chain, `hash` (hex) covers it and all before it.
    """

    number = ma.fields.Integer()
    hash = ma.fields.String()
    shown = columns(
        AuditEntry,
        "id at actor_id thing thing_id verb from_state to_state reason",
        of="entry",
    )
    actor = ma.fields.String(allow_none=True)


LogSchema = page_of(EntrySchema)


class ChainSchema(AnswerSchema):
    """The recount of a place's chain; `broken_at` is the first number that does not hold."""

    entries = ma.fields.Integer()
    head = ma.fields.String()
    is_intact = ma.fields.Boolean()
    broken_at = ma.fields.Integer(allow_none=True)
