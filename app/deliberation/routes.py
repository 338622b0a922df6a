"""URLs of round tables and solution cards."""

from functools import partial
from typing import Any
from uuid import UUID

from app.agenda.access import as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.attachments.refusals import PhotosOnly, TooManyAttachments, UnknownAttachment
from app.deliberation import attendance, cards, invitations, refusals, remarks, round_table, schemas
from app.deliberation.models import Attendance, Invitation, Remark, SolutionCard
from app.deliberation.seen import SeenCard, as_seen_by, cards_of
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, read_page, refused
from app.people.guards import EVERYONE_THERE, act, allow, create, current_actor, obtain
from app.people.models import Role
from app.people.refusals import UnknownResident
from app.signing import signing_keys

blp = Blueprint("deliberation", __name__, description="民议 · Round table and solution cards")

MINUTE_TAKERS = (Role.BRANCH_SECRETARY, Role.GRID_WORKER)
# Names of those invited are for those who invite them and those who check that.
READERS_OF_NAMES = (*MINUTE_TAKERS, Role.COMMUNITY_SECRETARY, Role.AUDITOR)
# Whoever has standing in the compound; auditors only read.
CARD_AUTHORS = tuple(role for role in Role if role is not Role.AUDITOR)

INVITE_EXAMPLE = {"kind": "DEPARTMENT", "name": "区城管执法局"}
REMARK_EXAMPLE = {"speaker": "租户代表", "text": "晚上十点以后车棚没有灯。"}
CARD_EXAMPLE = {
    "matter_id": "0198c0de-0000-7000-8000-00000000000a",
    "text": "清理僵尸车 8 辆，腾出车位",
    "is_anonymous": False,
}


@blp.get("/sessions/<uuid:session_id>/round-table", schemas.RoundTableSchema)
@allow(*EVERYONE_THERE)
def read_round_table(session_id: UUID) -> round_table.RoundTable:
    """圆桌会 · The agenda with cards, the checklist of invitations, and attendance."""
    agenda_session = obtain(AgendaSession, session_id)
    return round_table.read_round_table(db.session(), agenda_session, current_actor().id)


@blp.post("/sessions/<uuid:session_id>/start-meeting", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, refusals.NothingChosen, refusals.ChecklistIncomplete)
def start_meeting(session_id: UUID) -> dict[str, Any]:
    """开圆桌会 · Start the round table on the selected matters."""
    return as_seen(act(round_table.start_meeting, obtain(AgendaSession, session_id)))


@blp.post("/sessions/<uuid:session_id>/invitations", schemas.InvitationSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.InviteArgs, example=INVITE_EXAMPLE)
@blp.creates(WrongState, refusals.NameOrReason, refusals.AlreadyInvited, UnknownResident)
def invite(body: dict[str, Any], session_id: UUID) -> Invitation:
    """邀请 · Record an invitation, or the reason why nobody of this kind is needed."""
    return create(Invitation, invitations.invite, obtain(AgendaSession, session_id), **body)


@blp.get("/sessions/<uuid:session_id>/invitations")
@allow(*READERS_OF_NAMES)
@blp.lists(schemas.InvitationSchema)
def list_invitations(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """邀请名单 · Invitations of a session, newest first."""
    obtain(AgendaSession, session_id)
    query = db.select(Invitation).where(Invitation.session_id == session_id)
    return read_page(db.session(), query, Invitation.id, **args)


@blp.get("/sessions/<uuid:session_id>/attendance-code", schemas.AttendanceCodeSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState)
def read_attendance_code(session_id: UUID) -> attendance.AttendanceCode:
    """签到码 · A code valid for ten minutes, to be shown as a QR code at the round table."""
    return attendance.make_code(obtain(AgendaSession, session_id), signing_keys())


@blp.post("/sessions/<uuid:session_id>/attendance", schemas.AttendanceSchema)
@allow(*EVERYONE_THERE)
@blp.arguments(schemas.ArriveArgs, example={"code": "IjAxOThjMGRlIg.aWkgOA.c2lnbmF0dXJl"})
@blp.refuses(
    WrongState,
    refusals.InvalidAttendanceCode,
    refusals.AttendanceCodeExpired,
    UnknownResident,
)
def arrive(body: dict[str, Any], session_id: UUID) -> Attendance:
    """签到 · Record your own arrival with the code, or as a clerk that of somebody else. Repeating
    it changes nothing."""
    agenda_session = obtain(AgendaSession, session_id)
    actor = current_actor()
    match body:
        case {"code": code, **rest} if not rest:
            arrival = attendance.scan_in(db.session(), agenda_session, actor, code, signing_keys())
        case {"resident_id": resident_id, **rest} if not rest:
            arrival = attendance.note_arrival(db.session(), agenda_session, actor, resident_id)
        case _:
            raise refused(
                "code", "one_of_both", "code 与 resident_id 二者取一", "Give code or resident_id"
            )
    db.session.commit()
    return arrival


@blp.get("/sessions/<uuid:session_id>/attendance")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.AttendanceSchema)
def list_attendance(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """签到名单 · Who came, by masked names, the latest arrival first."""
    compound = obtain(AgendaSession, session_id).compound
    names_ids = not current_actor().roles_in(compound).isdisjoint(READERS_OF_NAMES)
    query = (
        db.select(Attendance)
        .where(Attendance.session_id == session_id)
        .options(db.joinedload(Attendance.resident, innerjoin=True))
    )
    page = read_page(db.session(), query, Attendance.id, **args)
    return {**page, "items": [attendance.as_listed(each, names_ids) for each in page["items"]]}


@blp.post("/sessions/<uuid:session_id>/remarks", schemas.RemarkSchema)
@allow(*MINUTE_TAKERS)
@blp.arguments(schemas.RemarkArgs, example=REMARK_EXAMPLE)
@blp.creates(WrongState, refusals.MatterNotChosen, TooManyAttachments, UnknownAttachment)
def note_remark(body: dict[str, Any], session_id: UUID) -> remarks.SeenRemark:
    """记录发言 · Add a remark to the minutes."""
    remark = create(Remark, remarks.note_remark, obtain(AgendaSession, session_id), **body)
    return remarks.with_attachments(db.session(), [remark])[0]


@blp.get("/sessions/<uuid:session_id>/remarks")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.RemarkSchema)
def list_remarks(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """会议记录 · The minutes, in the order of speaking."""
    obtain(AgendaSession, session_id)
    query = db.select(Remark).where(Remark.session_id == session_id)
    show = partial(remarks.with_attachments, db.session())
    return read_page(db.session(), query, Remark.position, oldest_first=True, show=show, **args)


@blp.post("/sessions/<uuid:session_id>/cards", schemas.CardSchema)
@allow(*CARD_AUTHORS)
@blp.arguments(schemas.PutCardArgs, example=CARD_EXAMPLE)
@blp.creates(
    WrongState, refusals.MatterNotChosen, TooManyAttachments, UnknownAttachment, PhotosOnly
)
def put_card(body: dict[str, Any], session_id: UUID) -> SeenCard:
    """提方案 · Add a solution card to a selected matter."""
    return _seen(create(SolutionCard, cards.put_card, obtain(AgendaSession, session_id), **body))


@blp.get("/sessions/<uuid:session_id>/cards")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.CardSchema, schemas.CardsArgs)
def list_cards(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """方案卡片 · Solution cards of a session in the order of their numbers."""
    obtain(AgendaSession, session_id)
    query, show = cards_of(session_id), partial(as_seen_by, db.session(), current_actor().id)
    return read_page(db.session(), query, SolutionCard.number, oldest_first=True, show=show, **args)


@blp.get("/cards/<uuid:card_id>", schemas.CardSchema)
@allow(*EVERYONE_THERE)
def read_card(card_id: UUID) -> SeenCard:
    """一张卡片 · One solution card."""
    return _seen(obtain(SolutionCard, card_id))


@blp.put("/cards/<uuid:card_id>/support", schemas.CardSchema)
@allow(Role.RESIDENT)
@blp.refuses(WrongState)
def support_card(card_id: UUID) -> SeenCard:
    """支持 · Support a card."""
    return _seen(act(cards.support_card, obtain(SolutionCard, card_id)))


@blp.delete("/cards/<uuid:card_id>/support", schemas.CardSchema)
@allow(Role.RESIDENT)
@blp.refuses(WrongState)
def withdraw_support(card_id: UUID) -> SeenCard:
    """撤回支持 · Withdraw your support of a card and of the cards merged into it."""
    return _seen(act(cards.withdraw_support, obtain(SolutionCard, card_id)))


@blp.post("/cards/<uuid:card_id>/merge", schemas.CardSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.MergeCardArgs, example={"into": "0198c0de-0000-7000-8000-00000000000b"})
@blp.refuses(WrongState, refusals.InvalidCardTarget)
def merge_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """合并 · Merge a card into another card of the same matter."""
    return _seen(act(cards.merge_card, obtain(SolutionCard, card_id), body["into"]))


@blp.post("/cards/<uuid:card_id>/adopt", schemas.CardSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState)
def adopt_card(card_id: UUID) -> SeenCard:
    """采纳 · Adopt a card; with its first adopted card a matter becomes DELIBERATED."""
    return _seen(act(cards.adopt_card, obtain(SolutionCard, card_id)))


@blp.post("/cards/<uuid:card_id>/drop", schemas.CardSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.DropCardArgs, required=False, example={"reason": "费用没有着落"})
@blp.refuses(WrongState)
def drop_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """不采纳 · Drop a card: it is not adopted."""
    return _seen(act(cards.drop_card, obtain(SolutionCard, card_id), body["reason"]))


@blp.post("/cards/<uuid:card_id>/tag", schemas.CardSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(schemas.TagCardArgs, example={"item": 8})
@blp.refuses(WrongState)
def tag_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """标明须业主表决 · Tag a card with the item of Civil Code 278(1) that leaves it to the owners'
    vote."""
    return _seen(act(cards.tag_card, obtain(SolutionCard, card_id), body["item"]))


def _seen(card: SolutionCard) -> SeenCard:
    return as_seen_by(db.session(), current_actor().id, [card])[0]
