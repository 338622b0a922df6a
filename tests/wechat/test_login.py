"""The client's login against the stand-in, over real sockets."""

import logging
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.kit.errors import DomainError
from app.wechat.client import WeChatClient, WeChatIdentity
from app.wechat.refusals import (
    LoginBlocked,
    LoginCodeInvalid,
    WeChatBusy,
    WeChatMisconfigured,
    WeChatUnavailable,
)
from tests.wechat_standin import StandIn

PATH = "/sns/jscode2session"
OPENID = "oLi" + "x" * 25


def client_for(wechat: StandIn, **changes: object) -> WeChatClient:
    settings = {
        "appid": wechat.appid,
        "secret": wechat.secret,
        "base_url": wechat.url,
        "retry_pause": 0.01,
    }
    return WeChatClient(**(settings | changes))


@pytest.fixture
def client(wechat: StandIn) -> Iterator[WeChatClient]:
    client = client_for(wechat)
    yield client
    client.close()


@pytest.fixture
def impatient(wechat: StandIn) -> Iterator[WeChatClient]:
    """A client that waits 0.15 s for an answer: for faults whose answer never comes in time."""
    client = client_for(wechat, read_timeout=0.15)
    yield client
    client.close()


def refusal(client: WeChatClient, code: str) -> DomainError:
    """Return how the login is refused."""
    with pytest.raises(DomainError) as raised:
        client.login(code)
    return raised.value


def test_login_returns_the_openid(client, wechat):
    assert client.login(wechat.control.code(OPENID)) == WeChatIdentity(OPENID, None)

    [call] = wechat.control.calls()
    assert (call["method"], call["path"], call["warnings"]) == ("GET", PATH, [])
    assert wechat.control.state()["unknown_paths"] == {}


def test_login_returns_the_unionid_once_there_is_one(client, wechat):
    wechat.control.user(openid=OPENID, unionid="u1")

    assert client.login(wechat.control.code(OPENID)) == WeChatIdentity(OPENID, "u1")


@pytest.mark.parametrize(
    ("errcode", "refused", "status", "code", "retry_after", "calls"),
    [
        (40029, LoginCodeInvalid, 401, "login_code_invalid", None, 1),
        (40163, LoginCodeInvalid, 401, "login_code_invalid", None, 1),
        (40226, LoginBlocked, 403, "login_blocked", None, 1),
        (45011, WeChatBusy, 429, "wechat_busy", 60, 1),
        (44990, WeChatBusy, 429, "wechat_busy", 60, 1),
        (44991, WeChatBusy, 429, "wechat_busy", 60, 1),
        (45009, WeChatBusy, 429, "wechat_busy", 3600, 1),
        (-1, WeChatUnavailable, 503, "wechat_unavailable", 5, 2),
        (0, WeChatUnavailable, 503, "wechat_unavailable", 5, 1),
        *(
            (errcode, WeChatMisconfigured, 503, "wechat_misconfigured", None, 1)
            for errcode in (40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 48001, 50004)
        ),
        *(
            (errcode, WeChatMisconfigured, 503, "wechat_misconfigured", None, 1)
            for errcode in (40097, 41001, 41008, 43001, 43002, 44002, 47001, 99999)
        ),
    ],
)
def test_errcode_by_rule(
    client, wechat, caplog, errcode, refused, status, code, retry_after, calls
):
    wechat.control.fault(PATH, {"errcode": errcode}, times="always")

    refusal_ = refusal(client, wechat.control.code(OPENID))

    assert type(refusal_) is refused
    assert (refusal_.status, refusal_.code, refusal_.retry_after) == (status, code, retry_after)
    assert len(wechat.control.calls(PATH)) == calls
    if errcode != 0:
        rid = wechat.control.calls(PATH)[-1]["answer"]["errmsg"].rpartition("rid: ")[2]
        assert f"errcode={errcode} rid={rid}" in caplog.records[-1].getMessage()
    at_fault = refused is WeChatMisconfigured or errcode == 0
    assert caplog.records[-1].levelno == (logging.ERROR if at_fault else logging.WARNING)


def test_code_refused_when_made_up_spent_expired_or_of_another_app(client, wechat):
    spent, expired = wechat.control.code(OPENID), wechat.control.code(OPENID)
    client.login(spent)
    wechat.control.advance(301)
    wechat.control.app("wx-other", secret="s")
    foreign = wechat.control.code(OPENID, appid="wx-other")

    for code in (spent, expired, foreign, "made-up"):
        assert type(refusal(client, code)) is LoginCodeInvalid
    assert len(wechat.control.calls(PATH)) == 5


def test_blocked_user_is_refused(client, wechat):
    wechat.control.user(openid=OPENID, blocked=True)

    assert type(refusal(client, wechat.control.code(OPENID))) is LoginBlocked


def test_full_minute_is_busy(client, wechat):
    code = wechat.control.code(OPENID)
    client.login(code)
    for _ in range(99):
        assert type(refusal(client, code)) is LoginCodeInvalid

    assert type(refusal(client, code)) is WeChatBusy


@pytest.mark.parametrize("wrong", [{"appid": "wx0"}, {"secret": "wrong"}, {"secret": ""}])
def test_wrong_settings_are_misconfiguration(wechat, wrong):
    client = client_for(wechat, **wrong)

    assert type(refusal(client, wechat.control.code(OPENID))) is WeChatMisconfigured
    client.close()


@pytest.mark.parametrize("code", ["", "two words", "a\nb", "\x00", "码", "\ud800", "x" * 257])
def test_impossible_code_is_refused_without_a_call(client, wechat, code):
    assert type(refusal(client, code)) is LoginCodeInvalid
    assert wechat.control.calls() == []


@pytest.mark.parametrize("do", [{"errcode": -1}, *({"http": n} for n in (500, 502, 503, 504))])
def test_transient_failure_is_retried_once(client, wechat, do):
    wechat.control.fault(PATH, do)
    assert client.login(wechat.control.code(OPENID)).openid == OPENID
    assert [call["fault"] is None for call in wechat.control.calls(PATH)] == [False, True]

    wechat.control.fault(PATH, do, times="always")
    refused = refusal(client, wechat.control.code(OPENID))
    assert type(refused) is WeChatUnavailable
    assert refused.retry_after == 5
    assert len(wechat.control.calls(PATH)) == 4


def test_code_spent_by_our_own_first_try_means_log_in_again(client, wechat, caplog):
    wechat.control.fault(PATH, {"errcode": -1})
    wechat.control.fault(PATH, {"errcode": 40163})

    assert type(refusal(client, wechat.control.code(OPENID))) is LoginCodeInvalid
    assert len(wechat.control.calls(PATH)) == 2
    assert caplog.records[-1].getMessage().endswith("retried=True")


@pytest.mark.parametrize(
    "do",
    ["hang", "reset", "lost_reply", {"delay": 500}, {"truncate": 0}, {"truncate": 30}],
    ids=str,
)
def test_lost_answer_leaves_the_code_in_doubt_and_is_not_retried(client, impatient, wechat, do):
    wechat.control.fault(PATH, do, times="always")
    begin = time.monotonic()

    refused = refusal(impatient, wechat.control.code(OPENID))

    assert type(refused) is LoginCodeInvalid
    assert len(wechat.control.calls(PATH)) == 1
    assert time.monotonic() - begin < 2
    wechat.control.clear_faults()
    assert client.login(wechat.control.code(OPENID)).openid == OPENID


@pytest.mark.parametrize(
    "do",
    [
        "garbage",
        "empty",
        {"wrong_type": "body"},
        {"http": 404},
        {"garbage": "[]"},
        {"garbage": "null"},
        {"garbage": "{}"},
        {"garbage": '{"openid": ""}'},
        {"garbage": '{"openid": 5}'},
        {"garbage": '{"errcode": "40029"}'},
        {"garbage": '{"errcode": null, "openid": "o1"}'},
        {"garbage": '{"errcode": true}'},
        {"garbage": "[" * 100_000},
    ],
    ids=lambda do: str(do)[:40],
)
def test_unreadable_answer_is_no_login_and_is_not_retried(client, wechat, do):
    wechat.control.fault(PATH, do, times="always")

    refused = refusal(client, wechat.control.code(OPENID))

    assert type(refused) is WeChatUnavailable
    assert refused.retry_after == 5
    assert len(wechat.control.calls(PATH)) == 1


@pytest.mark.parametrize(
    ("do", "identity"),
    [
        ({"wrong_type": "label"}, WeChatIdentity(OPENID, None)),
        ({"delay": 50}, WeChatIdentity(OPENID, None)),
        ({"garbage": '{"errcode": 0, "openid": "o1"}'}, WeChatIdentity("o1", None)),
        ({"garbage": '{"openid": "o1", "unionid": ""}'}, WeChatIdentity("o1", None)),
        ({"garbage": '{"openid": "o1", "unionid": null, "new": []}'}, WeChatIdentity("o1", None)),
    ],
    ids=str,
)
def test_odd_but_readable_answer_is_a_login(client, wechat, do, identity):
    wechat.control.fault(PATH, do)

    assert client.login(wechat.control.code(OPENID)) == identity


def test_refused_connection_is_unavailable_after_one_retry(caplog):
    gone = StandIn()
    gone.start()
    gone.stop()
    client = client_for(gone)

    assert type(refusal(client, "any")) is WeChatUnavailable
    assert [record.getMessage() for record in caplog.records] == [
        "jscode2session: not reached (ConnectError)"
    ] * 2
    client.close()


def test_unanswered_connection_is_unavailable_in_bounded_time(wechat):
    # One connection fills the queue of a listener that accepts none; the next one waits.
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        base_url = f"http://127.0.0.1:{full.getsockname()[1]}"
        client = client_for(wechat, base_url=base_url, connect_timeout=0.1)
        begin = time.monotonic()

        assert type(refusal(client, "any")) is WeChatUnavailable
        assert time.monotonic() - begin < 2
        client.close()


@pytest.mark.parametrize(
    "do",
    [
        {"delay": 0},
        {"errcode": 40029},
        {"errcode": 40125},
        {"errcode": -1},
        {"http": 502},
        "hang",
        "reset",
        "lost_reply",
        {"truncate": 60},
        "garbage",
        "empty",
    ],
    ids=str,
)
def test_nothing_secret_is_logged_or_raised(impatient, wechat, caplog, do):
    caplog.set_level(logging.DEBUG)
    wechat.control.user(openid=OPENID, unionid="union-1")
    code = wechat.control.code(OPENID)
    wechat.control.fault(PATH, do, times="always")
    said = []
    try:
        said.append(repr(impatient.login(code)))
    except DomainError as error:
        assert error.__context__ is None
        said += traceback.format_exception(error)
    said.append(caplog.text)

    assert "127.0.0.1" in caplog.text
    for secret in (wechat.secret, wechat.appid, code, OPENID, "union-1", "session_key"):
        assert secret not in "".join(said)


def test_request_line_is_logged_without_its_query(client, wechat, caplog):
    caplog.set_level(logging.INFO)

    client.login(wechat.control.code(OPENID))

    [line] = [r.getMessage() for r in caplog.records if r.name == "httpx"]
    assert line == f'HTTP Request: GET {wechat.url}{PATH} "HTTP/1.1 200 OK"'


def test_proxy_of_the_environment_is_not_asked(client, wechat, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert client.login(wechat.control.code(OPENID)).openid == OPENID


def test_one_client_serves_many_threads(client, wechat):
    openids = [f"o{n}" for n in range(40)]
    codes = [wechat.control.code(openid) for openid in openids]

    with ThreadPoolExecutor(8) as pool:
        identities = list(pool.map(client.login, codes))

    assert [identity.openid for identity in identities] == openids
    assert len(wechat.control.calls(PATH)) == 40


FORKING = """
import os, sys
from app.wechat.client import WeChatClient

base_url, appid, secret, *codes = sys.argv[1:]
client = WeChatClient(appid=appid, secret=secret, base_url=base_url)
client.login(codes[0])
if os.fork() == 0:
    client.login(codes[1])
    os._exit(0)
assert os.wait()[1] == 0
client.login(codes[2])
"""


def test_forked_worker_opens_a_connection_of_its_own(wechat):
    codes = [wechat.control.code(OPENID) for _ in range(3)]

    subprocess.run(
        [sys.executable, "-c", FORKING, wechat.url, wechat.appid, wechat.secret, *codes],
        check=True,
        timeout=10,
    )

    before, worker, after = [call["peer"] for call in wechat.control.calls(PATH)]
    assert before == after != worker
