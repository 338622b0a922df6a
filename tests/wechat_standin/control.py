"""The control port: JSON in, JSON out, and 400 with `{"error": ...}` for what makes no sense."""

import json
from collections.abc import Callable
from typing import Any

from tests.wechat_standin.faults import parse_rule
from tests.wechat_standin.paths import ENDPOINTS
from tests.wechat_standin.protocol import Call, Reply
from tests.wechat_standin.state import App, State

CODE_KINDS = ("login",)
_LONGEST_LEAP_S = 10**9


def serve(state: State, call: Call) -> Reply:
    """Carry out one order."""
    try:
        route = _ROUTES.get((call.method, call.path))
        if route is None:
            raise ValueError(f"not an order: {call.method} {call.path}")
        with state.lock:
            return _json(200, route(state, call))
    except ValueError as error:
        return _json(400, {"error": str(error)})


def _json(status: int, fields: dict[str, object]) -> Reply:
    return Reply(json.dumps(fields, ensure_ascii=False).encode(), "application/json", status=status)


def _body(call: Call) -> Any:
    """Return the body, read as JSON. What UTF-8 cannot write, a lone surrogate, is refused."""
    body = json.loads(call.body or b"{}")
    json.dumps(body, ensure_ascii=False).encode()
    return body


def _fields(call: Call, types: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """Return the body's fields, each of one of its types; a bool is no number."""
    fields = _body(call)
    if not isinstance(fields, dict):
        raise ValueError("the body is not an object")
    for name, value in fields.items():
        allowed = types.get(name)
        if allowed is None:
            raise ValueError(f"unknown field: {name}")
        if type(value) not in (allowed if isinstance(allowed, tuple) else (allowed,)):
            raise ValueError(f"wrong type: {name}")
        if value == "":
            raise ValueError(f"empty: {name}")
    return fields


def _need(fields: dict[str, Any], *names: str) -> list[Any]:
    missing = [name for name in names if name not in fields]
    if missing:
        raise ValueError(f"missing: {missing}")
    return [fields[name] for name in names]


def _reset(state: State, call: Call) -> dict[str, object]:
    state.reset(_fields(call, {"seed": int}).get("seed", state.seed))
    return {"seed": state.seed}


def _users(state: State, call: Call) -> dict[str, object]:
    """Make a user or change the named fields of one."""
    fields = _fields(call, {"openid": str, "unionid": (str, type(None)), "blocked": bool})
    user = state.user(fields["openid"] if "openid" in fields else state.new_openid())
    user.unionid = fields.get("unionid", user.unionid)
    user.blocked = fields.get("blocked", user.blocked)
    return {"openid": user.openid, "unionid": user.unionid, "blocked": user.blocked}


def _apps(state: State, call: Call) -> dict[str, object]:
    """Make an app or change one; a new app needs a secret."""
    fields = _fields(call, {"appid": str, "secret": str, "bound": bool})
    [appid] = _need(fields, "appid")
    known = state.apps.get(appid)
    secret = known.secret if known and "secret" not in fields else _need(fields, "secret")[0]
    bound = fields.get("bound", known.bound if known else True)
    state.apps[appid] = App(appid, secret, bound)
    return {"appid": appid, "bound": bound}


def _codes(state: State, call: Call) -> dict[str, object]:
    fields = _fields(call, {"openid": str, "kind": str, "appid": str})
    [openid] = _need(fields, "openid")
    kind, appid = fields.get("kind", "login"), fields.get("appid", state.settings.appid)
    if kind not in CODE_KINDS:
        raise ValueError(f"kind is one of {CODE_KINDS}")
    if appid not in state.apps:
        raise ValueError(f"no such app: {appid}")
    return {"code": state.new_code(kind=kind, openid=openid, appid=appid).code}


def _clock(state: State, call: Call) -> dict[str, object]:
    [advance_s] = _need(_fields(call, {"advance_s": (int, float)}), "advance_s")
    if not 0 <= advance_s <= _LONGEST_LEAP_S:
        raise ValueError(f"advance_s is 0 to {_LONGEST_LEAP_S}")
    state.offset += advance_s
    return {"now": state.now()}


def _add_faults(state: State, call: Call) -> dict[str, object]:
    """Add one rule or a list of them, all or none."""
    given = _body(call)
    rules = given if isinstance(given, list) else [given]
    state.rules += [parse_rule(rule, set(ENDPOINTS)) for rule in rules]
    return {"faults": [rule.shown() for rule in state.rules]}


def _clear_faults(state: State, call: Call) -> dict[str, object]:
    state.rules.clear()
    return {"faults": []}


def _calls(state: State, call: Call) -> dict[str, object]:
    """Return the calls to `path` (all, without one) with a number greater than `since`."""
    path, since = call.query.get("path"), int(call.query.get("since") or 0)
    before = state.calls_made - len(state.calls)
    newer = list(state.calls)[max(since - before, 0) :]
    return {"calls": [c for c in newer if not path or path == c["path"]]}


def _state(state: State, call: Call) -> dict[str, object]:
    return {
        "seed": state.seed,
        "now": state.now(),
        "apps": [{"appid": app.appid, "bound": app.bound} for app in state.apps.values()],
        "users": [
            {"openid": u.openid, "unionid": u.unionid, "blocked": u.blocked, "logins": u.logins}
            for u in state.users.values()
        ],
        "codes": [vars(code) for code in state.codes.values()],
        "faults": [rule.shown() for rule in state.rules],
        "calls": state.calls_made,
        "unknown_paths": dict(state.unknown_paths),
    }


_ROUTES: dict[tuple[str, str], Callable[[State, Call], dict[str, object]]] = {
    ("POST", "/reset"): _reset,
    ("POST", "/users"): _users,
    ("POST", "/apps"): _apps,
    ("POST", "/codes"): _codes,
    ("POST", "/clock"): _clock,
    ("POST", "/faults"): _add_faults,
    ("DELETE", "/faults"): _clear_faults,
    ("GET", "/calls"): _calls,
    ("GET", "/state"): _state,
}
