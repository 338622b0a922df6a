"""Front page, verifier, API documentation, the list of error codes, and the OpenAPI document."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, Response, current_app, json, make_response, render_template, request

from app.config import Settings
from app.docs.single_page import single_page
from app.kit.errors import DomainError
from app.kit.web.api import PREFIX, Api
from app.kit.web.problems import HTTP_WORDS

pages = Blueprint("docs", __name__, template_folder="templates")

# What Swagger UI needs beyond the policy of all other pages: it styles its elements inline and
# draws its icons from data URLs.
DOCS_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
OPENAPI_CACHE = "yueyuetan-openapi"


class ErrorWords(NamedTuple):
    """One error that a client can meet."""

    code: str
    status: int
    zh: str
    en: str


@pages.get("/")
def front() -> str:
    """What this is, and where to read on."""
    return render_template("front.html")


@pages.get("/verify")
def verify() -> str:
    """Recount a result in the reader's own browser (`docs/bundle.md`); `session` names one of ours.

    The page sends nothing: what it computes lies in `app/static/verify`.
    """
    return render_template("verify.html", session_id=request.args.get("session", type=UUID))


@pages.get("/verify.html")
def verify_alone() -> Response:
    """The same page as one file to keep: it works without a network, and without us."""
    settings: Settings = current_app.extensions["settings"]
    html = render_template("verify.html", session_id=None, is_alone=True)
    static = Path(f"{current_app.static_folder}")
    response = make_response(single_page(html, static, settings.public_url))
    response.headers["Content-Disposition"] = "attachment; filename=yueyuetan-verify.html"
    return response


@pages.get("/docs")
def api_docs() -> Response:
    """Swagger UI over the OpenAPI document."""
    response = make_response(render_template("api_docs.html"))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


@pages.get("/docs/errors")
def error_list() -> str:
    """Every error code; the `type` of a problem points at its row."""
    return render_template("error_list.html", rows=all_errors())


@pages.get(f"{PREFIX}/openapi.json")
def openapi() -> Response:
    """The OpenAPI document of all operations."""
    return current_app.response_class(_openapi_text(), mimetype="application/json")


def _openapi_text() -> str:
    # The operations do not change while the application runs, and keep the order of their code.
    if OPENAPI_CACHE not in current_app.extensions:
        api: Api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        codes = [error.code for error in all_errors()]
        document = api.document(current_app.extensions["settings"].public_url, codes)
        current_app.extensions[OPENAPI_CACHE] = json.dumps(
            document, sort_keys=False, separators=(",", ":")
        )
    text: str = current_app.extensions[OPENAPI_CACHE]
    return text


def all_errors() -> list[ErrorWords]:
    """Every error that a client can meet, one row for each code, in the order of the codes."""
    by_code = {error.code: error for error in (*_http_errors(), *_refusals(DomainError))}
    return sorted(by_code.values())


def _http_errors() -> Iterator[ErrorWords]:
    for status, (code, zh, en) in HTTP_WORDS.items():
        yield ErrorWords(code, status, zh, en)


def _refusals(parent: type[DomainError]) -> Iterator[ErrorWords]:
    for refusal in parent.__subclasses__():
        if hasattr(refusal, "code"):
            yield ErrorWords(refusal.code, refusal.status, refusal.zh, refusal.en)
        yield from _refusals(refusal)
