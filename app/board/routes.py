"""URLs of the feeds, and of corrections."""

from collections.abc import Set
from typing import Any
from uuid import UUID

from flask import Response, current_app, json, request

from app.board import feeds, objections, schemas, services
from app.board.models import NoticeKind, Objection, PublicNotice
from app.board.refusals import ObjectionTermOver, ResultIsFinal, TakesNoObjections
from app.compounds.models import Compound
from app.kit import clock
from app.kit.errors import Forbidden, WrongState, found
from app.kit.extensions import db
from app.kit.web.api import PREFIX, Blueprint, each, read_page
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    create,
    current_actor,
    obtain,
    obtain_compound,
    public,
)
from app.people.models import Role

blp = Blueprint("board", __name__, description="公示与订阅 · Public notices and feeds")

EDITORS = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
LIVE_THERE = frozenset({Role.RESIDENT, Role.OWNER})
# Who objects to a notice where it is not those who live there.
OBJECTORS = {NoticeKind.RATING_NOTICED: LIVE_THERE | {Role.PROPERTY_MANAGER}}
PLACE = "<any(compounds, communities, subdistricts):kind>/<uuid:place_id>"


def links_of(place: services.FeedPlace) -> feeds.FeedLinks:
    """The feed's addresses as readers reach them."""
    base = current_app.extensions["settings"].public_url or request.host_url.rstrip("/")
    return feeds.FeedLinks(base, PREFIX, place)


@blp.get(f"/board/{PLACE}/feed.json")
@public
@blp.arguments(schemas.FeedArgs, location="query")
@blp.response(200, schemas.FeedSchema, content_type="application/feed+json")
def read_json_feed(args: dict[str, Any], kind: str, place_id: UUID) -> Response:
    """公示订阅（JSON Feed 1.1）· Public notices of a place as JSON Feed."""
    place = _obtain_place(kind, place_id)
    response = _unless_seen(place, args["before"], "application/feed+json")
    if response.status_code != 304:
        notices, next_before = services.read_notices(db.session(), place, args["before"])
        counts = objections.count_objections(db.session(), [notice.id for notice in notices])
        feed = feeds.json_feed(place, notices, counts, next_before, links_of(place))
        response.set_data(json.dumps(feed))
    return response


@blp.get(f"/board/{PLACE}/feed.atom")
@public
@blp.arguments(schemas.FeedArgs, location="query")
@blp.response(200, {"type": "string"}, content_type="application/atom+xml")
def read_atom_feed(args: dict[str, Any], kind: str, place_id: UUID) -> Response:
    """公示订阅（Atom）· The same notices as an Atom feed."""
    place = _obtain_place(kind, place_id)
    response = _unless_seen(place, args["before"], "application/atom+xml")
    if response.status_code != 304:
        notices, next_before = services.read_notices(db.session(), place, args["before"])
        response.set_data(feeds.atom_feed(place, notices, next_before, links_of(place)))
    return response


def _obtain_place(kind: str, place_id: UUID) -> services.FeedPlace:
    return found(services.find_place(db.session(), kind, place_id))


def _unless_seen(place: services.FeedPlace, before: UUID | None, mimetype: str) -> Response:
    """An empty 304 for a reader who has this version of the page, else a 200 to fill."""
    version, modified_at = services.feed_version(db.session(), place, before)
    response = current_app.response_class(mimetype=mimetype)
    response.set_etag(version)
    response.last_modified = modified_at
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.make_conditional(request)
    return response


@blp.post("/notices/<uuid:notice_id>/correct", schemas.NoticeSchema)
@allow(*EDITORS)
@blp.arguments(schemas.CorrectArgs, example={"note": "圆桌会地点改为社区会议室。"})
@blp.refuses(WrongState, ResultIsFinal)
def correct_notice(body: dict[str, Any], notice_id: UUID) -> PublicNotice:
    """更正公示 · Correct a notice; the correction is visible and the id stays the same."""
    return act(
        services.correct, obtain(PublicNotice, notice_id, lock=True), body["note"], clock.now()
    )


@blp.post("/notices/<uuid:notice_id>/withdraw", schemas.NoticeSchema)
@allow(*EDITORS)
@blp.arguments(schemas.WithdrawArgs, example={"reason": "发布到了错误的小区。"})
@blp.refuses(WrongState, ResultIsFinal)
def withdraw_notice(body: dict[str, Any], notice_id: UUID) -> PublicNotice:
    """撤回公示 · Withdraw a notice, with a reason; its id stays in the feeds."""
    return act(
        services.withdraw, obtain(PublicNotice, notice_id, lock=True), body["reason"], clock.now()
    )


@blp.post("/notices/<uuid:notice_id>/objections", schemas.ObjectionSchema)
@allow(Role.RESIDENT, Role.OWNER, Role.PROPERTY_MANAGER)
@blp.arguments(schemas.ObjectArgs, example={"text": "限时两小时太短，看望老人的子女停不下。"})
@blp.creates(WrongState, TakesNoObjections, ObjectionTermOver)
def raise_objection(body: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
    """提异议 · Object to a notice during its term; an answer is due within 3 working days.

    The property firm's manager may object to the firm's rating and to nothing else.
    """
    notice = obtain(PublicNotice, notice_id, lock=True)
    _require_one_of(OBJECTORS.get(notice.kind, LIVE_THERE), notice.compound)
    return _seen(create(Objection, objections.raise_objection, notice, body["text"]))


@blp.get("/notices/<uuid:notice_id>/objections")
@allow(*EVERYONE_THERE)
@blp.lists(schemas.ObjectionSchema)
def list_objections(args: dict[str, Any], notice_id: UUID) -> dict[str, Any]:
    """异议与答复 · Objections to a notice with their answers, newest first."""
    obtain(PublicNotice, notice_id)
    query = (
        db.select(Objection)
        .where(Objection.notice_id == notice_id)
        .options(db.joinedload(Objection.resident))
    )
    return read_page(db.session(), query, Objection.id, show=each(_seen), **args)


@blp.post("/objections/<uuid:objection_id>/answer", schemas.ObjectionSchema)
@allow(Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
@blp.arguments(schemas.AnswerArgs, example={"answer": "采纳：看望老人的登记后可停一天。"})
@blp.refuses(WrongState)
def answer_objection(body: dict[str, Any], objection_id: UUID) -> dict[str, Any]:
    """答复异议 · Answer an objection, once: as the branch, or for a rating as the community that
    made it."""
    objection = found(
        db.session.get(
            Objection, objection_id, with_for_update={"of": Objection, "key_share": True}
        )
    )
    compound = obtain_compound(objection.compound_id)
    kind = db.session.get_one(PublicNotice, objection.notice_id).kind
    _require_one_of(objections.answerers_of(kind), compound)
    return _seen(act(objections.answer_objection, objection, body["answer"]))


def _require_one_of(roles: Set[Role], compound: Compound) -> None:
    if current_actor().roles_in(compound).isdisjoint(roles):
        raise Forbidden


def _seen(objection: Objection) -> dict[str, Any]:
    return {"objection": objection, "is_mine": objection.resident_id == current_actor().id}
