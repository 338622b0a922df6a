"""The stand-in's control port, fault rules and listeners."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from tests.wechat.test_standin_login import OPENID, PATH, ask
from tests.wechat_standin import StandIn
from tests.wechat_standin.state import SEED


def some_ids(wechat: StandIn, http: httpx.Client) -> list[str]:
    openid = wechat.control.user()
    code = wechat.control.code(openid)
    answer = ask(http, wechat, code)
    refused = ask(http, wechat, code)
    return [openid, code, answer["session_key"], refused["errmsg"]]


def test_ids_have_the_vendors_shape(wechat):
    openid = wechat.control.user()

    assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", openid)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", wechat.control.code(openid))


def test_ids_follow_from_the_seed(http, wechat):
    first = some_ids(wechat, http)
    wechat.control.reset(SEED)
    again = some_ids(wechat, http)
    wechat.control.reset(SEED + 1)
    other = some_ids(wechat, http)

    assert first == again
    assert not set(first) & set(other)


def test_reset_forgets_everything(http, wechat):
    wechat.control.fault(PATH, "garbage")
    wechat.control.app("wx-other", secret="s")
    wechat.control.advance(5)
    http.get(wechat.url + "/nothing")
    fresh = StandIn()
    fresh.start()
    expected = fresh.control.state()
    fresh.stop()

    wechat.control.reset()

    assert wechat.control.state() == expected
    assert wechat.control.calls() == []


def test_state_shows_users_codes_and_rules(http, wechat):
    code = wechat.control.code(OPENID)
    wechat.control.fault(PATH, {"delay": 0}, times=3)
    ask(http, wechat, code)

    state = wechat.control.state()

    assert state["users"] == [{"openid": OPENID, "unionid": None, "blocked": False, "logins": 1}]
    assert [(c["code"], c["used_at"]) for c in state["codes"]] == [(code, state["now"])]
    assert [(r["do"], r["matched"], r["used"]) for r in state["faults"]] == [({"delay": 0}, 1, 1)]
    assert wechat.secret not in json.dumps(state)


def test_calls_are_masked_and_can_be_narrowed(http, wechat):
    ask(http, wechat, wechat.control.code(OPENID))
    http.get(wechat.url + "/cgi-bin/token")

    login, unknown = wechat.control.calls()

    assert login["query"]["secret"] == "***"
    assert login["answer"] == {"openid": OPENID, "session_key": "***"}
    assert unknown["warnings"] == ["unknown path"]
    assert wechat.control.calls(PATH) == [login]
    assert wechat.control.calls(since=login["number"]) == [unknown]
    assert wechat.control.calls(since=unknown["number"]) == []


@pytest.mark.parametrize("path", ["/nothing", "/codes", "/state", "/"])
def test_unknown_path_on_the_protocol_port_is_404_and_counted(http, wechat, path):
    assert http.get(wechat.url + path).status_code == 404
    assert http.post(wechat.url + path, json={"openid": OPENID}).status_code == 404

    assert wechat.control.state()["unknown_paths"] == {path: 2}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nothing", None),
        ("GET", PATH, None),
        ("GET", "/codes", None),
        ("GET", "/calls?since=soon", None),
        ("POST", "/codes", "not json"),
        ("POST", "/codes", "\udcff"),
        ("POST", "/codes", "[]"),
        ("POST", "/codes", "{}"),
        ("POST", "/codes", '{"openid": ""}'),
        ("POST", "/codes", '{"openid": 5}'),
        ("POST", "/codes", '{"openid": "\\ud800"}'),
        ("POST", "/codes", '{"openid": "o1", "kind": "phone"}'),
        ("POST", "/codes", '{"openid": "o1", "appid": "wx0"}'),
        ("POST", "/codes", '{"openid": "o1", "nickname": "x"}'),
        ("POST", "/users", '{"blocked": 1}'),
        ("POST", "/apps", '{"bound": true}'),
        ("POST", "/apps", '{"appid": "wx-new"}'),
        ("POST", "/reset", '{"seed": "x"}'),
        ("POST", "/clock", "{}"),
        ("POST", "/clock", '{"advance_s": -1}'),
        ("POST", "/clock", '{"advance_s": NaN}'),
        ("POST", "/clock", '{"advance_s": true}'),
        ("POST", "/faults", "5"),
        ("POST", "/faults", '{"match": {"path": "/x"}, "do": "hang"}'),
        ("POST", "/faults", '{"match": {"path": ["/x"]}, "do": "hang"}'),
        ("POST", "/faults", '{"match": {"openid": "o1"}, "do": "hang"}'),
    ],
)
def test_senseless_order_is_refused_and_changes_nothing(http, wechat, method, path, body):
    before = wechat.control.state()
    content = None if body is None else body.encode(errors="surrogateescape")

    response = http.request(method, wechat.control_url + path, content=content)

    assert response.status_code == 400
    assert response.json()["error"]
    assert wechat.control.state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"do": {}},
        {"do": 5},
        {"do": "explode"},
        {"do": {"hang": False}},
        {"do": {"hang": True, "reset": True}},
        {"do": {"errcode": "40029"}},
        {"do": {"http": 200}},
        {"do": {"delay": -1}},
        {"do": {"delay": 10**12}},
        {"do": {"truncate": "all"}},
        {"do": {"garbage": 5}},
        {"do": {"wrong_type": True}},
        {"times": "often"},
        {"times": -1},
        {"times": True},
        {"after": None},
        {"until": 3},
        {"match": {"path": PATH, "colour": "red"}},
        {"match": {"path": PATH, "openid": 5}},
    ],
)
def test_senseless_rule_is_refused_and_a_list_with_it_too(wechat, change):
    good = {"match": {"path": PATH}, "do": {"hang": True}}

    with pytest.raises(ValueError):
        wechat.control.request("POST", "/faults", [good, good | change])

    assert wechat.control.state()["faults"] == []


def test_rule_strikes_after_so_many_calls_and_so_many_times(http, wechat):
    wechat.control.fault(PATH, {"errcode": -1}, after=1, times=2)

    errcodes = [ask(http, wechat, wechat.control.code(OPENID)).get("errcode") for _ in range(5)]

    assert errcodes == [None, -1, -1, None, None]


def test_rule_always_strikes_until_cleared(http, wechat):
    wechat.control.fault(PATH, {"errcode": -1}, times="always")
    code = wechat.control.code(OPENID)

    assert [ask(http, wechat, code)["errcode"] for _ in range(5)] == [-1] * 5
    wechat.control.clear_faults()
    assert "errcode" not in ask(http, wechat, code)


def test_first_rule_that_is_due_wins(http, wechat):
    wechat.control.fault(PATH, {"errcode": 1})
    wechat.control.fault(PATH, {"errcode": 2}, times="always")

    assert [ask(http, wechat, "any")["errcode"] for _ in range(3)] == [1, 2, 2]


def test_rule_for_one_user_spares_the_others(http, wechat):
    wechat.control.fault(PATH, {"errcode": -1}, openid="oZhang", times="always")

    assert ask(http, wechat, wechat.control.code("oZhang"))["errcode"] == -1
    assert ask(http, wechat, wechat.control.code(OPENID))["openid"] == OPENID


def login_url(wechat: StandIn, code: str) -> str:
    return (
        f"{wechat.url}{PATH}?appid={wechat.appid}&secret={wechat.secret}"
        f"&js_code={code}&grant_type=authorization_code"
    )


@pytest.mark.parametrize(
    ("do", "timeout", "error", "spent"),
    [
        ("hang", 0.15, httpx.ReadTimeout, False),
        ({"delay": 500}, 0.15, httpx.ReadTimeout, True),
        ("reset", 5, httpx.ReadError, False),
        ("lost_reply", 5, httpx.RemoteProtocolError, True),
        ({"truncate": 10}, 5, httpx.RemoteProtocolError, True),
        ({"truncate": 0}, 5, httpx.RemoteProtocolError, True),
    ],
)
def test_fault_that_breaks_the_connection(http, wechat, do, timeout, error, spent):
    wechat.control.fault(PATH, do)
    code = wechat.control.code(OPENID)

    with pytest.raises(error):
        http.get(login_url(wechat, code), timeout=timeout)

    assert ask(http, wechat, code).get("errcode") == (40163 if spent else None)


@pytest.mark.parametrize(
    ("do", "status", "content_type", "start", "spent"),
    [
        ({"http": 502}, 502, "text/html", b"<html>", False),
        ({"http": 404}, 404, "text/html", b"<html>", False),
        ("garbage", 200, "text/plain", b"<!doctype", True),
        ({"garbage": "[5]"}, 200, "text/plain", b"[5]", True),
        ("empty", 200, "text/plain", b"", True),
        ({"wrong_type": "label"}, 200, "image/jpeg", b"{", True),
        ({"wrong_type": "body"}, 200, "application/json; encoding=utf-8", b"\xff\xd8", True),
        ({"delay": 20}, 200, "text/plain", b"{", True),
    ],
)
def test_fault_that_spoils_the_answer(http, wechat, do, status, content_type, start, spent):
    wechat.control.fault(PATH, do)
    code = wechat.control.code(OPENID)

    response = http.get(login_url(wechat, code))

    assert (response.status_code, response.headers["content-type"]) == (status, content_type)
    assert response.content.startswith(start)
    assert bool(response.content) == bool(start)
    assert ask(http, wechat, code).get("errcode") == (40163 if spent else None)


@pytest.mark.parametrize(("length", "status"), [("1000001", 413), ("-1", 400), ("many", 400)])
def test_body_without_a_sensible_length_is_refused(wechat, length, status):
    # httpx would not send such a header.
    connection = HTTPConnection(urlsplit(wechat.control_url).netloc, timeout=5)
    connection.request("POST", "/users", headers={"Content-Length": length})

    assert connection.getresponse().status == status
    connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "localhost", ""])
def test_only_loopback_is_bound(host):
    with pytest.raises(ValueError):
        StandIn(host=host)


def test_clock_stands_still_unless_ticking(wechat):
    still = wechat.control.state()["now"]
    with StandIn(ticking=True) as ticking:
        begin = ticking.control.state()["now"]
        time.sleep(0.01)

        assert ticking.control.state()["now"] > begin
    assert wechat.control.state()["now"] == still


def test_stop_ends_a_hanging_call_at_once(http):
    stand_in = StandIn()
    stand_in.start()
    stand_in.control.fault(PATH, "hang")
    outcome: list[type[BaseException]] = []

    def hang() -> None:
        with pytest.raises(httpx.TransportError) as raised:
            http.get(stand_in.url + PATH)
        outcome.append(raised.type)

    thread = threading.Thread(target=hang)
    thread.start()
    while not stand_in.control.calls():
        time.sleep(0.005)
    begin = time.monotonic()
    stand_in.stop()
    thread.join()

    assert time.monotonic() - begin < 2
    assert outcome == [httpx.RemoteProtocolError]


def run_module(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.wechat_standin", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_module_prints_both_urls_serves_and_ends_on_sigterm(http):
    with run_module("--appid", "wx-cli", "--secret", "cli-secret") as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        code = http.post(urls["control"] + "/codes", json={"openid": OPENID}).json()["code"]
        query = {"appid": "wx-cli", "secret": "cli-secret", "js_code": code}
        query["grant_type"] = "authorization_code"
        answer = http.get(urls["protocol"] + PATH, params=query).json()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=5)

    assert set(urls) == {"protocol", "control"}
    assert answer["openid"] == OPENID
    assert (process.returncode, out, err) == (0, "", "")


def test_module_refuses_all_interfaces():
    with run_module("--host", "0.0.0.0") as process:
        out, err = process.communicate(timeout=5)

    assert process.returncode == 2
    assert out == ""
    assert "0.0.0.0" in err
