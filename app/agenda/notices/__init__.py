"""What the board says of a session before voting. Each text is a file beside this one."""

from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow as ma

from app.agenda.models import GIVEN_UP, AgendaItem, AgendaSession
from app.board.models import NoticeKind
from app.board.posting import Notice, follows
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


def says_of_session(agenda_session: AgendaSession, at: datetime) -> dict[str, Any]:
    """That it takes place, when and where: all that `session.now` tells."""
    gives_up = agenda_session.state in GIVEN_UP
    return {
        "given_up": agenda_session.state if gives_up else None,
        "opens_at": agenda_session.voting_opens_at.isoformat(),
        "ended_at": agenda_session.ended_at.isoformat(),
        "round_table_at": agenda_session.round_table_at.isoformat(),
        "place": agenda_session.place,
    }


HERE = Path(__file__).parent
SESSION_ANNOUNCED = Notice(
    NoticeKind.SESSION_ANNOUNCED, HERE, "session", SessionData().dump, says_of_session
)
LIST_FROZEN = Notice(NoticeKind.LIST_FROZEN, HERE, "session", ListData().dump, says_of_session)
follows(AgendaSession, SESSION_ANNOUNCED, LIST_FROZEN)
SESSION_CANCELLED = Notice(NoticeKind.SESSION_CANCELLED, HERE, "session", SessionData().dump)
