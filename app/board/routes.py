"""URLs of the feeds, and of corrections."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, json, request

from app import clock
from app.api import PREFIX, Blueprint
from app.board import feeds, services
from app.board.models import PublicNotice
from app.board.schemas import CorrectArgs, FeedArgs, FeedSchema, NoticeSchema, WithdrawArgs
from app.errors import NotFound, WrongState
from app.extensions import db
from app.people.guards import allow, current_actor, obtain_compound, public
from app.people.models import Role

blp = Blueprint("board", __name__, description="公示与订阅 · Public notices and feeds")

EDITORS = (Role.BRANCH_SECRETARY, Role.COMMUNITY_SECRETARY)
PLACE = "<any(compounds, communities, subdistricts):kind>/<uuid:place_id>"


def links_of(place: services.FeedPlace) -> feeds.FeedLinks:
    """The feed's addresses as readers reach them."""
    base = current_app.extensions["settings"].public_url or request.host_url.rstrip("/")
    return feeds.FeedLinks(base, PREFIX, place)


@blp.route(f"/board/{PLACE}/feed.json", methods=["GET"])
@public
@blp.arguments(FeedArgs, location="query")
@blp.response(200, FeedSchema, content_type="application/feed+json")
def read_json_feed(args: dict[str, Any], kind: str, place_id: UUID) -> Response:
    """公示订阅（JSON Feed 1.1）· Public notices of a place as JSON Feed."""
    place = _obtain_place(kind, place_id)
    response = _unless_seen(place, "application/feed+json")
    if response.status_code != 304:
        notices, next_before = services.read_notices(db.session(), place, args["before"])
        feed = feeds.json_feed(place, notices, next_before, links_of(place))
        response.set_data(json.dumps(feed))
    return response


@blp.route(f"/board/{PLACE}/feed.atom", methods=["GET"])
@public
@blp.arguments(FeedArgs, location="query")
@blp.response(200, {"type": "string"}, content_type="application/atom+xml")
def read_atom_feed(args: dict[str, Any], kind: str, place_id: UUID) -> Response:
    """公示订阅（Atom）· The same as Atom."""
    place = _obtain_place(kind, place_id)
    response = _unless_seen(place, "application/atom+xml")
    if response.status_code != 304:
        notices, next_before = services.read_notices(db.session(), place, args["before"])
        response.set_data(feeds.atom_feed(place, notices, next_before, links_of(place)))
    return response


def _obtain_place(kind: str, place_id: UUID) -> services.FeedPlace:
    place = services.find_place(db.session(), kind, place_id)
    if place is None:
        raise NotFound
    return place


def _unless_seen(place: services.FeedPlace, mimetype: str) -> Response:
    """An empty 304 for a reader who has this version, else a 200 to fill."""
    version, modified_at = services.feed_version(db.session(), place)
    response = current_app.response_class(mimetype=mimetype)
    response.set_etag(version)
    response.last_modified = modified_at
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.make_conditional(request)
    return response


@blp.route("/notices/<uuid:notice_id>/correct", methods=["POST"])
@allow(*EDITORS)
@blp.arguments(CorrectArgs, example={"note": "圆桌会地点改为社区会议室。"})
@blp.response(200, NoticeSchema)
@blp.refuses(WrongState, services.ResultIsFinal)
def correct_notice(body: dict[str, Any], notice_id: UUID) -> PublicNotice:
    """更正公示 · Correct a notice in the open; its id stays."""
    notice = _obtain_notice(notice_id)
    by = current_actor().resident
    services.correct(db.session(), notice, by, body["note"], clock.now())
    db.session.commit()
    return notice


@blp.route("/notices/<uuid:notice_id>/withdraw", methods=["POST"])
@allow(*EDITORS)
@blp.arguments(WithdrawArgs, example={"reason": "发布到了错误的小区。"})
@blp.response(200, NoticeSchema)
@blp.refuses(WrongState, services.ResultIsFinal)
def withdraw_notice(body: dict[str, Any], notice_id: UUID) -> PublicNotice:
    """撤回公示 · Withdraw a notice with a reason; its id stays in the feeds."""
    notice = _obtain_notice(notice_id)
    by = current_actor().resident
    services.withdraw(db.session(), notice, by, body["reason"], clock.now())
    db.session.commit()
    return notice


def _obtain_notice(notice_id: UUID) -> PublicNotice:
    notice = db.session.get(
        PublicNotice, notice_id, with_for_update={"of": PublicNotice, "key_share": True}
    )
    if notice is None:
        raise NotFound
    obtain_compound(notice.compound_id)
    return notice
