"""What auditors read of the log."""

import marshmallow as ma

from app.kit.api import PageArgs, page_of
from app.kit.schemas import Id, Instant, Schema, Text


class LogArgs(PageArgs):
    """Which entries: all, or those of one thing, one verb, one person."""

    thing_id = Id()
    verb = Text(max_length=40)
    actor_id = Id()


class EntrySchema(Schema):
    """One move. `actor` is the masked name; both are empty where the clock moved it.

    `number` is the entry's place in the chain, `hash` (hex) covers it and all before it.
    """

    number = ma.fields.Integer(required=True)
    hash = ma.fields.String(required=True)
    id = Id(attribute="entry.id", required=True)
    at = Instant(attribute="entry.at", required=True)
    actor_id = Id(attribute="entry.actor_id", required=True, allow_none=True)
    actor = ma.fields.String(required=True, allow_none=True)
    thing = ma.fields.String(attribute="entry.thing", required=True)
    thing_id = Id(attribute="entry.thing_id", required=True)
    verb = ma.fields.String(attribute="entry.verb", required=True)
    from_state = ma.fields.String(attribute="entry.from_state", required=True, allow_none=True)
    to_state = ma.fields.String(attribute="entry.to_state", required=True, allow_none=True)
    reason = ma.fields.String(attribute="entry.reason", required=True, allow_none=True)


LogSchema = page_of(EntrySchema)


class ChainSchema(Schema):
    """The recount of a place's chain; `broken_at` is the first number that does not hold."""

    entries = ma.fields.Integer(required=True)
    head = ma.fields.String(required=True)
    is_intact = ma.fields.Boolean(required=True)
    broken_at = ma.fields.Integer(required=True, allow_none=True)
