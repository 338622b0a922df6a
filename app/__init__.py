"""月月谈: the application factory."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from flask.sessions import NullSession, SessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    commands,
    database,
    following,
    informing,
    limiter,
    request_log,
    signing,
    starting,
)
from app.agenda.routes import blp as agenda
from app.attachments.routes import blp as attachments
from app.attachments.stores import make_store
from app.ballots.assembly.routes import blp as manual
from app.ballots.countersign.routes import blp as countersigning
from app.ballots.keys import operator as operator_key
from app.ballots.keys.choice import make_key_store
from app.ballots.keys.store import VotingKeyMissing
from app.ballots.paper.routes import blp as paper
from app.ballots.polled import forget_count
from app.ballots.routes import blp as ballots
from app.board.pages import pages as board_pages
from app.board.routes import blp as board
from app.cases.routes import blp as cases
from app.compounds.routes import blp as compounds
from app.config import Settings
from app.confined.calls import Confined, lock_of
from app.conventions.routes import blp as conventions
from app.deliberation.routes import blp as deliberation
from app.docs.pages import pages as docs_pages
from app.evaluations.routes import blp as evaluations
from app.health import metrics
from app.health import routes as health
from app.kit import due
from app.kit.extensions import db, jwt
from app.kit.texts import load_texts
from app.kit.web import problems
from app.kit.web.api import PREFIX, Api, UploadRequest
from app.matters.routes import blp as matters
from app.messages.routes import blp as messages
from app.messages.telling import tell
from app.oversight.routes import blp as oversight
from app.people.routes import blp as people
from app.rating_lists.routes import blp as rating_lists
from app.reports.routes import blp as reports
from app.resolutions.routes import blp as resolutions
from app.resolutions.vote.missing_key import on_missing_key
from app.story.routes import blp as story
from app.wechat.client import WeChatClient
from app.works.hours.routes import blp as hours
from app.works.orders.routes import blp as works
from app.works.whistles.routes import blp as whistles

API_BLUEPRINTS = (
    people,
    messages,
    compounds,
    attachments,
    matters,
    agenda,
    ballots,
    countersigning,
    paper,
    manual,
    deliberation,
    resolutions,
    works,
    hours,
    whistles,
    conventions,
    evaluations,
    story,
    reports,
    cases,
    rating_lists,
    board,
    oversight,
)


HSTS_SECONDS = 365 * 24 * 3600


def create_app(
    settings: Settings | None = None, instance: Path | None = None, *, is_checked: bool = True
) -> Flask:
    """The application. Raises UnsafeSettings where production would break a promise, unless it is
    made to find out what is wrong."""
    app = Flask(
        "app",
        instance_path=str((instance or Path("instance")).absolute()),
        static_url_path="/static",
    )
    app.request_class = UploadRequest
    app.session_interface = NoSessions()
    settings = settings or Settings.from_environment(Path(app.instance_path))
    if is_checked or not settings.can_be_loaded:
        settings.check()
    app.config.from_mapping(settings.for_flask())
    app.extensions["settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["wechat"] = WeChatClient(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret,
        base_url=settings.wechat_api_base,
    )

    signing.init_app(app, settings.secret_key, settings.secret_keys_before)
    app.extensions["keys"] = make_key_store(settings)
    app.extensions["attachment_store"] = make_store(settings)
    app.extensions["confined"] = Confined(lock_of(app.instance_path), settings.confined)
    request_log.init_app(app)
    if settings.metrics_bind is not None:
        metrics.init_app(app)  # before all that may refuse a request
    app.wsgi_app = behind_proxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    db.init_app(app)
    jwt.init_app(app)
    problems.init_app(app)
    database.init_app(app)
    starting.init_app(app)
    limiter.init_app(app, settings)
    due.init_app(app, following.REGISTER, following.ASK_THEMSELVES)
    tell(*informing.MESSAGES)
    app.after_request(add_headers)
    app.after_request(forget_count)

    api = Api(app)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    app.register_error_handler(VotingKeyMissing, on_missing_key)
    app.register_blueprint(board_pages)
    app.register_blueprint(docs_pages)
    health.init_app(app)
    commands.init_app(app)
    return app


def behind_proxies(wsgi_app: Any, count: int) -> Any:
    """The application as seen from in front of so many proxies of ours: each adds the address that
    it was asked from, and the last one tells whether the connection was encrypted. What stands
    before that was written by who knows whom."""
    return ProxyFix(wsgi_app, x_for=count, x_proto=1, x_host=0) if count else wsgi_app


def check_before_serving(app: Flask) -> None:
    """What a server reads and asks before its first request, and no command does, since commands
    mend it.

    Raises UnsafeSettings where production would sign with a key that nobody knows.
    """
    load_texts()
    settings: Settings = app.extensions["settings"]
    if not settings.production:
        return
    with app.app_context():
        try:
            operator_key.check_before_serving(db.session(), app.extensions["keys"])
        finally:
            # A server that forks now must not share the connections.
            db.session.remove()
            db.engine.dispose()
            app.extensions["keys"].close()


class NoSessions(SessionInterface):
    """Who asks is told by the token; no cookie is read or set."""

    def open_session(self, app: Flask, request: Any) -> NullSession:
        """A session that refuses to be written."""
        return NullSession()


def add_headers(response: Response) -> Response:
    """Security headers for all answers, and an ETag for what phones poll."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    )
    if response.mimetype == "text/html":
        # A page needs no device of its reader, and no window that opened it may reach into it.
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    settings: Settings = current_app.extensions["settings"]
    if settings.production and request.is_secure:
        # Only over TLS (RFC 6797, 7.2). Without includeSubDomains: the names beside ours are not
        # ours to promise for.
        response.headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_SECONDS}")
    if request.method == "GET" and response.status_code == 200 and response.is_json:
        if not response.get_etag()[0]:
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.add_etag()
        response.make_conditional(request)
    return response
