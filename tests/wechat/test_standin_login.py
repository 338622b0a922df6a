"""The stand-in's `jscode2session` against what is known of the real one."""

import base64
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from tests.wechat_standin import StandIn

PATH = "/sns/jscode2session"
OPENID = "oLi" + "x" * 25
RID = re.compile(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


def ask(http: httpx.Client, wechat: StandIn, code: str | None, **changes: str | None) -> Any:
    """Return the fields of one login; a parameter changed to None is left out."""
    query = {
        "appid": wechat.appid,
        "secret": wechat.secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    given = {name: value for name, value in (query | changes).items() if value is not None}
    response = http.get(wechat.url + PATH, params=given)
    assert response.status_code == 200
    return response.json()


def test_login_gives_openid_and_session_key_as_text_plain(http, wechat):
    code = wechat.control.code(OPENID)

    response = http.get(
        wechat.url + PATH,
        params={
            "appid": wechat.appid,
            "secret": wechat.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        },
    )

    assert response.headers["content-type"] == "text/plain"
    answer = response.json()
    assert set(answer) == {"openid", "session_key"}
    assert answer["openid"] == OPENID
    assert len(base64.b64decode(answer["session_key"])) == 16
    assert [call["warnings"] for call in wechat.control.calls()] == [[]]


def test_unionid_is_told_only_when_known_and_the_app_is_bound(http, wechat):
    unknown = ask(http, wechat, wechat.control.code(OPENID))
    wechat.control.user(openid=OPENID, unionid="u1")
    bound = ask(http, wechat, wechat.control.code(OPENID))
    wechat.control.app(wechat.appid, bound=False)
    unbound = ask(http, wechat, wechat.control.code(OPENID))

    assert [a.get("unionid") for a in (unknown, bound, unbound)] == [None, "u1", None]


def test_session_key_changes_with_every_second_login(http, wechat):
    keys = [ask(http, wechat, wechat.control.code(OPENID))["session_key"] for _ in range(4)]

    assert keys[0] == keys[1] != keys[2] == keys[3]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": None}, 41002),
        ({"secret": None}, 41004),
        ({"appid": "wx0"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"js_code": None}, 41008),
        ({"grant_type": None}, 40002),
        ({"js_code": "made-up"}, 40029),
        ({"appid": "wx0", "js_code": "made-up"}, 40013),
    ],
)
def test_login_with_a_wrong_query_gives_the_errcode_and_spends_nothing(
    http, wechat, changes, errcode
):
    code = wechat.control.code(OPENID)

    answer = ask(http, wechat, code, **changes)

    assert answer["errcode"] == errcode
    assert RID.search(answer["errmsg"])
    assert ask(http, wechat, code)["openid"] == OPENID


def test_login_by_post_is_refused(http, wechat):
    answer = http.post(wechat.url + PATH, json={"js_code": wechat.control.code(OPENID)}).json()

    assert answer["errcode"] == 43001
    assert RID.search(answer["errmsg"])


def test_second_use_of_a_code_is_refused(http, wechat):
    code = wechat.control.code(OPENID)

    assert "errcode" not in ask(http, wechat, code)
    assert ask(http, wechat, code)["errcode"] == 40163


def test_code_of_another_app_is_invalid(http, wechat):
    wechat.control.app("wx-other", secret="other-secret")
    code = wechat.control.code(OPENID, appid="wx-other")

    assert ask(http, wechat, code)["errcode"] == 40029
    other = ask(http, wechat, code, appid="wx-other", secret="other-secret")
    assert other["openid"] == OPENID


def test_blocked_user_is_refused_until_unblocked(http, wechat):
    wechat.control.user(openid=OPENID, blocked=True)
    code = wechat.control.code(OPENID)

    assert ask(http, wechat, code)["errcode"] == 40226
    wechat.control.user(openid=OPENID, blocked=False)
    assert "errcode" not in ask(http, wechat, code)


@pytest.mark.parametrize(("age_s", "errcode"), [(299, None), (300, None), (301, 40029)])
def test_code_lives_five_minutes(http, wechat, age_s, errcode):
    code = wechat.control.code(OPENID)
    wechat.control.advance(age_s)

    assert ask(http, wechat, code).get("errcode") == errcode


def test_hundred_logins_of_one_user_fill_the_minute(http, wechat):
    code = wechat.control.code(OPENID)
    answers = [ask(http, wechat, code).get("errcode") for _ in range(100)]

    assert answers == [None] + [40163] * 99
    assert ask(http, wechat, code)["errcode"] == 45011
    assert "errcode" not in ask(http, wechat, wechat.control.code("oZhang"))
    wechat.control.advance(59)
    assert ask(http, wechat, code)["errcode"] == 45011
    wechat.control.advance(1)
    assert ask(http, wechat, code)["errcode"] == 40163


def race_one_code(http: httpx.Client, wechat: StandIn) -> list[int | None]:
    """Return the errcodes of 50 threads that send the same code at once."""
    code = wechat.control.code(OPENID)
    start = threading.Barrier(50)

    def login(_: int) -> int | None:
        start.wait()
        errcode: int | None = ask(http, wechat, code).get("errcode")
        return errcode

    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(login, range(50)))


def test_code_used_by_fifty_threads_succeeds_once(http, wechat):
    errcodes = race_one_code(http, wechat)

    assert errcodes.count(None) == 1
    assert errcodes.count(40163) == 49


def test_code_used_by_fifty_threads_succeeds_often_without_the_lock(http, monkeypatch):
    with StandIn() as sabotaged:
        now = sabotaged.state.now
        monkeypatch.setattr(sabotaged.state, "lock", nullcontext())
        monkeypatch.setattr(sabotaged.state, "now", lambda: time.sleep(0.02) or now())

        # On a busy machine one round may be served one after the other by chance.
        assert any(race_one_code(http, sabotaged).count(None) > 1 for _ in range(10))


@pytest.mark.parametrize("errcode", [-1, 40029, 40163, 40226, 45011, 41002, 41004, 40013, 40125])
def test_errcode_by_rule_leaves_the_code_unspent(http, wechat, errcode):
    wechat.control.fault(PATH, {"errcode": errcode, "errmsg": "as ordered"})
    code = wechat.control.code(OPENID)

    answer = ask(http, wechat, code)

    assert answer["errcode"] == errcode
    assert answer["errmsg"].startswith("as ordered, rid: ")
    assert ask(http, wechat, code)["openid"] == OPENID


def test_access_token_and_unknown_parameters_are_noted(http, wechat):
    ask(http, wechat, wechat.control.code(OPENID), access_token="token-1", openid="o1")

    [call] = wechat.control.calls(PATH)
    assert call["warnings"] == [
        "not a parameter of this path: access_token",
        "not a parameter of this path: openid",
    ]
    assert call["query"]["access_token"] == "***"
