"""URLs of whistles to departments."""

from typing import Any
from uuid import UUID

from app.attachments.refusals import TooManyAttachments, UnknownAttachment
from app.kit import clock
from app.kit.errors import WrongState
from app.kit.extensions import db
from app.kit.web.api import Blueprint, each, read_page
from app.matters.models import Matter
from app.people.guards import (
    EVERYONE_THERE,
    act,
    act_by_role,
    allow,
    create,
    obtain,
    obtain_compound,
)
from app.people.models import Role
from app.works import refusals
from app.works.access import WHISTLE_CHECKERS, whistle_as_seen, whistle_due_at, whistles_of
from app.works.orders.schemas import CheckWorkArgs, ContactArgs, WorkReasonArgs, WorkWordsArgs
from app.works.photos import whistle_in_detail
from app.works.whistles import moving as whistling
from app.works.whistles import schemas
from app.works.whistles.models import Whistle

blp = Blueprint("whistles", __name__, description="吹哨报到 · Whistles to departments")

REQUESTERS = (Role.COMMUNITY_SECRETARY, Role.BRANCH_SECRETARY)


@blp.post("/matters/<uuid:matter_id>/whistles", schemas.WhistleSchema)
@allow(*REQUESTERS)
@blp.arguments(
    schemas.WhistleArgs,
    example={"ground": "CARED_UNSOLVED", "text": "1号路雨后积水，街道无力改造管网。"},
)
@blp.creates(WrongState)
def request_whistle(body: dict[str, Any], matter_id: UUID) -> dict[str, Any]:
    """提请吹哨 · Ask the street office to call a department to a matter."""
    matter = obtain(Matter, matter_id)
    return whistle_as_seen(create(Whistle, whistling.request_whistle, matter, **body))


@blp.get("/compounds/<uuid:compound_id>/whistles")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.WhistleSchema, schemas.WhistlesArgs)
def list_whistles(args: dict[str, Any], compound_id: UUID) -> dict[str, Any]:
    """哨声列表 · Whistles of a compound, newest first."""
    obtain_compound(compound_id)
    query = whistles_of(compound_id)
    if args.pop("overdue"):
        query = query.where(whistle_due_at <= clock.now())
    return read_page(db.session(), query, Whistle.number, show=each(whistle_as_seen), **args)


@blp.get("/whistles/<uuid:whistle_id>", schemas.WhistleDetailSchema)
@allow(*EVERYONE_THERE)
def read_whistle(whistle_id: UUID) -> dict[str, Any]:
    """一声哨 · One whistle with its photos."""
    whistle = obtain(Whistle, whistle_id)
    return {**whistle_as_seen(whistle), **whistle_in_detail(db.session(), whistle)}


@blp.post("/whistles/<uuid:whistle_id>/withdraw", schemas.WhistleSchema)
@allow(*REQUESTERS, Role.SUBDISTRICT_OFFICER)
@blp.arguments(WorkReasonArgs, example={"reason": "街道已自行解决"})
@blp.refuses(WrongState)
def withdraw_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """撤回吹哨 · Withdraw a whistle that has not been blown yet."""
    whistle = act(whistling.withdraw_whistle, obtain(Whistle, whistle_id), body["reason"])
    return whistle_as_seen(whistle)


@blp.post("/whistles/<uuid:whistle_id>/blow", schemas.WhistleSchema)
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(
    schemas.BlowArgs, example={"kind": "HARD", "department": "区水务局", "due_on": "2026-04-30"}
)
@blp.refuses(WrongState, refusals.InvalidDoer, refusals.DueDayPassed)
def blow_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """吹哨 · Call a department: it has 1 hour to sign, 24 hours to make contact, and 3 or 5 working
    days to be on site."""
    return whistle_as_seen(act(whistling.blow_whistle, obtain(Whistle, whistle_id), **body))


@blp.post("/whistles/<uuid:whistle_id>/recall", schemas.WhistleSchema)
@allow(Role.SUBDISTRICT_OFFICER)
@blp.arguments(WorkReasonArgs, example={"reason": "承办人已调离，另行派哨"})
@blp.refuses(WrongState)
def recall_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """收回哨声 · Take a whistle back from its department, with a reason, to blow it again."""
    return whistle_as_seen(
        act(whistling.recall_whistle, obtain(Whistle, whistle_id), body["reason"])
    )


@blp.post("/whistles/<uuid:whistle_id>/object", schemas.WhistleSchema)
@allow(Role.DEPARTMENT)
@blp.arguments(WorkReasonArgs, example={"reason": "该路段排水由市政部门管养"})
@blp.refuses(WrongState, refusals.NotTheDoer, refusals.ObjectedAlready)
def object_to_dispatch(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """派哨异议 · Object, once and before signing, that the matter is not the department's."""
    whistle = act_by_role(whistling.object_to_dispatch, obtain(Whistle, whistle_id), body["reason"])
    return whistle_as_seen(whistle)


@blp.post("/whistles/<uuid:whistle_id>/sign", schemas.WhistleSchema)
@allow(Role.DEPARTMENT)
@blp.refuses(WrongState, refusals.NotTheDoer)
def sign_whistle(whistle_id: UUID) -> dict[str, Any]:
    """签收 · Sign for a whistle; the department that signs leads and cannot pass it on."""
    return whistle_as_seen(act_by_role(whistling.sign_whistle, obtain(Whistle, whistle_id)))


@blp.post("/whistles/<uuid:whistle_id>/contact", schemas.WhistleSchema)
@allow(Role.DEPARTMENT)
@blp.arguments(ContactArgs, example={"note": "已联系社区，明早到现场。"})
@blp.refuses(WrongState, refusals.NotTheDoer)
def contact_residents(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """联系 · Record that the department has spoken with those concerned."""
    whistle = act_by_role(whistling.note_contact, obtain(Whistle, whistle_id), body["note"])
    return whistle_as_seen(whistle)


@blp.post("/whistles/<uuid:whistle_id>/report", schemas.WhistleSchema)
@allow(Role.DEPARTMENT)
@blp.arguments(WorkWordsArgs, example={"text": "已到现场，雨水口堵塞，需要清淤。"})
@blp.refuses(WrongState, refusals.NotTheDoer, TooManyAttachments, UnknownAttachment)
def report_in(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """报到 · Report that the department is on site, with photos that only people of the place can
    see."""
    return whistle_as_seen(act_by_role(whistling.report_in, obtain(Whistle, whistle_id), **body))


@blp.post("/whistles/<uuid:whistle_id>/feed-back", schemas.WhistleSchema)
@allow(Role.DEPARTMENT)
@blp.arguments(WorkWordsArgs, example={"text": "雨水口已清淤，加装两处排水口。"})
@blp.refuses(WrongState, refusals.NotTheDoer, TooManyAttachments, UnknownAttachment)
def feed_back(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """反馈 · Report what the department did, with photos that only people of the place can see."""
    return whistle_as_seen(act_by_role(whistling.feed_back, obtain(Whistle, whistle_id), **body))


@blp.post("/whistles/<uuid:whistle_id>/verify-close", schemas.WhistleSchema)
@allow(*WHISTLE_CHECKERS)
@blp.arguments(CheckWorkArgs, example={"note": "雨后现场查看，已无积水。"})
@blp.refuses(WrongState, refusals.DoerCannotVerify)
def verify_close(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """核实结项 · Confirm that the matter is solved; not by the department that did the work."""
    whistle = act_by_role(whistling.verify_close, obtain(Whistle, whistle_id), body["note"])
    return whistle_as_seen(whistle)


@blp.post("/whistles/<uuid:whistle_id>/rework", schemas.WhistleSchema)
@allow(*WHISTLE_CHECKERS)
@blp.arguments(schemas.ReworkArgs, example={"reason": "大雨后仍有积水", "due_on": "2026-05-15"})
@blp.refuses(WrongState, refusals.DoerCannotVerify, refusals.DueDayPassed)
def rework_whistle(body: dict[str, Any], whistle_id: UUID) -> dict[str, Any]:
    """返工 · Send the whistle back as not solved, with a reason and a new due day."""
    whistle = act_by_role(whistling.rework_whistle, obtain(Whistle, whistle_id), **body)
    return whistle_as_seen(whistle)
