"""One line for each request, and an id by which its other lines are found.

The line tells the operation and how it ended; not who asked, from where, for which thing, nor with
what. How large an answer was is told of downloads alone: the size of a receipt would tell how many
marks a ballot has.
"""

import logging
import re
from time import perf_counter
from uuid import UUID, uuid4

import structlog
from flask import Flask, Response, g, request

from app.limits import OPERATIONS, Use

HEADER = "X-Request-ID"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SIZES_OF = frozenset({Use.PUBLIC_READ, Use.POSTER, Use.EXPORT})
OURS_SINCE, OURS_UNTIL = 1_577_836_800_000, 4_102_444_800_000  # 2020 to 2100, in milliseconds

_ID = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Register before all other hooks: what they log then has the id, and the time is whole."""
    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)


def request_id(given: str | None) -> str:
    """The id that a proxy or client gave, where it is a random one (UUID 4, or 32 hexadecimal
    digits as nginx makes them), else a new one. Ids of our own rows, which are UUID 7, are not
    taken: with a resident's the log would be a list of who did what."""
    if given is None or not _ID.fullmatch(given) or _is_of_a_row(UUID(given)):
        return uuid4().hex
    return given


def _is_of_a_row(given: UUID) -> bool:
    return given.version == 7 and OURS_SINCE < given.int >> 80 < OURS_UNTIL


def begin() -> None:
    """Give the request its id."""
    g.begun, g.request_id = perf_counter(), request_id(request.headers.get(HEADER))
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def end(response: Response) -> Response:
    """Tell the id, and log the line."""
    response.headers[HEADER] = g.request_id
    if log.isEnabledFor(logging.INFO):
        log.info("request", extra=_fields(response))
    return response


def _fields(response: Response) -> dict[str, object]:
    fields: dict[str, object] = {
        "operation": request.endpoint or "unknown",
        "method": request.method if request.method in METHODS else "other",
        "status": response.status_code,
        "ms": round((perf_counter() - g.begun) * 1000, 1),
    }
    if "refusal" in g:
        fields["code"] = g.refusal
    if OPERATIONS.get(request.endpoint or "") in SIZES_OF:
        fields["bytes"] = response.content_length
    return fields


def forget(_: BaseException | None) -> None:
    """The next request of this thread has another id."""
    structlog.contextvars.clear_contextvars()
