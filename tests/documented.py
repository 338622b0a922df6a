"""Every answer that any test gets is one that the API's description names for its operation."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask import Flask, Response, current_app, request

from app.kit.web.api import PREFIX
from tests.operations import template

# What follows from no operation: a wrong method, and what we could not foresee.
ANYWHERE = frozenset({"method_not_allowed", "server_error"})


class Watch:
    """Looks at each answer of the API, and remembers those that are not described."""

    def __init__(self, app: Flask) -> None:
        self._undescribed: list[str] = []
        app.after_request(self._look)
        app.extensions["documented"] = self

    @classmethod
    def of(cls, app: Flask) -> "Watch":
        """The one of this application."""
        watch: Watch = app.extensions["documented"]
        return watch

    def take(self) -> list[str]:
        """What was not described since this was asked before."""
        found, self._undescribed = self._undescribed, []
        return found

    @cached_property
    def _described(self) -> Mapping[str, Mapping[int, frozenset[str]]]:
        api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        return described_answers(api.document("", []))

    def _look(self, response: Response) -> Response:
        rule = template(request.url_rule.rule) if request.url_rule else ""
        statuses = self._described.get(f"{request.method} {rule}")
        if statuses is None:
            return response
        code = (response.json or {}).get("code") if response.status_code >= 400 else None
        known = statuses.get(response.status_code)
        if code not in ANYWHERE and (known is None or (code is not None and code not in known)):
            where = f"{request.method} {rule.removeprefix(PREFIX)}"
            self._undescribed.append(f"{where}: {response.status_code} {code or ''}")
        return response


def described_answers(document: Mapping[str, Any]) -> dict[str, dict[int, frozenset[str]]]:
    """The statuses of each operation, `METHOD /path`, and the codes of those that refuse."""
    shared = document["components"]["responses"]
    return {
        f"{method.upper()} {path}": {
            int(status): codes_of(shared.get(answer.get("$ref", "").rpartition("/")[2], answer))
            for status, answer in operation["responses"].items()
        }
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    }


def codes_of(response: Mapping[str, Any]) -> frozenset[str]:
    """The codes that a response names."""
    return frozenset(re.findall(r"`(\w+)`", response["description"]))


def closed(document: Any) -> Any:
    """The document without room for fields that an answer has and it does not name: clients are
    told to pass over such fields, tests are not."""
    schemas = document["components"]["schemas"]
    for name in schemas:
        schemas[name] = _flat(schemas, schemas[name])
        if "properties" in schemas[name]:
            schemas[name]["additionalProperties"] = False
    return document


def _flat(schemas: Mapping[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """An answer that extends another one, with the fields of both."""
    base, own = schema.get("allOf", (None, None))
    if base is None or own is None:
        return schema
    whole = _flat(schemas, schemas[base["$ref"].rpartition("/")[2]])
    return {
        "type": "object",
        "properties": whole["properties"] | own["properties"],
        "required": [*whole.get("required", ()), *own.get("required", ())],
    }
