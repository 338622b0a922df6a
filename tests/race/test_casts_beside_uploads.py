"""An upload or a register holds one worker of two at most: casts beside it are answered in time."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, cycle

import httpx
import pytest
from sqlalchemy import func, select

from app.compounds.models import Unit
from app.kit.web.api import PREFIX
from tests.attachments.bombs import BOMBS, jpeg_scans, noise
from tests.cast import Cast, Person, ballot, stored
from tests.race.server import Server

VOTERS = 20
IN_TIME_SECONDS = 1.0
MOST_TIMES = 4  # by which a machine that others keep busy may be slower; the mutants are far behind
ROWS = 20_000
# Those that the counts refuse, those that are looked at to their end, and one that may be killed.
SENT = (
    "JPEG of 300 scans",
    "PNG of chunks",
    "PNG of 16 bits and four channels",
    "WebP of one colour, padded",
    "WebP of grain",
    "PDF of streams",
    "PDF of escapes and streams",
    "PDF of a packed bomb",
)


@dataclass
class Polls:
    """Voters who cast one after the other, again and again, and how long the slowest waited."""

    server: Server
    voters: Iterator[Person]
    path: str
    body: dict[str, object]

    def slowest(self, until: Callable[[int], bool]) -> float:
        """Of the casts that are made until told to end, in seconds."""
        slowest = 0.0
        for number in count():
            if until(number):
                return slowest
            began = time.monotonic()
            try:
                answer = self.server.call(next(self.voters), "PUT", self.path, self.body)
            except httpx.TimeoutException:
                raise AssertionError("a cast waited") from None
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            time.sleep(0.1)
        raise AssertionError

    def check(self, *uploads: "Future[httpx.Response]") -> None:
        """That casts made while these are answered wait little longer than others."""
        slowest = self.slowest(lambda number: number > 2 and all(each.done() for each in uploads))
        busy = os.getloadavg()[0] / (os.cpu_count() or 1)
        assert slowest < IN_TIME_SECONDS * min(MOST_TIMES, max(1, busy)), "a cast waited"


@pytest.fixture
def open_vote(cast: Cast) -> Callable[[Server], Polls]:
    """A vote of this server in which casts go on for as long as wanted."""
    voters = [cast.resident(name=f"居民{number}") for number in range(VOTERS)]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    path = f"/sessions/{session['id']}/ballot"
    return lambda server: Polls(server, cycle(voters), path, ballot(*matters))


def upload(server: Server, person: Person, cast: Cast, content: bytes) -> httpx.Response:
    path = f"{PREFIX}/compounds/{cast.home.id}/attachments"
    return send(server, person, path, content)


def send(server: Server, person: Person, path: str, content: bytes) -> httpx.Response:
    return server.http.post(
        path,
        files={"file": ("file", content)},
        headers={"Authorization": f"Bearer {person.token}"},
    )


def cast_beside_two_uploads(polls: Polls, cast: Cast, content: bytes) -> list[httpx.Response]:
    """Both uploads' answers; fails where a cast had to wait for them."""
    people = cast.resident(), cast.resident()
    with ThreadPoolExecutor(2) as threads:
        uploads = [threads.submit(upload, polls.server, person, cast, content) for person in people]
        polls.check(*uploads)
        return [each.result() for each in uploads]


def test_casts_go_on_beside_two_uploads_of_each_bomb(
    cast: Cast, server: Server, open_vote: Callable[[Server], Polls]
):
    polls, workers = open_vote(server), server.workers()
    for name in SENT:
        make, ends = BOMBS[name]
        for answer in cast_beside_two_uploads(polls, cast, make()):
            end = 201 if answer.status_code == 201 else answer.json()["code"]
            # Beside so many casts a file that is good may also take too long by the clock.
            assert end in ends | {"busy", "took_too_long"}, (name, answer.text)
            assert (
                (answer.status_code == 503) == (end == "busy") == ("retry-after" in answer.headers)
            )
    assert server.workers() == workers


@pytest.mark.parametrize(
    ("sabotage", "content"),
    [("look_in_the_worker", lambda: jpeg_scans(150)), ("no_slot", noise)],
    ids=["look in the worker", "no slot"],
)
def test_check_goes_red_where_uploads_hold_both_workers(
    cast: Cast,
    sabotaged: Callable[[str], Server],
    open_vote: Callable[[Server], Polls],
    sabotage: str,
    content: Callable[[], bytes],
):
    polls = open_vote(sabotaged(sabotage))
    with pytest.raises(AssertionError, match="a cast waited"):
        cast_beside_two_uploads(polls, cast, content())


def register() -> bytes:
    """20,000 units in 50 buildings."""
    lines = [
        f"{n // 400 + 1}栋,{n // 40 % 10 + 1}单元,{n % 40 // 4 + 1:02}{n % 4 + 1:02},88.50\n"
        for n in range(ROWS)
    ]
    return ("楼栋,单元,房号,面积\n" + "".join(lines)).encode()


def cast_beside_a_register(polls: Polls, cast: Cast) -> httpx.Response:
    path = f"{PREFIX}/compounds/{cast.neighbour.id}/register-imports"
    secretary = cast.secretary(cast.neighbour)
    with ThreadPoolExecutor(1) as threads:
        taken = threads.submit(send, polls.server, secretary, path, register())
        polls.check(taken)
        return taken.result()


def test_casts_go_on_beside_a_register_of_20_000_rows(
    cast: Cast, server: Server, open_vote: Callable[[Server], Polls]
):
    answer = cast_beside_a_register(open_vote(server), cast)
    assert (answer.status_code, answer.json()["accepted"]) == (201, ROWS), answer.text
    units = select(func.count()).where(Unit.compound_id == cast.neighbour.id)
    assert stored(cast.app, units) == [ROWS]


def test_check_goes_red_where_a_register_is_read_while_it_is_written(
    cast: Cast,
    sabotaged: Callable[[str], Server],
    open_vote: Callable[[Server], Polls],
    engine_name: str,
):
    """PostgreSQL has no single writer: there nobody waits."""
    polls = open_vote(sabotaged("read_while_writing"))
    if engine_name == "postgresql":
        cast_beside_a_register(polls, cast)
        return
    with pytest.raises(AssertionError, match="a cast waited"):
        cast_beside_a_register(polls, cast)
