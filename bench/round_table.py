"""What a round table was: who came, what was said, cards, resolutions, and objections to them."""

from uuid import UUID

from app.agenda.models import AgendaSession, SessionState
from app.board.models import NoticeKind, Objection
from app.deliberation.models import (
    ArrivalMode,
    Attendance,
    CardState,
    CardSupport,
    Invitation,
    InviteeKind,
    Remark,
    SolutionCard,
)
from app.kit.orm import new_id
from app.resolutions.models import (
    Resolution,
    ResolutionCard,
    ResolutionState,
    Secrecy,
    VoteMethod,
)
from bench.decade import DAY, WORDS, Decade, Session


def add_round_table(decade: Decade, session: Session) -> None:
    """All of a session from its round table to the resolutions in force."""
    _meeting(decade, session)
    _resolutions(decade, session)


def _meeting(decade: Decade, session: Session) -> None:
    rows, compound_id, at = decade.rows, decade.place.compound_id, decade.at
    of_session = {"session_id": session.id, "compound_id": compound_id}
    decade.notice(NoticeKind.ROUND_TABLE_AGENDA, session.id)
    for index in range(decade.plan.invitations):
        rows.add(
            Invitation,
            **of_session,
            kind=list(InviteeKind)[index % len(InviteeKind)],
            name=f"受邀者{index + 1}",
            invited_at=at,
        )
    for index in range(min(decade.plan.attendances, len(decade.place.residents))):
        attendance_id = rows.add(
            Attendance,
            **of_session,
            resident_id=decade.voter(index),
            arrived_at=at,
            mode=ArrivalMode.SCAN,
            noted_by_id=decade.voter(index),
            is_on_roll=True,
        )
        decade.move(Attendance, attendance_id, "arrive", None)
    for index in range(decade.plan.remarks):
        remark_id = rows.add(
            Remark,
            **of_session,
            matter_id=session.matters[index % decade.plan.resolutions],
            position=index + 1,
            speaker="住户代表",
            text=WORDS,
            noted_by_id=decade.secretary,
            noted_at=at,
        )
        decade.move(Remark, remark_id, "note", None)
    decade.notice(NoticeKind.MEETING_CONCLUDED, session.id)
    decade.move(AgendaSession, session.id, "conclude_meeting", SessionState.RESOLVED)


def _resolutions(decade: Decade, session: Session) -> None:
    rows, plan, at = decade.rows, decade.plan, decade.at
    of_session = {"session_id": session.id, "compound_id": decade.place.compound_id}
    adopted = []
    for index in range(plan.cards):
        is_adopted = index < 2 * plan.resolutions
        card_id = rows.add(
            SolutionCard,
            **of_session,
            matter_id=session.matters[index % plan.resolutions],
            number=index + 1,
            text=WORDS,
            author_id=decade.voter(index),
            is_anonymous=index % 5 == 0,
            owner_vote_item=9 if index % 7 == 0 else None,
            state=CardState.ADOPTED if is_adopted else CardState.DROPPED,
            put_at=at,
        )
        for supporter in range(3):
            rows.add(
                CardSupport,
                card_id=card_id,
                resident_id=decade.voter(index + supporter),
                supported_at=at,
            )
        decade.move(SolutionCard, card_id, "put", CardState.OPEN)
        if is_adopted:
            adopted.append(card_id)
    for index in range(plan.resolutions):
        resolution_id = new_id()
        notice_id = decade.notice(
            NoticeKind.RESOLUTION_NOTICED,
            resolution_id,
            takes_objections=True,
            notice_id=session.notice if index == 0 else None,
        )
        _objections(decade, notice_id, 40 if index == 0 else 2)
        rows.add(
            Resolution,
            id=resolution_id,
            **of_session,
            matter_id=session.matters[index],
            number=index + 1,
            title="夜间停车公约",
            text=WORDS,
            state=ResolutionState.EFFECTIVE,
            drafted_by_id=decade.secretary,
            drafted_at=at,
            method=VoteMethod.HANDS,
            secrecy=Secrecy.NAMED,
            rule={"kind": "majority"},
            attempt=1,
            tabled_at=at,
            voted_at=at,
            roll=100,
            present=60,
            yes=50,
            no=6,
            abstain=4,
            explanation_zh=WORDS,
            explanation_en="Passed.",
            notice_id=notice_id,
            notice_ends_at=at + 7 * DAY,
            effective_at=at + 7 * DAY,
        )
        for card_id in adopted[index :: plan.resolutions]:
            rows.add(ResolutionCard, resolution_id=resolution_id, card_id=card_id)
        decade.notice(NoticeKind.RESOLUTION_EFFECTIVE, resolution_id)
        decade.move(Resolution, resolution_id, "take_effect", ResolutionState.EFFECTIVE)
        session.resolutions.append(resolution_id)


def _objections(decade: Decade, notice_id: UUID, count: int) -> None:
    for index in range(count):
        objection_id = decade.rows.add(
            Objection,
            notice_id=notice_id,
            compound_id=decade.place.compound_id,
            resident_id=decade.voter(index),
            text="限时两小时太短",
            raised_at=decade.at,
            answer_due_at=decade.at + 5 * DAY,
            answer="采纳",
            answered_by_id=decade.secretary,
            answered_at=decade.at,
        )
        decade.move(Objection, objection_id, "raise", "RAISED")
