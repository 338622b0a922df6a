"""What the board says of resolutions, Chinese first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid5

from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.agenda.notices import session_data
from app.board.models import NoticeKind, PublicNotice
from app.board.services import post
from app.kit.clock import local, spoken, spoken_end
from app.matters.models import Matter, MatterState
from app.resolutions.models import (
    BranchReview,
    Forum,
    Resolution,
    ResolutionState,
    ReviewOpinion,
    Secrecy,
    VoteMethod,
)

METHODS = {
    VoteMethod.HANDS: ("举手表决", "a show of hands"),
    VoteMethod.PAPER: ("书面表决", "paper"),
    VoteMethod.PHONE: ("手机表决", "phone"),
}
SECRECIES = {Secrecy.SECRET: ("无记名", "secret"), Secrecy.NAMED: ("记名", "named")}
OPINIONS = {
    ReviewOpinion.AGREED: ("同意", "agreed"),
    ReviewOpinion.AGREED_WITH_ADVICE: ("同意并提出建议", "agreed with advice"),
    ReviewOpinion.RETURNED: ("建议退回修改", "advised to return it"),
}
FORUMS = {
    Forum.RESIDENTS_MEETING: ("居民会议", "the residents' meeting"),
    Forum.OWNERS_ASSEMBLY: ("业主大会", "the owners' assembly"),
    Forum.COMMUNITY: ("社区党委", "the community"),
}
OUTCOMES = {
    ResolutionState.FAILED: ("未通过", "failed"),
    ResolutionState.SHELVED: ("暂缓", "shelved"),
}
PASSED = ("通过", "passed")
SETTLED = {
    MatterState.RESOLVED: ("已作出决议", "resolved"),
    MatterState.OWNER_VOTE: ("须由业主共同决定", "left to the owners' vote"),
    MatterState.SHELVED: ("暂缓", "shelved"),
}


def resolution_data(resolution: Resolution) -> dict[str, Any]:
    """A resolution for programs: its words, its cards, its figures and the branch's opinion."""
    return {
        "resolution_id": str(resolution.id),
        "session_id": str(resolution.session_id),
        "number": resolution.number,
        "label": resolution.label,
        "title": resolution.title,
        "text": resolution.text,
        "state": resolution.state.value,
        "matter_id": str(resolution.matter_id),
        "matter": resolution.matter.title,
        "cards": [
            {
                "id": str(card.id),
                "label": card.label,
                "text": card.text,
                "owner_vote_item": card.owner_vote_item,
            }
            for card in resolution.cards
        ],
        "method": resolution.method.value if resolution.method else None,
        "secrecy": resolution.secrecy.value if resolution.secrecy else None,
        "rule": resolution.rule,
        "roll": resolution.roll,
        "present": resolution.present,
        "yes": resolution.yes,
        "no": resolution.no,
        "abstain": resolution.abstain,
        "explanation": resolution.explanation_zh,
        "explanation_en": resolution.explanation_en,
        "review": _review_data(resolution.review),
        "shelved_why": resolution.shelved_why,
        "supersedes_id": str(resolution.supersedes_id) if resolution.supersedes_id else None,
    }


def _review_data(review: BranchReview | None) -> dict[str, Any] | None:
    if review is None:
        return None
    return {
        "opinion": review.opinion.value if review.opinion else None,
        "advice": review.advice,
        "lapses_at": local(review.lapses_at).isoformat(),
    }


def post_resolution(
    session: Session, resolution: Resolution, ends_at: datetime, at: datetime
) -> PublicNotice:
    """决议公示: a passed resolution; objections may come until `ends_at`."""
    end = spoken_end(ends_at)
    return post(
        session,
        NoticeKind.RESOLUTION_NOTICED,
        resolution.agenda_session.compound,
        resolution.id,
        title=f"{_name(resolution)}公示：{resolution.title}",
        text="\n".join(
            filter(
                None,
                (
                    _text_of(resolution),
                    _vote_text(resolution),
                    _review_text(resolution.review),
                    f"公示期至 {end}，期间可提异议，党支部三个工作日内答复；"
                    "期满且异议都已答复后生效。\n"
                    f"Objections may be raised until {end} and are answered within 3 working days. "
                    "The resolution takes effect when the notice has ended and all are answered.",
                ),
            )
        ),
        data={
            **resolution_data(resolution),
            "state": ResolutionState.NOTICED.value,
            "term_ends_at": local(ends_at).isoformat(),
        },
        at=at,
        term_ends_at=ends_at,
    )


def post_effect(session: Session, resolution: Resolution, at: datetime) -> None:
    """决议生效."""
    since = spoken(resolution.effective_at or at)
    older = resolution.supersedes
    instead = (
        ""
        if older is None
        else f"{_name(older)}「{older.title}」同时废止。 It supersedes the resolution named here.\n"
    )
    post(
        session,
        NoticeKind.RESOLUTION_EFFECTIVE,
        resolution.agenda_session.compound,
        resolution.id,
        title=f"{_name(resolution)}生效：{resolution.title}",
        text=(
            f"公示期满，异议都已答复，本决议自 {since} 起生效。\n{instead}{_text_of(resolution)}\n"
            f"The notice has ended and all objections are answered; in force since {since}."
        ),
        data={
            **resolution_data(resolution),
            "effective_at": local(resolution.effective_at or at).isoformat(),
        },
        at=at,
    )


def post_void(session: Session, resolution: Resolution, at: datetime) -> None:
    """表决作废: the key of the secret vote was lost; it may be held again at the round table."""
    # A second such vote of one resolution has a notice of its own.
    is_first = resolution.attempt == 1
    about = resolution.id if is_first else uuid5(resolution.id, str(resolution.attempt))
    post(
        session,
        NoticeKind.RESOLUTION_VOTE_VOID,
        resolution.agenda_session.compound,
        about,
        title=f"{_name(resolution)}表决作废：{resolution.title}",
        text=(
            f"第 {resolution.attempt} 次表决的密钥丢失，已投的票全部作废并已删除，不计票。"
            "圆桌会上可再次付表决，投过票的人也请再投一次。\n"
            "The key of this secret vote was lost: its votes were deleted and count nowhere. It "
            "may be put to the vote again at the round table, where whoever has voted votes once "
            "more."
        ),
        data={**resolution_data(resolution), "attempt": resolution.attempt},
        at=at,
    )


def post_escalation(
    session: Session, resolution: Resolution, forum: Forum, reason: str, at: datetime
) -> None:
    """提请上会: somebody else is to decide."""
    zh, en = FORUMS[forum]
    post(
        session,
        NoticeKind.RESOLUTION_ESCALATED,
        resolution.agenda_session.compound,
        resolution.id,
        title=f"{_name(resolution)}提请{zh}：{resolution.title}",
        text=(
            f"圆桌会未能决定，提请{zh}讨论决定。理由：{reason}\n{_text_of(resolution)}\n"
            f"The round table could not decide it; it goes to {en}."
        ),
        data={
            **resolution_data(resolution),
            "escalated_to": forum.value,
            "escalated_why": reason,
        },
        at=at,
    )


def post_conclusion(
    session: Session,
    agenda_session: AgendaSession,
    resolutions: Sequence[Resolution],
    matters: Sequence[Matter],
    at: datetime,
) -> None:
    """圆桌会结束: what became of every resolution and of every chosen matter."""
    post(
        session,
        NoticeKind.MEETING_CONCLUDED,
        agenda_session.compound,
        agenda_session.id,
        title=f"{agenda_session.name}圆桌会结果：{_headline(resolutions)}",
        text="\n".join(
            [
                *(_conclusion_of(resolution) for resolution in resolutions),
                *(_settlement_of(matter) for matter in matters),
                f"圆桌会于 {spoken(at)} 结束。 The round table ended at {spoken(at)}.",
            ]
        ),
        data={
            **session_data(agenda_session),
            "resolutions": [resolution_data(resolution) for resolution in resolutions],
            "matters": [
                {"matter_id": str(matter.id), "title": matter.title, "state": matter.state.value}
                for matter in matters
            ],
        },
        at=at,
    )


def _name(resolution: Resolution) -> str:
    return f"{resolution.agenda_session.name}{resolution.label}"


def _text_of(resolution: Resolution) -> str:
    """The wording and the cards that it carries out."""
    cards = [f"{card.label} {' '.join(card.text.split())}" for card in resolution.cards]
    return "\n".join([resolution.text, *(["采纳卡片：", *cards] if cards else [])])


def _vote_text(resolution: Resolution) -> str:
    if resolution.method is None or resolution.secrecy is None:
        return ""
    method, secrecy = METHODS[resolution.method], SECRECIES[resolution.secrecy]
    return (
        f"{secrecy[0]}{method[0]}。{resolution.explanation_zh}\n"
        f"Vote by {method[1]}, {secrecy[1]}. {resolution.explanation_en}"
    )


def _review_text(review: BranchReview | None) -> str:
    if review is None:
        return ""
    if review.opinion is None:
        return "支部先议：期满未提意见。 The branch gave no opinion in its term."
    zh, en = OPINIONS[review.opinion]
    advice = f":{review.advice}" if review.advice else ""
    return f"支部先议：{zh}{advice} (The branch {en}.)"


def _conclusion_of(resolution: Resolution) -> str:
    zh, en = OUTCOMES.get(resolution.state, PASSED)
    why = resolution.shelved_why or f"{resolution.explanation_zh}\n{resolution.explanation_en}"
    return f"{resolution.label}「{resolution.title}」{zh} {en}:{why}"


def _settlement_of(matter: Matter) -> str:
    zh, en = SETTLED.get(matter.state, SETTLED[MatterState.RESOLVED])
    return f"议题「{matter.title}」：{zh} {en}"


def _headline(resolutions: Sequence[Resolution]) -> str:
    kinds = [OUTCOMES.get(each.state, PASSED)[0] for each in resolutions]
    counted = [f"{zh}{kinds.count(zh)}项" for zh in ("通过", "未通过", "暂缓") if zh in kinds]
    return "、".join(counted) or "没有决议"
