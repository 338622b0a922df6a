"""One body for every error: RFC 9457 `application/problem+json`, in Chinese or English.

A page for people answers with a short HTML page instead; the words are the same.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, g, json, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app import logs
from app.kit.errors import DatabaseUnavailable, DomainError, InvalidInput, Refused

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2

# Errors that Flask itself raises: their codes and words.
HTTP_WORDS: Mapping[int, tuple[str, str, str]] = {
    400: ("bad_request", "请求无法读懂", "The request could not be read"),
    404: ("not_found", "没有找到", "Not found"),
    405: ("method_not_allowed", "此地址不支持这种操作", "This address does not take that method"),
    413: ("too_large", "提交的内容太大", "The content is too large"),
    415: ("not_json", "请以 JSON 格式提交", "Send JSON with Content-Type: application/json"),
    422: ("invalid_input", InvalidInput.zh, InvalidInput.en),
    500: ("server_error", "服务器出错，已记录", "A server error; it has been logged"),
}

# What marshmallow says of a field, and the same in Chinese.
FIELD_WORDS = tuple(
    (re.compile(pattern), zh)
    for pattern, zh in (
        (r"Missing data for required field\.", "缺少此项"),
        (r"Field may not be null\.", "此项不能为空值"),
        (r"Unknown field\.", "没有这个字段"),
        (r"Invalid input type\.", "内容类型不对"),
        (r"Invalid type\.", "内容类型不对"),
        (r"Not a valid string\.", "应为文字"),
        (r"Not a valid utf-8 string\.", "应为 UTF-8 文字"),
        (r"Not a valid integer\.", "应为整数"),
        (r"Number too large\.", "数字太大"),
        (r"Not a valid boolean\.", "应为 true 或 false"),
        (r"Not a valid UUID\.", "不是有效的编号"),
        (r"Not a valid list\.", "应为列表"),
        (r"Not a valid date\.", "不是有效的日期（如 2026-03-12）"),
        (r"Not a valid datetime\.", "不是有效的时间（如 2026-03-12T00:00:00+08:00）"),
        (r"Not a valid aware datetime\.", "时间须带时区（如 2026-03-12T00:00:00+08:00）"),
        (r"Must be one of: (.+)\.", r"应为其中之一：\1"),
        (r"Longer than maximum length (\d+)\.", r"最多 \1 个字"),
        (r"Shorter than minimum length (\d+)\.", r"至少 \1 个字"),
        (r"Length must be (\d+)\.", r"应为 \1 个字"),
        (r"Length must be between (\d+) and (\d+)\.", r"应为 \1 到 \2 个"),
        (r"Must be greater than or equal to (\S+)\.", r"不能小于 \1"),
        (r"Must be less than or equal to (\S+)\.", r"不能大于 \1"),
        (
            r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.",
            r"应在 \1 与 \2 之间",
        ),
        (r"String does not match expected pattern\.", "格式不对"),
        (r"Must not be blank\.", "不能为空"),
        (r"Contains characters that are not text\.", "含有不是文字的字符"),
        (r"The year must be between 2000 and 2199\.", "年份应在 2000 到 2199 之间"),
        (r"Give a month or a year, not both\.", "月份和年份只填一个"),
    )
)


def wants_english() -> bool:
    """Whether the reader asked for English; Chinese is the default."""
    return request.accept_languages.best_match(["zh", "en"], default="zh") == "en"


def in_chinese(message: str) -> str:
    """A field message of marshmallow in Chinese; as it stands where no translation is known."""
    for pattern, zh in FIELD_WORDS:
        if pattern.fullmatch(message):
            return pattern.sub(zh, message)
    return message


def field_errors(messages: Any, where: tuple[str, ...] = ()) -> Iterator[Refused]:
    """Flatten marshmallow's nested messages into one refusal for each field."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from field_errors(inner, (*where, str(key)))
    elif isinstance(messages, list | tuple):
        for message in messages:
            yield from field_errors(message, where)
    else:
        path = ".".join(part for part in where if part not in ("json", "_schema"))
        yield Refused(path, "invalid", in_chinese(str(messages)), str(messages))


def problem(
    status: int,
    code: str,
    title: tuple[str, str],
    detail: tuple[str | None, str | None] = (None, None),
    errors: list[Refused] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for one error. `title` and `detail` are (Chinese, English)."""
    english = wants_english()
    g.refusal = code
    if not request.path.startswith("/api/"):
        page = render_template("error.html", status=status, code=code, title=title, detail=detail)
        response = current_app.response_class(page, status=status)
    else:
        body: dict[str, Any] = {
            "type": f"/docs/errors#{code}",
            "title": title[english],
            "status": status,
            "code": code,
            "instance": quote(request.path),
        }
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and "request_id" in g:
            body["request_id"] = g.request_id  # by which the operator finds it in the log
        if detail[english]:
            body["detail"] = detail[english]
        if errors:
            body["errors"] = [
                {"where": e.where, "code": e.code, "message": e.en if english else e.zh}
                for e in errors
            ]
        # The name of a refused field may hold half a surrogate pair: it goes out as it came in,
        # escaped.
        text = json.dumps(body).encode(errors="backslashreplace")
        response = current_app.response_class(text, status=status, mimetype=MEDIA_TYPE)
        response.headers["Content-Language"] = "en" if english else "zh-CN"
        response.vary.add("Accept-Language")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def on_refusal(error: DomainError) -> Response:
    """A rule said no, or something is away."""
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        cause = error.__cause__ and logs.fault(error.__cause__, with_stack=False)
        log.warning("%s", error.code, extra={**(cause or {}), "outage": error.code})
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    detail = (error.detail_zh, error.detail_en)
    return problem(error.status, error.code, (error.zh, error.en), detail, error.errors, headers)


def on_http_error(error: HTTPException) -> Response:
    """Flask, Werkzeug or the schema parser said no."""
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    code, zh, en = HTTP_WORDS.get(status, HTTP_WORDS[400 if status < 500 else 500])
    messages = getattr(error, "data", {}).get("messages", {})
    # The parser answers 422 to a body that is not JSON; the format is then what is wrong.
    if status == 422 and not messages:
        status, (code, zh, en) = 400, HTTP_WORDS[400]
    headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
    return problem(status, code, (zh, en), errors=list(field_errors(messages)), headers=headers)


def on_deep_json(error: RecursionError) -> Response:
    """A body nested deeper than the parser goes."""
    code, zh, en = HTTP_WORDS[400]
    return problem(400, code, (zh, en))


def on_database_error(error: Exception) -> Response:
    """The database is gone, full or locked: try again. Anything else is our fault."""
    transient = isinstance(error, OperationalError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    if transient:
        refusal = DatabaseUnavailable(retry_after=RETRY_SECONDS)
        refusal.__cause__ = error
        return on_refusal(refusal)
    # The driver's own message may repeat a row: only the trace is logged.
    log.error("database error %s", type(error).__name__, extra=logs.fault(error))
    return _server_error()


def on_unforeseen(error: Exception) -> Response:
    """A fault of ours: logged with its trace, and nothing of it told."""
    log.error("unforeseen error", exc_info=error)
    return _server_error()


def _server_error() -> Response:
    code, zh, en = HTTP_WORDS[500]
    return problem(500, code, (zh, en))


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, on_refusal)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(RecursionError, on_deep_json)
    app.register_error_handler(DBAPIError, on_database_error)
    app.register_error_handler(PoolTimeout, on_database_error)
    app.register_error_handler(Exception, on_unforeseen)
