"""What the board says of a round table, Chinese first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.agenda.notices import session_data
from app.board.models import NoticeKind
from app.board.services import post
from app.deliberation.agenda import DiscussedMatter
from app.deliberation.seen import SeenCard
from app.kit.clock import spoken
from votes.civil_code import OWNERS_ITEMS


def post_agenda(
    session: Session,
    agenda_session: AgendaSession,
    agenda: Sequence[DiscussedMatter],
    at: datetime,
) -> None:
    """圆桌会议题: the round table begins on these matters and cards; nobody is named."""
    list_text = "\n".join(_matter_text(matter) for matter in agenda)
    post(
        session,
        NoticeKind.ROUND_TABLE_AGENDA,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}圆桌会议题",
        text=(
            f"圆桌会于 {spoken(at)} 开始，地点：{agenda_session.place}。"
            "会议结束前还可以提方案卡片。\n"
            f"{list_text}\n"
            f"The round table began at {spoken(at)} on the matters and cards above; "
            "cards may be put until it ends."
        ),
        data={
            **session_data(agenda_session),
            "matters": [_matter_data(matter) for matter in agenda],
        },
        at=at,
    )


def _matter_text(matter: DiscussedMatter) -> str:
    item = matter.row.item
    lines = [f"{item.label} {item.matter.title}", *map(_card_text, matter.cards)]
    return "\n".join(lines)


def _card_text(seen: SeenCard) -> str:
    card = seen.card
    words = " ".join(card.text.split())  # one line a card, however it was typed
    line = f"  {card.label} {words}（支持 {seen.supports.count}）"
    item = card.owner_vote_item
    return line if item is None else f"{line} 须由业主共同决定：{OWNERS_ITEMS[item].zh}"


def _matter_data(matter: DiscussedMatter) -> dict[str, Any]:
    item = matter.row.item
    return {
        "number": item.number,
        "label": item.label,
        "matter_id": str(item.matter_id),
        "title": item.matter.title,
        "category": item.matter.category.value,
        "rank": matter.row.rank,
        "cards": [_card_data(seen) for seen in matter.cards],
    }


def _card_data(seen: SeenCard) -> dict[str, Any]:
    return {
        "id": str(seen.card.id),
        "number": seen.card.number,
        "label": seen.card.label,
        "text": seen.card.text,
        "supports": seen.supports.count,
        "owner_vote_item": seen.card.owner_vote_item,
    }
