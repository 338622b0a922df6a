"""What the board says of a session before voting, Chinese first."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.board.models import NoticeKind
from app.board.services import post
from app.kit.clock import local, spoken
from votes.selection import Mode

MODES_ZH = {Mode.ROSTER: "名册内的居民", Mode.OPEN: "本小区年满18岁、已核实的居民"}
MODES_EN = {
    Mode.ROSTER: "the residents on the roll",
    Mode.OPEN: "verified residents of 18 or older",
}


def session_data(agenda_session: AgendaSession) -> dict[str, Any]:
    """The facts of a session that every notice of it carries for programs."""
    return {
        "period": agenda_session.period,
        "mode": agenda_session.mode.value,
        "state": agenda_session.state.value,
        "voting_opens_at": local(agenda_session.voting_opens_at).isoformat(),
        "voting_closes_at": local(agenda_session.voting_closes_at).isoformat(),
        "round_table_at": local(agenda_session.round_table_at).isoformat(),
    }


def list_data(agenda_session: AgendaSession) -> list[dict[str, Any]]:
    """The frozen list for programs."""
    return [
        {
            "number": item.number,
            "label": item.label,
            "matter_id": str(item.matter_id),
            "title": item.matter.title,
            "category": item.matter.category.value,
            "endorsements": item.endorsements,
        }
        for item in agenda_session.items
    ]


def list_text(agenda_session: AgendaSession) -> str:
    """The frozen list, one matter a line."""
    return "\n".join(
        f"{item.label} {item.matter.title}（附议 {item.endorsements}）"
        for item in agenda_session.items
    )


def announce(session: Session, agenda_session: AgendaSession, at: datetime) -> None:
    """预告: the session is announced."""
    opens, closes = spoken(agenda_session.voting_opens_at), spoken(agenda_session.voting_closes_at)
    round_table = spoken(agenda_session.round_table_at)
    mode = agenda_session.mode
    post(
        session,
        NoticeKind.SESSION_ANNOUNCED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}预告",
        text=(
            "现在开始征集问题，定题单时截止，最迟到投票开始。\n"
            f"投票：{opens} 至 {closes}（不含截止时刻）。\n"
            f"圆桌会：{round_table}，{agenda_session.place}。\n投票人：{MODES_ZH[mode]}。\n"
            "Matters are collected until the list is frozen, at the latest when voting opens. "
            f"Voting: {opens} to {closes} (exclusive), by {MODES_EN[mode]}. "
            f"Round table: {round_table}."
        ),
        data=session_data(agenda_session),
        at=at,
    )


def post_list(session: Session, agenda_session: AgendaSession, at: datetime) -> None:
    """题单: the list is frozen and numbered."""
    if len(agenda_session.items) > 1:
        outlook = (
            "题单已定，不再增减。 The list is final.",
            f"投票于 {spoken(agenda_session.voting_opens_at)} 开始。",
        )
    else:
        outlook = (
            "本期题目不足两件，不投票。 Fewer than two matters: no vote is held.",
            "到开始投票时直接列入议事。",
        )
    post(
        session,
        NoticeKind.LIST_FROZEN,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}题单",
        text="\n".join(filter(None, (outlook[0], list_text(agenda_session), outlook[1]))),
        data={**session_data(agenda_session), "matters": list_data(agenda_session)},
        at=at,
    )


def post_cancellation(
    session: Session, agenda_session: AgendaSession, reason: str | None, at: datetime
) -> None:
    """取消: the session does not take place."""
    why = f"理由：{reason}\n" if reason else ""
    post(
        session,
        NoticeKind.SESSION_CANCELLED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}取消",
        text=(
            f"本期月月谈不再举行。{why}已提出的问题保留，下一期再议。\n"
            "This session does not take place; the matters stay for the next one."
        ),
        data=session_data(agenda_session),
        at=at,
    )
