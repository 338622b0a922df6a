"""The board as pages for people and notice screens; `feed` addresses without the API's prefix."""

from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from app.board import feeds, services
from app.board.models import PublicNotice
from app.board.poster.drawing import poster_of
from app.board.poster.kept import read_poster
from app.board.routes import PLACE, links_of
from app.kit import clock
from app.kit.extensions import db
from votes.selection import Outcome

pages = Blueprint("board_pages", __name__, url_prefix="/board", template_folder="templates")


@pages.get(f"/{PLACE}")
def place_board(kind: str, place_id: UUID) -> str:
    place = services.find_place(db.session(), kind, place_id) or abort(404)
    before = request.args.get("before", type=UUID)
    notices, next_before = services.read_notices(db.session(), place, before)
    return render_template(
        "board.html",
        title=feeds.title_of(place),
        notices=notices,
        next_before=next_before,
        links=links_of(place),
        spoken=clock.spoken,
        written=clock.written,
        spoken_end=clock.spoken_end,
        outcomes=Outcome,
    )


@pages.get("/notices/<uuid:notice_id>")
def notice_page(notice_id: UUID) -> str:
    notice, place = _found(notice_id)
    return render_template(
        "board.html",
        title=notice.title,
        notices=[notice],
        links=links_of(place),
        spoken=clock.spoken,
        written=clock.written,
        spoken_end=clock.spoken_end,
        outcomes=Outcome,
    )


@pages.get("/notices/<uuid:notice_id>/poster.pdf")
def notice_poster(notice_id: UUID) -> Response:
    notice, place = _found(notice_id)
    poster = poster_of(notice, links_of(place).notice(notice))
    response = current_app.response_class(mimetype="application/pdf")
    response.set_etag(poster.version)
    response.last_modified = notice.modified_at
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Content-Disposition"] = f"inline; filename=notice-{notice.id}.pdf"
    response.make_conditional(request)
    if response.status_code != 304:
        store, confined = (
            current_app.extensions[name] for name in ("attachment_store", "confined")
        )
        response.set_data(read_poster(store, confined, notice.id, poster))
    return response


def _found(notice_id: UUID) -> tuple[PublicNotice, services.FeedPlace]:
    notice = db.session.get(PublicNotice, notice_id) or abort(404)
    place = services.FeedPlace("compounds", notice.compound_id, notice.compound.name)
    return notice, place


@pages.get(f"/{PLACE}/feed.<any(json, atom):kind_of_feed>")
def feed(kind: str, place_id: UUID, kind_of_feed: str) -> Response:
    view = f"board.read_{kind_of_feed}_feed"
    return redirect(url_for(view, kind=kind, place_id=place_id), code=308)
