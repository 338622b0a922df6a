"""The protocol port: one table of paths, and what happens to every call in whatever path."""

import json

from tests.wechat_standin import login
from tests.wechat_standin.endpoint import Endpoint
from tests.wechat_standin.faults import WITHOUT_EFFECT, Rule
from tests.wechat_standin.protocol import ApiError, Call, Reply
from tests.wechat_standin.state import State

ENDPOINTS: dict[str, Endpoint] = {**login.ENDPOINTS}

MASK = "***"
_SECRET_PARAMETERS = {"secret", "access_token"}
_SECRET_FIELDS = {"session_key", "access_token"}


def serve(state: State, call: Call) -> Reply:
    """Answer a call and record it. What is known of the order of checks lies here."""
    with state.lock:
        endpoint = ENDPOINTS.get(call.path)
        if endpoint is None:
            state.unknown_paths[call.path] += 1
            reply = Reply(b"<html>404 Not Found</html>", "text/html", status=404)
            _record(state, call, reply, None, ["unknown path"])
            return reply
        openid = endpoint.openid_of(state, call)
        rule = next((r for r in state.rules if r.strikes(call.path, openid)), None)
        reply = _answer(state, call, endpoint, rule)
        _record(state, call, reply, rule, _warnings(call, endpoint))
        return reply


def _answer(state: State, call: Call, endpoint: Endpoint, rule: Rule | None) -> Reply:
    fields: dict[str, object]
    try:
        if rule and rule.kind in WITHOUT_EFFECT:
            return rule.instead()
        _check_method(call, endpoint)
        fields = endpoint.answer(state, call)
    except ApiError as error:
        errmsg = f"{error.errmsg}, rid: {state.new_rid()}"
        fields = {"errcode": error.errcode, "errmsg": errmsg}
    reply = Reply(json.dumps(fields, ensure_ascii=False).encode(), endpoint.content_type)
    return rule.spoil(reply) if rule and rule.kind not in WITHOUT_EFFECT else reply


def _check_method(call: Call, endpoint: Endpoint) -> None:
    if call.method != endpoint.method:
        errcode = 43001 if endpoint.method == "GET" else 43002
        raise ApiError(errcode, f"require {endpoint.method} method")


def _warnings(call: Call, endpoint: Endpoint) -> list[str]:
    unknown = sorted(call.query.keys() - endpoint.query)
    return [f"not a parameter of this path: {name}" for name in unknown]


def _record(state: State, call: Call, reply: Reply, rule: Rule | None, warnings: list[str]) -> None:
    state.calls_made += 1
    state.calls.append(
        {
            "number": state.calls_made,
            "at": state.now(),
            "peer": call.peer,
            "method": call.method,
            "path": call.path,
            "query": {k: MASK if k in _SECRET_PARAMETERS else v for k, v in call.query.items()},
            "headers": dict(call.headers),
            "body": call.body.decode(errors="replace"),
            "status": reply.status,
            "answer": _masked(reply.body),
            "ending": reply.ending.value,
            "fault": rule.kind if rule else None,
            "warnings": warnings,
        }
    )


def _masked(body: bytes) -> object:
    """Return an answer as fields without its secrets, or as text when it is not JSON."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
    if not isinstance(fields, dict):
        return fields
    return {k: MASK if k in _SECRET_FIELDS else v for k, v in fields.items()}
