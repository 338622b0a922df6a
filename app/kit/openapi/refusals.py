"""How the description tells of refusals: for each code a schema with its words, once.

An operation refers to them. Where it can refuse with several codes of one status, its response is
one of their schemas, and a client goes by `code`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from app.kit.errors import DomainError
from app.kit.web.problems import MEDIA_TYPE

PROBLEM = "#/components/schemas/Problem"
# Headers that come with a status.
HEADERS = {
    401: {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}},
    429: {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
    503: {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
}
HEADER_WORDS = {
    "Retry-After": ("几秒后再试", "seconds until another try"),
    "WWW-Authenticate": ("`Bearer`：需要访问令牌", "`Bearer`: an access token is needed"),
}


def add_headers(components: Any) -> None:
    """The headers that answers refer to."""
    for name, (zh, en) in HEADER_WORDS.items():
        kind = {"type": "integer", "minimum": 0} if name == "Retry-After" else {"type": "string"}
        components.header(name, {"description": f"{zh} · {en}", "schema": kind})


def responses_of(components: Any, errors: Iterable[type[DomainError]]) -> dict[str, Any]:
    """One response for each status with which an operation refuses."""
    unique = {error.code: error for error in errors}.values()
    return {
        str(status): _response(components, [e for e in unique if e.status == status])
        for status in sorted({error.status for error in unique})
    }


def _response(components: Any, errors: Sequence[type[DomainError]]) -> dict[str, Any]:
    for error in errors:
        _add_problem(components, error)
    if len(errors) > 1:
        codes = ", ".join(f"`{error.code}`" for error in errors)
        return _described(errors[0].status, codes, {"oneOf": [_schema_of(e) for e in errors]})
    (error,) = errors
    name = camel(error.code)
    if name not in components.responses:
        words = f"`{error.code}` {error.zh} · {error.en}"
        answer = _described(error.status, words, _schema_of(error))
        answer["content"][MEDIA_TYPE]["example"] = _example(error)
        components.response(name, answer)
    return {"$ref": f"#/components/responses/{name}"}


def _schema_of(error: type[DomainError]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{camel(error.code)}Problem"}


def _described(status: int, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": words, "content": {MEDIA_TYPE: {"schema": schema}}}
    headers = HEADERS.get(status)
    return {**answer, "headers": headers} if headers else answer


def _add_problem(components: Any, error: type[DomainError]) -> None:
    """The schema of one code, with its words."""
    name = f"{camel(error.code)}Problem"
    if name not in components.schemas:
        own = {"properties": {"code": {"enum": [error.code]}}}
        words = f"{error.zh} · {error.en}"
        components.schema(name, {"description": words, "allOf": [{"$ref": PROBLEM}, own]})


def _example(error: type[DomainError]) -> dict[str, Any]:
    return {
        "type": f"/docs/errors#{error.code}",
        "title": error.zh,
        "status": error.status,
        "code": error.code,
        "instance": "/api/v1/…",
    }


def camel(words: str) -> str:
    """`not_on_roll` as `NotOnRoll`."""
    return "".join(word.capitalize() for word in words.split("_"))
