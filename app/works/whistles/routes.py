"""URLs of whistles to departments."""

from typing import Any
from uuid import UUID

from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, narrowed, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create_once,
    current_actor,
    obtain,
    obtain_compound,
)
from app.people.models import Role
from app.works.access import WHISTLE_CHECKERS, whistle_as_seen, whistle_due_at, whistles_of
from app.works.orders.schemas import CheckWorkArgs, ContactArgs, WorkReasonArgs, WorkWordsArgs
from app.works.photos import whistle_in_detail
from app.works.refusals import (
    DoerCannotVerify,
    DueDayPassed,
    InvalidDoer,
    NotTheDoer,
    ObjectedAlready,
)
from app.works.whistles import moving as whistling
from app.works.whistles.models import Whistle
from app.works.whistles.schemas import (
    BlowArgs,
    ReworkArgs,
    WhistleArgs,
    WhistleDetailSchema,
    WhistlesArgs,
    WhistleSchema,
)

blp = Blueprint("whistles", __name__, description="吹哨报到 · Whistles to departments")

REQUESTERS = (Role.COMMUNITY_SECRETARY, Role.BRANCH_SECRETARY)


@blp.route("/matters/<uuid:matter_id>/whistles", methods=["POST"])
@allow(*REQUESTERS)
@blp.arguments(
    WhistleArgs, example={"ground": "CARED_UNSOLVED", "text": "1号路雨后积水，街道无力改造管网。"}
)
@blp.response(201, WhistleSchema)
@blp.creates(WrongState)
def request_whistle(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """提请吹哨 · Ask the street to call a department to a matter."""
    matter = obtain(Matter, matter_id)
    by = current_actor().resident
    whistle = create_once(
        Whistle, lambda: whistling.request_whistle(db.session(), matter, by, **body)
    )
    return whistle_as_seen(whistle)


@blp.route("/compounds/<uuid:compound_id>/whistles", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.lists(WhistleSchema, WhistlesArgs)
def list_whistles(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """哨声列表 · Whistles of a compound, newest first."""
    obtain_compound(compound_id)
    query = whistles_of(compound_id)
    query = narrowed(query, args, state=Whistle.state)
    if args.pop("overdue"):
        query = query.where(whistle_due_at <= clock.now())
    page = read_page(db.session(), query, Whistle.number, **args)
    return {**page, "items": [whistle_as_seen(whistle) for whistle in page["items"]]}


@blp.route("/whistles/<uuid:whistle_id>", methods=["GET"])
@allow(*EVERYONE_THERE)
@blp.response(200, WhistleDetailSchema)
def read_whistle(whistle_id: UUID) -> dict[str, Any]:
    """一声哨 · One whistle with its photos."""
    whistle = obtain(Whistle, whistle_id)
    return {**whistle_as_seen(whistle), **whistle_in_detail(db.session(), whistle)}


@blp.route("/whistles/<uuid:whistle_id>/withdraw", methods=["POST"])
@allow(*REQUESTERS, Role.SUBDISTRICT_OFFICER)
@blp.arguments(WorkReasonArgs, example={"reason": "街道已自行解决"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState)
def withdraw_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """撤回吹哨 · Do not blow a whistle that was asked for."""
    whistle = act(whistling.withdraw_whistle, obtain(Whistle, whistle_id), body["reason"])
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/blow", methods=["POST"])
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(BlowArgs, example={"kind": "HARD", "department": "区水务局", "due_on": "2026-04-30"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, InvalidDoer, DueDayPassed)
def blow_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """吹哨 · Call a department: sign in 1 hour, contact in 24, report in 3 or 5 working days."""
    whistle = act(whistling.blow_whistle, obtain(Whistle, whistle_id), **body)
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/object", methods=["POST"])
@allow(Role.DEPARTMENT)
@blp.arguments(WorkReasonArgs, example={"reason": "该路段排水由市政部门管养"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, NotTheDoer, ObjectedAlready)
def object_to_dispatch(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """派哨异议 · Say once, before signing, that the matter is not the department's own."""
    whistle = act_by_role(whistling.object_to_dispatch, obtain(Whistle, whistle_id), body["reason"])
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/sign", methods=["POST"])
@allow(Role.DEPARTMENT)
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, NotTheDoer)
def sign_whistle(whistle_id: UUID) -> dict[str, Any]:
    """签收 · Take the whistle; whoever signs leads it and cannot pass it on."""
    whistle = act_by_role(whistling.sign_whistle, obtain(Whistle, whistle_id))
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/contact", methods=["POST"])
@allow(Role.DEPARTMENT)
@blp.arguments(ContactArgs, example={"note": "已联系社区，明早到现场。"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, NotTheDoer)
def contact_residents(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """联系 · Note that the department has spoken with those concerned."""
    whistle = act_by_role(whistling.note_contact, obtain(Whistle, whistle_id), body["note"])
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/report", methods=["POST"])
@allow(Role.DEPARTMENT)
@blp.arguments(WorkWordsArgs, example={"text": "已到现场，雨水口堵塞，需要清淤。"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, NotTheDoer, TooManyAttachments, UnknownAttachment)
def report_in(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """报到 · The department is on site, with photos that only people of the place see."""
    whistle = act_by_role(whistling.report_in, obtain(Whistle, whistle_id), **body)
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/feed-back", methods=["POST"])
@allow(Role.DEPARTMENT)
@blp.arguments(WorkWordsArgs, example={"text": "雨水口已清淤，加装两处排水口。"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, NotTheDoer, TooManyAttachments, UnknownAttachment)
def feed_back(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """反馈 · The department says what it did, with photos that only people of the place see."""
    whistle = act_by_role(whistling.feed_back, obtain(Whistle, whistle_id), **body)
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/verify-close", methods=["POST"])
@allow(*WHISTLE_CHECKERS)
@blp.arguments(CheckWorkArgs, example={"note": "雨后现场查看，已无积水。"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, DoerCannotVerify)
def verify_close(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """核实结项 · Confirm that it is solved; never by the department that did it."""
    whistle = act_by_role(whistling.verify_close, obtain(Whistle, whistle_id), body["note"])
    return whistle_as_seen(whistle)


@blp.route("/whistles/<uuid:whistle_id>/rework", methods=["POST"])
@allow(*WHISTLE_CHECKERS)
@blp.arguments(ReworkArgs, example={"reason": "大雨后仍有积水", "due_on": "2026-05-15"})
@blp.response(200, WhistleSchema)
@blp.refuses(WrongState, DoerCannotVerify, DueDayPassed)
def rework_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """返工 · Send it back as not solved, with a reason and a new due day."""
    whistle = act_by_role(whistling.rework_whistle, obtain(Whistle, whistle_id), **body)
    return whistle_as_seen(whistle)
