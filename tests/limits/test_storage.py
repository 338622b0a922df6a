"""The shared storage: what it holds, what casting costs it, and what happens while it is away."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from app.kit.web.api import PREFIX
from app.limiter import storage_answers
from tests.cast import Cast, Person, ballot
from tests.limits.conftest import Start
from tests.redis_server import RedisServer, redis_server
from tests.wechat_standin import StandIn

CLIENT = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "limits") as server:
        yield server


def claims(app: Flask, person: Person, count: int) -> list[int]:
    """Statuses of so many claims that are not even read."""
    headers = {**CLIENT, "Authorization": f"Bearer {person.token}"}
    client = app.test_client()
    return [
        client.post(f"{PREFIX}/residences", json={}, headers=headers).status_code
        for _ in range(count)
    ]


def test_two_processes_count_together(start: Start, storage: RedisServer):
    first, second = (start(rate_limit_url=storage.url) for _ in range(2))
    person = Cast(first).visitor()
    assert claims(first, person, 10) == claims(second, person, 10) == [422] * 10
    assert claims(first, person, 1) == claims(second, person, 1) == [429]


def test_processes_without_a_storage_count_each_for_itself(start: Start):
    """Why several workers need one: twice as many come through."""
    first, second = start(), start()
    person = Cast(first).visitor()
    assert claims(first, person, 20) == claims(second, person, 20) == [422] * 20


def test_storage_learns_neither_addresses_nor_people(
    start: Start, storage: RedisServer, standin: StandIn
):
    app = start(rate_limit_url=storage.url)
    person = Cast(app).visitor()
    claims(app, person, 2)
    code = standin.control.code(standin.control.user())
    app.test_client().post(f"{PREFIX}/auth/wechat", json={"code": code}, headers=CLIENT)
    app.test_client().get(f"/board/notices/{person.id}", headers=CLIENT)
    client = Redis(port=storage.port)
    names = b"\n".join(client.scan_iter()).decode()
    client.close()
    assert all(f"/{use}/" in names for use in ("claim", "sign in", "public read")), names
    for seed in ("203.0.113", str(person.id), person.id.hex, code, person.openid):
        assert seed not in names
        assert seed.encode() not in storage.on_disk()


def commands(storage: RedisServer) -> int:
    """How many commands the server has been sent, this one aside."""
    client = Redis(port=storage.port)
    count = int(client.info("stats")["total_commands_processed"])
    client.close()
    return count


def test_casting_and_polling_ask_the_storage_nothing(start: Start, storage: RedisServer):
    app = start(rate_limit_url=storage.url)
    cast = Cast(app)
    voter = cast.resident()
    session, matters = cast.open_session(cast.secretary(), voter)
    path = f"/sessions/{session['id']}"
    one = commands(storage)
    idle = commands(storage) - one
    before = commands(storage)
    for _ in range(3):
        assert voter.put(f"{path}/ballot", ballot(*matters), headers=CLIENT).status_code == 200
        assert voter.get(f"{path}/ballot", headers=CLIENT).status_code == 200
        assert voter.get(f"{path}/turnout", headers=CLIENT).status_code == 200
        assert voter.get(f"{path}/result", headers=CLIENT).status_code == 409
    assert commands(storage) - before == idle
    claims(app, voter, 1)
    assert commands(storage) - before > 2 * idle


def test_all_goes_on_while_the_storage_is_away(
    start: Start, storage: RedisServer, standin: StandIn, caplog: pytest.LogCaptureFixture
):
    """Limits hold in the process's own memory; votes are cast; the log has one line."""
    app = start(rate_limit_url=storage.url)
    cast = Cast(app)
    voter, guesser = cast.resident(), cast.visitor()
    session, matters = cast.open_session(cast.secretary(), voter)
    assert storage_answers(app) is True
    storage.kill()
    caplog.clear()
    assert storage_answers(app) is False
    assert claims(app, guesser, 21) == [*[422] * 20, 429]
    answer = voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters), headers=CLIENT)
    assert answer.status_code == 200
    code = standin.control.code(standin.control.user())
    signed_in = app.test_client().post(f"{PREFIX}/auth/wechat", json={"code": code}, headers=CLIENT)
    assert signed_in.status_code == 200
    told = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1, told
    assert "unreachable" in told[0].getMessage()


def test_counting_goes_on_where_it_was_once_the_storage_is_back(start: Start, storage: RedisServer):
    app = start(rate_limit_url=storage.url)
    person = Cast(app).visitor()
    assert claims(app, person, 15) == [422] * 15
    storage.kill()
    assert claims(app, person, 3) == [422] * 3
    storage.start()
    limiter = app.extensions["rate_limiter"]
    limiter._storage_dead = False  # as it finds out by itself within half a minute
    assert claims(app, person, 6) == [*[422] * 5, 429]


def test_no_storage_is_no_fault(start: Start):
    assert storage_answers(start()) is None
    assert storage_answers(start(rate_limit_url="off")) is None
