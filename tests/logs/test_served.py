"""All that a real server says over every operation and every kind of fault: rows 19 and 20 of the
list of threats. Nobody is named in it, and a cast leaves nothing by which a voter is found."""

import re
import socket
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.config import Settings
from app.kit.web.api import PREFIX
from app.logs import ALLOWED
from app.people.models import Role
from tests.cast import Cast, Person, ballot
from tests.logs.served import SEED_NAME, SEED_OPENID, Served, serving
from tests.operations import operations, request_for
from tests.wechat_standin import StandIn

PHONE, ADDRESS, AGENT = "13812345678", "203.0.113.77", "WeChat-Seeded-Phone/8"
WORD = "我家住三楼"


class Anything(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return {"kind": "compounds", "kind_of_feed": "json"}.get(name, str(uuid4()))


def ask_everything(served: Served, app: Flask, person: Person, code: str) -> int:
    """Every operation, with a name, a number and an openid wherever one can stand; how many."""
    count = 0
    headers = {
        "User-Agent": AGENT,
        "X-Forwarded-For": ADDRESS,
        "Referer": f"https://x/?{PHONE}",
        "Cookie": f"name={SEED_OPENID}",
    }
    body = {"code": code, "name": SEED_NAME, "phone": PHONE, "refresh_token": person.token}
    for operation in sorted(operations(app)):
        method, path = request_for(operation, Anything())
        for token in (person.token, SEED_OPENID, None):
            own = {"Authorization": f"Bearer {token}"} if token else {}
            query = {"name": SEED_NAME, "phone": PHONE, "cursor": person.token}
            served.http.request(method, path, params=query, json=body, headers=headers | own)
            count += 1
    for path in ("/fault", "/constraint", "/libraries", "/field", f"/{SEED_OPENID}"):
        served.http.get(path, params={"name": SEED_NAME}, headers=headers)
        count += 1
    served.http.request(f"X{PHONE}", "/", headers=headers)
    return count + 1


def send(address: tuple[str, int], data: bytes) -> None:
    """What no client library would send."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(data)
        connection.recv(4096)


def test_nobody_is_named_in_what_a_server_says(
    app: Flask, cast: Cast, settings: Settings, standin: StandIn, tmp_path: Path
):
    standin.control.reset()
    openid = standin.control.user(unionid="u-seeded")
    code = standin.control.code(openid)
    asker, voter, secretary = (cast.resident(name=SEED_NAME) for _ in range(3))
    cast.appoint(secretary, Role.BRANCH_SECRETARY)
    session, matters = cast.open_session(secretary, voter)
    with serving(settings, tmp_path) as served:
        asked = ask_everything(served, app, asker, code)
        signed_in = served.http.post(f"{PREFIX}/auth/wechat", json={"code": code})
        assert signed_in.status_code == 200
        vote = f"{PREFIX}/sessions/{session['id']}/ballot"
        headers = {"Authorization": f"Bearer {voter.token}", "X-Request-ID": str(uuid4())}
        for marked in (matters, matters[:1]):
            body = {**ballot(*marked), "word": WORD}
            assert served.http.put(vote, json=body, headers=headers).status_code == 200
        for junk in (f"GET /{PHONE} HTTP/9\r\n\r\n", f"GET / HTTP/1.1\r\nX {PHONE}: 1\r\n\r\n"):
            send(served.address, junk.encode())
    seeds = {
        *(SEED_NAME, SEED_OPENID, openid, "u-seeded", code, standin.secret, PHONE, ADDRESS),
        *(AGENT, WORD, signed_in.json()["access_token"], str(voter.id), voter.id.hex),
        *(part for each in (asker, voter) for part in each.token.split(".")[1:]),
        *("127.0.0.1,", "1987-11-23", "?", session["id"], *matters),
    }
    said = served.said()
    assert not {seed for seed in seeds if seed in said}
    lines = served.lines()
    assert {name for line in lines for name in line} <= ALLOWED
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == asked + 1 + 2 + 1  # the login, two casts, the first look of all
    assert len({line["request_id"] for line in requests}) == asked + 3
    assert_casts_tell_nothing(requests, headers["X-Request-ID"])
    assert_faults_can_be_found(lines)


def assert_casts_tell_nothing(requests: list[dict[str, Any]], given: str) -> None:
    casts = [
        dict(r) for r in requests if r["operation"] == "ballots.cast_ballot" and r["status"] == 200
    ]
    assert len(casts) == 2
    for line in casts:
        assert line.pop("request_id") == given
        assert re.fullmatch(r"\d+\.\d", str(line.pop("ms")))
        del line["at"]
        assert line == {
            "level": "info",
            "logger": "app.request_log",
            "event": "request",
            "operation": "ballots.cast_ballot",
            "method": "PUT",
            "status": 200,
        }


def assert_faults_can_be_found(lines: list[dict[str, Any]]) -> None:
    """What an operator needs is there: type, place, constraint, and the request."""
    (fault,) = [line for line in lines if line["event"] == "unforeseen error"]
    assert (fault["error"], fault["cause"]) == ("ValueError", "KeyError")
    assert re.fullmatch(r"tests/logs/wsgi.py:\d+ fault", fault["stack"][-1])
    (row,) = [line for line in lines if line["event"].startswith("database error")]
    assert row["error"] == "sqlalchemy.exc.IntegrityError"
    assert row.get("constraint", row["sqlstate"]) in (
        "uq_residents_openid",
        "SQLITE_CONSTRAINT_UNIQUE",
    )
    ends = {line["request_id"]: line for line in lines if line["event"] == "request"}
    assert [ends[each["request_id"]]["status"] for each in (fault, row)] == [500, 500]
    by_logger = Counter(line["logger"] for line in lines)
    assert by_logger["redis"] == by_logger["asyncio"] == by_logger["somebody.else"] == 1
    assert {"cannot connect to redis://:…@host", "… …", "Invalid request from ip …"} <= {
        line["event"] for line in lines
    } | {"… …"}
    assert "a library warns: UserWarning" in {line["event"] for line in lines}
    (kept,) = [line for line in lines if line["logger"] == "app.careless"]
    assert not {"openid", "path"} & set(kept)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--access-logfile", "-"),
        ("--log-level", "debug"),
        ("--access-logfile", "-", "--logger-class", "gunicorn.glogging.Logger"),
    ],
)
def test_no_option_of_the_server_brings_addresses_back(
    settings: Settings, tmp_path: Path, arguments: tuple[str, ...], engine_name: str
):
    """But for one that puts another log in the place of ours: the mutant that this test sees."""
    with serving(settings, tmp_path, *arguments) as served:
        served.http.get("/", params={"phone": PHONE}, headers={"User-Agent": AGENT})
        send(served.address, f"GET /{PHONE} HTTP/9\r\n\r\n".encode())
    said = served.said()
    seen = any(seed in said for seed in (PHONE, AGENT))
    assert seen == ("--logger-class" in arguments), said


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


TRIES = 26


def outages_of(served: Served) -> Counter[str]:
    """How often each outage was told, in lines without a stack and without a password."""
    told = [line for line in served.lines() if line["event"] != "request"]
    assert not [line for line in told if "outage" in line and "stack" in line]
    assert "pass-word" not in served.said()
    return Counter(line["outage"] for line in told if "outage" in line)


def test_database_that_is_away_is_one_line(
    cast: Cast, settings: Settings, tmp_path: Path, engine_name: str
):
    if engine_name != "postgresql":
        return
    headers = {"Authorization": f"Bearer {cast.resident().token}"}
    away = f"postgresql://nobody:pass-word@127.0.0.1:{closed_port()}/none"
    with serving(settings, tmp_path, DATABASE_URL=away) as served:
        for path in ("/me", "/me/participations", f"/matters/{uuid4()}") * TRIES:
            assert served.http.get(f"{PREFIX}{path}", headers=headers).status_code == 503
    assert outages_of(served)["database_unavailable"] == 1
    (line,) = [x for x in served.lines() if x.get("outage") == "database_unavailable"]
    assert "psycopg.OperationalError" in line["cause"]
    assert sum(line["event"] == "request" for line in served.lines()) == 3 * TRIES + 1


def test_what_else_is_away_is_one_line_each(cast: Cast, settings: Settings, tmp_path: Path):
    """The key store, WeChat, the storage of limits, each asked again and again."""
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    headers = {"Authorization": f"Bearer {voter.token}"}
    away = {
        "KEY_STORE": f"redis://:pass-word@127.0.0.1:{closed_port()}/0",
        "WECHAT_API_BASE": f"http://127.0.0.1:{closed_port()}",
        "RATE_LIMIT_STORAGE": f"redis://:pass-word@localhost:{closed_port()}/0",
    }
    path = f"{PREFIX}/sessions/{session['id']}/ballot"
    with serving(settings, tmp_path, **away) as served:
        for _ in range(TRIES):
            cast_now = served.http.put(path, json=ballot(*matters), headers=headers)
            code = {"code": uuid4().hex}
            signed_in = served.http.post(f"{PREFIX}/auth/wechat", json=code)
            assert {cast_now.status_code, signed_in.status_code} == {503}
    storage = "Rate limit storage unreachable - falling back to in-memory storage"
    told = outages_of(served)
    for kind in ("key_unavailable", "wechat_unavailable", f"flask-limiter: {storage}"):
        assert told[kind] == 1, told
