"""What the board says of ratings. Each text is a file beside this one."""

from pathlib import Path

import marshmallow as ma

from app.board.models import NoticeKind
from app.board.posting import Notice
from app.kit.schemas import Id, Schema, columns
from app.rating_lists.models import RatingEntry


class EntryData(Schema):
    """An entry for programs."""

    entry_id = Id(attribute="id")
    shown = columns(RatingEntry, "list_id manager colour reason figures changed_why")
    period = ma.fields.String(attribute="rating_list.period")
    compound = ma.fields.String(attribute="compound.name")
    firm = ma.fields.String(attribute="firm_name")


HERE = Path(__file__).parent

RATING_NOTICED = Notice(NoticeKind.RATING_NOTICED, HERE, "entry", EntryData().dump)
RATING_FINAL = Notice(NoticeKind.RATING_FINAL, HERE, "entry", EntryData().dump)
