"""`GET /sns/jscode2session`: a code of `wx.login` becomes an openid."""

from tests.wechat_standin.endpoint import Endpoint
from tests.wechat_standin.protocol import ApiError, Call
from tests.wechat_standin.state import State

CODE_LIFETIME_S = 300
CALLS_PER_MINUTE = 100


def _openid_of(state: State, call: Call) -> str | None:
    code = state.codes.get(call.query.get("js_code", ""))
    return code.openid if code else None


def _check_minute(state: State, openid: str) -> None:
    asked_at = state.user(openid).asked_at
    while asked_at and asked_at[0] <= state.now() - 60:
        asked_at.popleft()
    if len(asked_at) >= CALLS_PER_MINUTE:
        raise ApiError(45011, "api minute-quota reach limit")
    asked_at.append(state.now())


def _jscode2session(state: State, call: Call) -> dict[str, object]:
    app = state.app_of(call)
    if openid := _openid_of(state, call):
        _check_minute(state, openid)
    if not call.query.get("js_code"):
        raise ApiError(41008, "missing code")
    if call.query.get("grant_type") != "authorization_code":
        raise ApiError(40002, "invalid grant_type")
    code = state.codes.get(call.query["js_code"])
    if code is None or code.kind != "login" or code.appid != app.appid:
        raise ApiError(40029, "invalid code")
    if code.used_at is not None:
        raise ApiError(40163, "code been used")
    if state.now() - code.issued_at > CODE_LIFETIME_S:
        raise ApiError(40029, "invalid code")
    user = state.user(code.openid)
    if user.blocked:
        raise ApiError(40226, "code blocked")
    code.used_at = state.now()
    user.logins += 1
    answer: dict[str, object] = {"session_key": state.session_key(user), "openid": user.openid}
    if app.bound and user.unionid:
        answer["unionid"] = user.unionid
    return answer


ENDPOINTS = {
    "/sns/jscode2session": Endpoint(
        method="GET",
        content_type="text/plain",
        query=frozenset({"appid", "secret", "js_code", "grant_type"}),
        openid_of=_openid_of,
        answer=_jscode2session,
    ),
}
