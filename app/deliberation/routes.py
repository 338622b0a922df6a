"""URLs of round tables and solution cards."""

from typing import Any
from uuid import UUID

from app.agenda.access import as_seen
from app.agenda.models import AgendaSession
from app.agenda.schemas import SessionSchema
from app.attachments.refusals import PhotosOnly, TooManyAttachments, UnknownAttachment
from app.deliberation import attendance, cards, invitations, remarks, round_table
from app.deliberation.models import Attendance, Invitation, Remark, SolutionCard
from app.deliberation.refusals import (
    AlreadyInvited,
    AttendanceCodeExpired,
    ChecklistIncomplete,
    InvalidAttendanceCode,
    InvalidCardTarget,
    MatterNotChosen,
    NameOrReason,
    NothingChosen,
)
from app.deliberation.schemas import (
    ArriveArgs,
    AttendanceCodeSchema,
    AttendanceSchema,
    CardsArgs,
    CardSchema,
    DropCardArgs,
    InvitationSchema,
    InviteArgs,
    MergeCardArgs,
    PutCardArgs,
    RemarkArgs,
    RemarkSchema,
    RoundTableSchema,
    TagCardArgs,
)
from app.deliberation.seen import SeenCard, as_seen_by, cards_of
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, read_page, refused
from app.people.guards import EVERYONE_THERE, act, allow, create_once, current_actor, obtain
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


@blp.route("/sessions/<uuid:session_id>/round-table", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, RoundTableSchema)
def read_round_table(session_id: UUID) -> round_table.RoundTable:
    """圆桌会 · Agenda with cards, checklist of invitations, and attendance."""
    agenda_session = obtain(AgendaSession, session_id)
    return round_table.read_round_table(db.session(), agenda_session, current_actor().id)


@blp.route("/sessions/<uuid:session_id>/start-meeting", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, SessionSchema)
@blp.refuses(WrongState, NothingChosen, ChecklistIncomplete)
def start_meeting(session_id: UUID) -> dict[str, Any]:
    """开圆桌会 · Begin the round table on the chosen matters."""
    agenda_session = act(round_table.start_meeting, obtain(AgendaSession, session_id))
    return as_seen(agenda_session)


@blp.route("/sessions/<uuid:session_id>/invitations", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(InviteArgs, example=INVITE_EXAMPLE)
@blp.response(201, InvitationSchema)
@blp.creates(WrongState, NameOrReason, AlreadyInvited, UnknownResident)
def invite(body: dict[str, Any], session_id: UUID) -> Invitation:
    """邀请 · Invite somebody, or say why nobody of this kind is needed."""
    agenda_session = obtain(AgendaSession, session_id)
    actor = current_actor()
    return create_once(
        Invitation, lambda: invitations.invite(db.session(), agenda_session, actor.resident, **body)
    )


@blp.route("/sessions/<uuid:session_id>/invitations", methods=["GET"])
@allow(*READERS_OF_NAMES)
@blp.lists(InvitationSchema)
def list_invitations(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """邀请名单 · Invitations of a session, newest first."""
    obtain(AgendaSession, session_id)
    query = db.select(Invitation).where(Invitation.session_id == session_id)
    return read_page(db.session(), query, Invitation.id, **args)


@blp.route("/sessions/<uuid:session_id>/attendance-code", methods=["GET"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, AttendanceCodeSchema)
@blp.refuses(WrongState)
def read_attendance_code(session_id: UUID) -> attendance.AttendanceCode:
    """签到码 · A code that lives ten minutes, to be shown as QR code at the round table."""
    return attendance.make_code(obtain(AgendaSession, session_id), signing_keys())


@blp.route("/sessions/<uuid:session_id>/attendance", methods=["POST"])
@allow(*EVERYONE_THERE)
@blp.arguments(ArriveArgs, example={"code": "IjAxOThjMGRlIg.aWkgOA.c2lnbmF0dXJl"})
@blp.response(200, AttendanceSchema)
@blp.refuses(
    WrongState,
    InvalidAttendanceCode,
    AttendanceCodeExpired,
    UnknownResident,
)
def arrive(body: dict[str, Any], session_id: UUID) -> Attendance:
    """签到 · Note one's own arrival by the code, or as a clerk somebody else's; once is enough."""
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


@blp.route("/sessions/<uuid:session_id>/attendance", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(AttendanceSchema)
def list_attendance(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """签到名单 · Who came, the last arrival first, by masked names."""
    compound = obtain(AgendaSession, session_id).compound
    names_ids = not current_actor().roles_in(compound).isdisjoint(READERS_OF_NAMES)
    query = (
        db.select(Attendance)
        .where(Attendance.session_id == session_id)
        .options(db.joinedload(Attendance.resident, innerjoin=True))
    )
    page = read_page(db.session(), query, Attendance.id, **args)
    return {**page, "items": [attendance.as_listed(each, names_ids) for each in page["items"]]}


@blp.route("/sessions/<uuid:session_id>/remarks", methods=["POST"])
@allow(*MINUTE_TAKERS)
@blp.arguments(RemarkArgs, example=REMARK_EXAMPLE)
@blp.response(201, RemarkSchema)
@blp.creates(WrongState, MatterNotChosen, TooManyAttachments, UnknownAttachment)
def note_remark(body: dict[str, Any], session_id: UUID) -> remarks.SeenRemark:
    """记录发言 · Add a remark to the minutes."""
    agenda_session = obtain(AgendaSession, session_id)
    actor = current_actor()
    remark = create_once(
        Remark, lambda: remarks.note_remark(db.session(), agenda_session, actor.resident, **body)
    )
    return remarks.with_attachments(db.session(), [remark])[0]


@blp.route("/sessions/<uuid:session_id>/remarks", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(RemarkSchema)
def list_remarks(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """会议记录 · The minutes, in the order of speaking."""
    obtain(AgendaSession, session_id)
    query = db.select(Remark).where(Remark.session_id == session_id)
    page = read_page(db.session(), query, Remark.position, **args, oldest_first=True)
    return {**page, "items": remarks.with_attachments(db.session(), page["items"])}


@blp.route("/sessions/<uuid:session_id>/cards", methods=["POST"])
@allow(*CARD_AUTHORS)
@blp.arguments(PutCardArgs, example=CARD_EXAMPLE)
@blp.response(201, CardSchema)
@blp.creates(WrongState, MatterNotChosen, TooManyAttachments, UnknownAttachment, PhotosOnly)
def put_card(body: dict[str, Any], session_id: UUID) -> SeenCard:
    """提方案 · Put a solution card for a chosen matter."""
    agenda_session = obtain(AgendaSession, session_id)
    actor = current_actor()
    card = create_once(
        SolutionCard, lambda: cards.put_card(db.session(), agenda_session, actor.resident, **body)
    )
    return _seen(card)


@blp.route("/sessions/<uuid:session_id>/cards", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(CardSchema, CardsArgs)
def list_cards(args: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """方案卡片 · Solution cards of a session in the order of their numbers."""
    obtain(AgendaSession, session_id)
    query = cards_of(session_id)
    query = narrowed(query, args, state=SolutionCard.state)
    if "matter_id" in args:
        query = query.where(SolutionCard.matter_id == args.pop("matter_id"))
    page = read_page(db.session(), query, SolutionCard.number, **args, oldest_first=True)
    return {**page, "items": as_seen_by(db.session(), current_actor().id, page["items"])}


@blp.route("/cards/<uuid:card_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, CardSchema)
def read_card(card_id: UUID) -> SeenCard:
    """一张卡片 · One solution card."""
    return _seen(obtain(SolutionCard, card_id))


@blp.route("/cards/<uuid:card_id>/support", methods=["PUT"])
@allow(Role.RESIDENT)
@blp.response(200, CardSchema)
@blp.refuses(WrongState)
def support_card(card_id: UUID) -> SeenCard:
    """支持 · Support a card."""
    card = act(cards.support_card, obtain(SolutionCard, card_id))
    return _seen(card)


@blp.route("/cards/<uuid:card_id>/support", methods=["DELETE"])
@allow(Role.RESIDENT)
@blp.response(200, CardSchema)
@blp.refuses(WrongState)
def withdraw_support(card_id: UUID) -> SeenCard:
    """撤回支持 · Support a card no longer, nor what was merged into it."""
    card = act(cards.withdraw_support, obtain(SolutionCard, card_id))
    return _seen(card)


@blp.route("/cards/<uuid:card_id>/merge", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(MergeCardArgs, example={"into": "0198c0de-0000-7000-8000-00000000000b"})
@blp.response(200, CardSchema)
@blp.refuses(WrongState, InvalidCardTarget)
def merge_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """合并 · Let another card of the same matter stand for this one too."""
    card = act(cards.merge_card, obtain(SolutionCard, card_id), body["into"])
    return _seen(card)


@blp.route("/cards/<uuid:card_id>/adopt", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.response(200, CardSchema)
@blp.refuses(WrongState)
def adopt_card(card_id: UUID) -> SeenCard:
    """采纳 · Take a card up; with its first one the matter is DELIBERATED."""
    card = act(cards.adopt_card, obtain(SolutionCard, card_id))
    return _seen(card)


@blp.route("/cards/<uuid:card_id>/drop", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(DropCardArgs, required=False, example={"reason": "费用没有着落"})
@blp.response(200, CardSchema)
@blp.refuses(WrongState)
def drop_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """不采纳 · Do not take a card up."""
    card = act(cards.drop_card, obtain(SolutionCard, card_id), body["reason"])
    return _seen(card)


@blp.route("/cards/<uuid:card_id>/tag", methods=["POST"])
@allow(Role.BRANCH_SECRETARY)
@blp.arguments(TagCardArgs, example={"item": 8})
@blp.response(200, CardSchema)
@blp.refuses(WrongState)
def tag_card(body: dict[str, Any], card_id: UUID) -> SeenCard:
    """标明须业主表决 · Say which item of Civil Code 278(1) leaves a card to the owners."""
    card = act(cards.tag_card, obtain(SolutionCard, card_id), body["item"])
    return _seen(card)


def _seen(card: SolutionCard) -> SeenCard:
    return as_seen_by(db.session(), current_actor().id, [card])[0]
