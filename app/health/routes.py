"""`/healthz` and `/readyz`: asked by balancers, service managers and those who watch. Public: they
name parts and codes, never an address or a version."""

from flask import Blueprint, Flask, Response, current_app, jsonify

from app.health.probes import OK, VITAL, Asker

health = Blueprint("health", __name__)
ASKER = "asker"


def init_app(app: Flask) -> None:
    """Serve both."""
    app.extensions[ASKER] = Asker(app)
    app.register_blueprint(health)


@health.get("/healthz")
def healthz() -> Response:
    """The process answers. Nothing else is asked, so a restart may be hung on it."""
    return _answer({"status": "ok"}, 200)


@health.get("/readyz")
def readyz() -> Response:
    """Whether this host can serve: 200 `ready` or `degraded`, else 503 `not_ready`, with each
    check's code. Within some two seconds, whatever hangs."""
    asker: Asker = current_app.extensions[ASKER]
    codes = asker.ask()
    failed = {name for name, code in codes.items() if code != OK}
    status = "not_ready" if failed & VITAL else "degraded" if failed else "ready"
    checks = {
        name: {"status": "failed" if name in failed else OK, "code": code, "vital": name in VITAL}
        for name, code in codes.items()
    }
    return _answer({"status": status, "checks": checks}, 503 if status == "not_ready" else 200)


def _answer(body: object, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
