"""What the board says of a session before voting. Each text is a file beside this one."""

from pathlib import Path

import marshmallow as ma

from app.agenda.models import AgendaItem, AgendaSession
from app.board.models import NoticeKind
from app.board.posting import Notice
from app.kit.schemas import Id, Schema, columns
from app.matters.models import Matter


class SessionData(Schema):
    """The facts of a session that every notice of it carries for programs."""

    shown = columns(
        AgendaSession, "period mode state voting_opens_at voting_closes_at round_table_at"
    )


class ItemData(Schema):
    """A matter on the frozen list."""

    shown = columns(AgendaItem, "number endorsements")
    label = ma.fields.String()
    matter_id = Id(attribute="matter.id")  # as the list is frozen, the item knows only the matter
    said = columns(Matter, "title category", of="matter")


class ListData(SessionData):
    """A session with its frozen list."""

    matters = ma.fields.List(ma.fields.Nested(ItemData), attribute="items")


HERE = Path(__file__).parent
SESSION_ANNOUNCED = Notice(NoticeKind.SESSION_ANNOUNCED, HERE, "session", SessionData().dump)
LIST_FROZEN = Notice(NoticeKind.LIST_FROZEN, HERE, "session", ListData().dump)
SESSION_CANCELLED = Notice(NoticeKind.SESSION_CANCELLED, HERE, "session", SessionData().dump)
