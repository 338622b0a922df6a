"""What the board says of ratings. Each text is a file beside this one."""

from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow as ma

from app.board.models import NoticeKind
from app.board.posting import Notice, follows
from app.kit.schemas import Id, Schema, columns
from app.rating_lists.models import RatingEntry


class EntryData(Schema):
    """An entry for programs."""

    entry_id = Id(attribute="id")
    shown = columns(RatingEntry, "list_id manager colour figures changed_why")
    period = ma.fields.String(attribute="rating_list.period")
    compound = ma.fields.String(attribute="compound.name")
    reason = ma.fields.String(attribute="reason_now")
    firm = ma.fields.String(attribute="firm_name")


class ChangedEntryData(Schema):
    """An entry that an objection changed, for programs: its colour only where it still has one."""

    entry_id = Id(attribute="id")
    shown = columns(RatingEntry, "list_id changed_why struck_at")
    period = ma.fields.String(attribute="rating_list.period")
    compound = ma.fields.String(attribute="compound.name")
    firm = ma.fields.String(attribute="firm_name")
    colour = ma.fields.Function(lambda entry: None if entry.struck_at else entry.colour.value)


HERE = Path(__file__).parent


def _rating(entry: RatingEntry, at: datetime) -> dict[str, Any]:
    return {"colour": entry.colour, "is_struck": entry.struck_at is not None}


# What an objection changed must not stay on the board beside what it became.
RATING_NOTICED = Notice(
    NoticeKind.RATING_NOTICED,
    HERE,
    "entry",
    EntryData().dump,
    _rating,
    is_rewritten=True,
    told_since=ChangedEntryData().dump,
)
follows(RatingEntry, RATING_NOTICED)
RATING_FINAL = Notice(NoticeKind.RATING_FINAL, HERE, "entry", EntryData().dump)
