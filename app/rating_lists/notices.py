"""What the board says of ratings, Chinese first."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.board.models import NoticeKind, PublicNotice
from app.board.services import post
from app.kit.clock import local, spoken_end
from app.rating_lists.models import Colour, RatingEntry

COLOURS = {Colour.RED: ("红榜", "red list"), Colour.BLACK: ("黑榜", "black list")}


def post_entry(
    session: Session, entry: RatingEntry, ends_at: datetime, at: datetime
) -> PublicNotice:
    """红黑榜公示: how a firm is rated; objections may come until `ends_at`."""
    end = spoken_end(ends_at)
    return post(
        session,
        NoticeKind.RATING_NOTICED,
        entry.compound,
        entry.id,
        title=f"物业{COLOURS[entry.colour][0]}公示：{entry.firm_name}",
        text="\n".join(
            [
                *_words(entry),
                f"公示期至 {end}，本小区居民和物业企业期间可提异议，社区三个工作日内答复。",
                f"Residents and the firm may object until {end}; "
                "the community answers within 3 working days.",
            ]
        ),
        data={**entry_data(entry), "term_ends_at": local(ends_at).isoformat()},
        at=at,
        term_ends_at=ends_at,
    )


def post_final(session: Session, entry: RatingEntry, at: datetime) -> None:
    """红黑榜确定: the rating that stands in the end."""
    post(
        session,
        NoticeKind.RATING_FINAL,
        entry.compound,
        entry.id,
        title=f"物业{COLOURS[entry.colour][0]}：{entry.firm_name}",
        text="\n".join([*_words(entry), "公示期满，异议均已答复。The rating is final."]),
        data=entry_data(entry),
        at=at,
    )


def entry_data(entry: RatingEntry) -> dict[str, Any]:
    """An entry for programs."""
    return {
        "list_id": str(entry.list_id),
        "entry_id": str(entry.id),
        "period": entry.rating_list.period,
        "compound": entry.compound.name,
        "firm": entry.firm_name,
        "manager": entry.manager,
        "colour": entry.colour.value,
        "reason": entry.reason,
        "figures": entry.figures,
        "changed_why": entry.changed_why,
    }


def _words(entry: RatingEntry) -> list[str]:
    zh, en = COLOURS[entry.colour]
    lines = [f"{entry.rating_list.period}，{entry.compound.name}：{entry.firm_name}，列入{zh}。"]
    if entry.manager is not None:
        lines.append(f"项目负责人：{entry.manager}")
    lines.append(f"理由：{entry.reason}")
    if entry.figures is not None:
        lines.append(f"数据：{entry.figures}")
    if entry.changed_why is not None:
        lines.append(f"异议后更改：{entry.changed_why}")
    return [*lines, f"The firm stands on the {en}."]
