"""The habits of every operation of the API: strict schemas, documented refusals, cursor lists."""

import io
import json
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from functools import partialmethod, wraps
from typing import IO, Any, TypeVar

import flask
import flask_smorest
import marshmallow as ma
from flask import Flask, Request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select
from sqlalchemy.orm import Session
from webargs.flaskparser import FlaskParser

from app.kit.errors import (
    DatabaseUnavailable,
    DomainError,
    InvalidInput,
    NotFound,
    Refused,
    TooManyRequests,
)
from app.kit.openapi import refusals
from app.kit.openapi.document import finish
from app.kit.openapi.examples import example_of
from app.kit.openapi.fields import describe, name_enum
from app.kit.schemas import Schema
from app.kit.web.problems import HTTP_WORDS
from app.limits import LIMITS, use_of
from app.signing import Purpose, signing_keys

T = TypeVar("T")
PREFIX = "/api/v1"
MAX_PAGE = 100


class NotJson(DomainError):
    status = 415
    code, zh, en = HTTP_WORDS[415]


class TooLarge(DomainError):
    status = 413
    code, zh, en = HTTP_WORDS[413]


class BadRequest(DomainError):
    status = 400
    code, zh, en = HTTP_WORDS[400]


class KeyReused(DomainError):
    status, code = 409, "idempotency_key_reused"
    zh, en = "这个幂等键已用于别的请求", "The Idempotency-Key belongs to another request"


class InvalidCursor(DomainError):
    status, code = 422, "invalid_cursor"
    zh = "翻页标记无效，请从第一页重新开始"
    en = "The cursor is not valid; start from the first page"


class ProblemSchema(ma.Schema):
    """RFC 9457 problem details with a stable `code`."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    instance = ma.fields.String(required=True)
    detail = ma.fields.String()
    request_id = ma.fields.String()
    errors = ma.fields.List(
        ma.fields.Nested(
            ma.Schema.from_dict(
                {
                    "where": ma.fields.String(required=True),
                    "code": ma.fields.String(required=True),
                    "message": ma.fields.String(required=True),
                },
                name="RefusedPart",
            )
        )
    )


class PageArgs(Schema):
    """Query of a list: how many rows, and where the page before ended."""

    limit = ma.fields.Integer(load_default=30, validate=ma.validate.Range(min=1, max=MAX_PAGE))
    cursor = ma.fields.String(load_default=None, validate=ma.validate.Length(max=500))


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a cursor list of `item`."""
    return Schema.from_dict(
        {
            "items": ma.fields.List(ma.fields.Nested(item), required=True),
            "next_cursor": ma.fields.String(required=True, allow_none=True),
        },
        name=item.__name__.removesuffix("Schema") + "Page",
    )


def _cursor_serializer() -> URLSafeSerializer:
    # The list's address is part of the signature: a cursor of another list is not ours either.
    return signing_keys().serializer(Purpose.CURSOR, request.path)


def read_page(
    session: Session,
    query: Select[Any],
    key: Any,
    *,
    limit: int,
    cursor: str | None,
    oldest_first: bool = False,
    show: Callable[[Sequence[Any]], Sequence[Any]] = list,
    **wanted: Any,
) -> dict[str, Any]:
    """One page of `query` in the order of `key`: `{"items": [...], "next_cursor": ... or None}`.

    `key` is unique within the list and grows with it: an id (UUIDv7) or a number given out in
    order. So a page stays where it was while new rows come in. Only rows are read that have what is
    `wanted` in columns of the key's model: one value, or any of several (`AnyOf`), where None and
    an empty list ask for nothing; `show` makes the items of them. Raises InvalidCursor for a cursor
    that this list did not give out.
    """
    after = read_cursor(cursor, key.type.python_type)
    if after is not None:
        query = query.where(key > after if oldest_first else key < after)
    for name, value in wanted.items():
        if value is not None and value != []:
            values = value if isinstance(value, list) else [value]
            query = query.where(getattr(key.class_, name).in_(values))
    order = key.asc() if oldest_first else key.desc()
    rows: Sequence[Any] = session.scalars(query.order_by(order).limit(limit + 1)).all()
    return as_page(rows, key, limit, show)


def read_cursor(cursor: str | None, kind: Callable[[str], T]) -> T | None:
    """The key after which a page goes on; None for the first one. Raises InvalidCursor."""
    if cursor is None:
        return None
    try:
        return kind(_cursor_serializer().loads(cursor))
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise InvalidCursor from None


def as_page(
    rows: Sequence[Any],
    key: Any,
    limit: int,
    show: Callable[[Sequence[Any]], Sequence[Any]] = list,
) -> dict[str, Any]:
    """The page of these rows, of which one more than its length tells that another follows."""
    last = getattr(rows[limit - 1], key.key) if len(rows) > limit else None
    return {
        "items": show(rows[:limit]),
        "next_cursor": _cursor_serializer().dumps(str(last)) if last is not None else None,
    }


def each(show: Callable[[Any], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """How a page shows rows that are shown one by one."""
    return lambda rows: [show(row) for row in rows]


class UploadRequest(flask.Request):
    """A request that keeps uploads in memory. They are small, and of one that is refused halfway
    no temporary file is left to be cleared away."""

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        return io.BytesIO()


class StrictParser(FlaskParser):
    """Takes a JSON body that every reader understands alike (RFC 8259, sections 4 and 6)."""

    def load_json(self, req: Request, schema: Any) -> Any:
        """The body, or `missing` where there is none. Raises BadRequest, TooLarge."""
        data = req.get_data() if req.is_json else b""
        if not data:
            return ma.missing
        if req.content_length is None and len(data) == req.max_content_length:
            raise TooLarge  # sent in chunks, and read no further than this
        try:
            # Decoded here, as the parser would take UTF-16 and UTF-32 too.
            return json.loads(
                data.decode(), object_pairs_hook=_named_once, parse_constant=_no_number
            )
        except ValueError:  # also for broken UTF-8, and integers of thousands of digits
            raise BadRequest from None


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose operations document their refusals and take nothing but JSON."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document_rule_and_refusals)

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Any:
        """As in flask-smorest, with an example; a JSON body must also be labelled as JSON."""
        if location == "json" and _is_schema(schema):
            kwargs.setdefault("example", example_of(schema))
        parsed = super().arguments(schema, location=location, **kwargs)
        if location != "json":
            return parsed

        def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
            inner = parsed(view)

            @wraps(inner)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                if request.content_length and not request.is_json:
                    raise NotJson
                return inner(*args, **kwargs)

            return wrapper

        return decorator

    def response(self, status_code: int, schema: Any = None, **kwargs: Any) -> Any:
        """As in flask-smorest, with an example made from the schema."""
        if "example" not in kwargs and _is_schema(schema):
            kwargs["example"] = example_of(schema)
        return super().response(status_code, schema, **kwargs)

    def lists(self, item: type[ma.Schema], args: type[ma.Schema] | None = None) -> Any:
        """For a view that answers a page of such items; `args` where it asks for more than a
        page."""

        def decorator(view: Callable[..., Any]) -> Any:
            paged = self.response(200, page_of(item))(view)
            return self.arguments(args or PageArgs, location="query")(paged)

        return decorator

    def route(self, rule: str, **options: Any) -> Callable[[Any], Any]:
        """As in flask-smorest; refuses a view that says nothing of who may use it."""
        register = super().route(rule, **options)

        def decorator(view: Any) -> Any:
            if not hasattr(view, "rule"):
                raise TypeError(f"{view.__name__} has no rule of who may use it")
            errors = [DatabaseUnavailable, *view.rule.refusals, *getattr(view, "refusals", ())]
            methods = options.get("methods", ["GET"])
            if any(LIMITS[use_of(f"{self.name}.{view.__name__}", each)] for each in methods):
                errors.append(TooManyRequests)
            parameters = view._apidoc.get("arguments", {}).get("parameters", [])
            places = [p["in"] for p in parameters]
            if any("cursor" in p["schema"]._declared_fields for p in parameters):
                errors.append(InvalidCursor)
            if places or view.rule.needs_token:
                errors.append(InvalidInput)
            if set(places) - {"query"}:
                errors += [BadRequest, NotJson, TooLarge]
            if "<" in rule:
                errors.append(NotFound)
            # Named after the view alone: modules and addresses may move, clients stay.
            told = {"rule": view.rule, "refusals": errors, "operation_id": view.__name__}
            view._apidoc = {**_with_one_body(view._apidoc, view.__name__), **told}
            view.query = _query_of(parameters)
            return register(view)

        return decorator

    def _operation(
        self, method: str, rule: str, schema: Any = None, *, status: int | None = None
    ) -> Callable[[Any], Any]:
        """For a view of one method. With `schema` it answers that: 201 where it `creates`, else
        200; a view that answers something else says so with `response`."""

        def decorator(view: Any) -> Any:
            if schema is not None:
                usual = 201 if KeyReused in getattr(view, "refusals", ()) else 200
                view = self.response(status or usual, schema)(view)
            return self.route(rule, methods=[method])(view)

        return decorator

    get = partialmethod(_operation, "GET")
    post = partialmethod(_operation, "POST")
    put = partialmethod(_operation, "PUT")
    patch = partialmethod(_operation, "PATCH")
    delete = partialmethod(_operation, "DELETE")

    def creates(self, *errors: type[DomainError]) -> Callable[[Any], Any]:
        """As `refuses`, for an operation that creates and so takes an Idempotency-Key."""

        def decorator(view: Any) -> Any:
            documented = self.doc(parameters=[IDEMPOTENCY_KEY])(view)
            return self.refuses(KeyReused, *errors)(documented)

        return decorator

    @staticmethod
    def refuses(*errors: type[DomainError]) -> Callable[[Any], Any]:
        """Document the refusals of an operation beyond those that follow from its shape."""

        def decorator(view: Any) -> Any:
            view.refusals = errors
            return view

        return decorator


def _query_of(parameters: list[dict[str, Any]]) -> dict[str, bool]:
    """The names of what an operation takes in its query, and which of them may be repeated."""
    return {
        field.data_key or name: isinstance(field, ma.fields.List)
        for each in parameters
        if each["in"] == "query"
        for name, field in each["schema"]._declared_fields.items()
    }


def refuse_unknown_query() -> None:
    """Raises InvalidInput for a name in the query that the operation does not take, or takes once:
    a filter that is passed over would tell that there is nothing else."""
    if not request.args:
        return
    view: Any = current_app.view_functions[request.endpoint or ""]
    words = {
        None: ("unknown", "没有这个查询参数", "Unknown query parameter."),
        False: ("repeated", "这个查询参数只能写一次", "May stand once."),
    }
    refused_names = [
        Refused(f"query.{name}", *words[view.query.get(name)])
        for name, values in request.args.lists()
        if name not in view.query or (len(values) > 1 and not view.query[name])
    ]
    if refused_names:
        raise InvalidInput(errors=refused_names)


def _document_rule_and_refusals(
    doc: dict[str, Any], doc_info: dict[str, Any], *, spec: Any, method: str, **kwargs: Any
) -> dict[str, Any]:
    """Write who may use an operation, its id, and one response for each status it refuses with."""
    rule, docstring = doc_info["rule"], doc_info["docstring"]
    responses = {str(k): v for k, v in doc["responses"].items() if str(k) != "422"}
    if method == "get":
        _document_etag(responses)
    responses |= refusals.responses_of(spec.components, doc_info["refusals"])
    docstring["summary"] = " ".join(docstring["summary"].split())
    docstring["description"] = "\n\n".join(filter(None, (docstring.get("description"), rule.words)))
    security: list[dict[str, list[str]]] = [{"access_token": []}] if rule.needs_token else []
    told = {"operationId": doc_info["operation_id"], "responses": responses, "security": security}
    return {**doc, **told}


# Media types of answers with an ETag: all but tables and papers, which are made anew.
ETAGGED = ("json", "atom+xml", "*/*")


def _document_etag(responses: dict[str, Any]) -> None:
    """What is polled or kept carries an ETag, and is not sent again to who has it."""
    if any(kind.endswith(ETAGGED) for kind in responses.get("200", {}).get("content", {})):
        responses["304"] = {"$ref": "#/components/responses/NotModified"}


def _with_one_body(apidoc: dict[str, Any], view_name: str) -> dict[str, Any]:
    """The same with a form's file and its fields as one body, as a form really comes."""
    parameters = apidoc.get("arguments", {}).get("parameters", [])
    parts = [p for p in parameters if p["in"] in ("files", "form")]
    if len(parts) < 2:
        return apidoc
    fields = {name: f for p in parts for name, f in p["schema"]._declared_fields.items()}
    schema = Schema.from_dict(fields, name=refusals.camel(view_name) + "Args")
    body = {"in": "files", "required": True, "schema": schema}
    others = [p for p in parameters if p not in parts]
    return {**apidoc, "arguments": {**apidoc["arguments"], "parameters": [*others, body]}}


def _is_schema(schema: Any) -> bool:
    return isinstance(schema, ma.Schema) or (
        isinstance(schema, type) and issubclass(schema, ma.Schema)
    )


IDEMPOTENCY_KEY = "idempotency_key"
IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "description": "同一请求重发时带同一键，只办一次 · The same key again is the same request",
    "schema": {"type": "string", "maxLength": 100},
}


ACCESS_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "登录得到的 access_token · The access_token that logging in gave",
}
NOT_MODIFIED = {"description": "与 If-None-Match 的版本相同 · Still the version of If-None-Match"}


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest with problem details for errors (handlers stand in `app.kit.web.problems`)."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def init_app(self, app: Flask, **kwargs: Any) -> None:
        super().init_app(app, **kwargs)
        app.cli.commands.pop("openapi")  # it would write the document before it is finished
        components = self.spec.components
        components.parameter(IDEMPOTENCY_KEY, "header", IDEMPOTENCY_HEADER)
        components.security_scheme("access_token", ACCESS_TOKEN)

    def _register_responses(self) -> None:
        """Ours instead of one for each status of HTTP; before any schema is read."""
        self.ma_plugin.converter.add_attribute_function(name_enum)
        self.ma_plugin.converter.add_attribute_function(describe)
        self.spec.components.schema("Problem", schema=ProblemSchema)
        self.spec.components.response("NotModified", NOT_MODIFIED)
        refusals.add_headers(self.spec.components)

    def _register_pagination_header(self) -> None:
        """Nothing: pages are asked for by cursor, not by number."""

    def document(self, site: str, codes: Iterable[str]) -> dict[str, Any]:
        """The OpenAPI document; `site` is the address of this server, `codes` are all errors'."""
        kinds = {name: kind for (kind, *_), name in self.ma_plugin.converter.refs.items()}
        return finish(deepcopy(self.spec.to_dict()), site=site, codes=codes, kinds=kinds)

    def _register_error_handlers(self) -> None:
        """Nothing: `app.kit.web.problems` registers them for pages and API alike."""


def refused(where: str, code: str, zh: str, en: str) -> InvalidInput:
    """An InvalidInput for one field, for rules that a schema cannot know."""
    return InvalidInput(errors=[Refused(where, code, zh, en)])
