"""What the board says of a round table; nobody is named. Each text is a file beside this one."""

from pathlib import Path

import marshmallow as ma

from app.agenda.models import AgendaItem
from app.agenda.notices import SessionData
from app.ballots.models import ResultRow
from app.board.models import NoticeKind
from app.board.posting import Notice
from app.deliberation.models import SolutionCard
from app.kit.schemas import Schema, columns
from app.matters.models import Matter


class CardData(Schema):
    """A card with its support."""

    shown = columns(SolutionCard, "id number text owner_vote_item", of="card")
    label = ma.fields.String(attribute="card.label")
    supports = ma.fields.Integer(attribute="supports.count")


class DiscussedMatterData(Schema):
    """A matter on the agenda of a round table, with its cards."""

    shown = columns(AgendaItem, "number matter_id", of="row.item")
    label = ma.fields.String(attribute="row.item.label")
    said = columns(Matter, "title category", of="row.item.matter")
    counted = columns(ResultRow, "rank", of="row")
    cards = ma.fields.List(ma.fields.Nested(CardData))


HERE = Path(__file__).parent
ROUND_TABLE_AGENDA = Notice(NoticeKind.ROUND_TABLE_AGENDA, HERE, "session", SessionData().dump)
