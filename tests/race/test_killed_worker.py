"""Workers killed in the middle of casts: every acknowledged ballot is there exactly once."""

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from app.agenda.models import RollEntry
from app.ballots.models import Ballot, BallotCommitment
from tests.cast import Cast, Person, ballot, stored
from tests.race.server import Server, at_once

VOTERS = 20
ANSWERS_BEFORE_KILLING = 7
PATIENCE_SECONDS = 30


def cast_until_answered(
    server: Server, answered: threading.Semaphore, voter: Person, path: str, body: dict[str, Any]
) -> httpx.Response:
    """Cast, and cast again with the same nonce whenever the connection broke."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = server.call(voter, "PUT", path, body)
        except httpx.TransportError:
            assert time.monotonic() < end, "no worker came back"
            time.sleep(0.05)
            continue
        answered.release()
        return answer


def kill_workers(workers: list[int], answered: threading.Semaphore) -> None:
    """Kill the workers as soon as some casts have been answered."""
    for _ in range(ANSWERS_BEFORE_KILLING):
        assert answered.acquire(timeout=PATIENCE_SECONDS)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)


def cast_while_killing(server: Server, cast: Cast) -> list[httpx.Response]:
    """The answers that twenty voters got while all workers were killed once."""
    voters = [cast.resident(name=f"居民{i}") for i in range(VOTERS)]
    session, matters = cast.open_session(cast.secretary(), voters[0])
    path = f"/sessions/{session['id']}/ballot"
    answered = threading.Semaphore(0)
    casts: list[Callable[[], httpx.Response]] = [
        partial(
            cast_until_answered,
            server,
            answered,
            voter,
            path,
            ballot(*matters) | {"nonce": f"{i:032x}"},
        )
        for i, voter in enumerate(voters)
    ]
    killer = threading.Thread(target=kill_workers, args=(server.workers(), answered))
    killer.start()
    answers = at_once(casts)
    killer.join()
    return answers


def check_each_is_there_once(app: Flask, answers: list[httpx.Response]) -> None:
    assert {(each.status_code, each.json()["version"]) for each in answers} == {(200, 1)}
    acknowledged = sorted(each.json()["commitment"] for each in answers)
    live = sorted(each.hex() for each in stored(app, select(Ballot.commitment)))
    assert live == acknowledged, f"{len(acknowledged)} acknowledged, {len(live)} stored"
    logged = stored(app, select(BallotCommitment.commitment))
    assert sorted(each.hex() for each in logged) == acknowledged
    voted = stored(app, select(RollEntry.resident_id).where(RollEntry.voted_on.is_not(None)))
    assert len(voted) == len(acknowledged)


def test_acknowledged_ballots_are_there_once_after_workers_were_killed(
    app: Flask, cast: Cast, server: Server
):
    before = server.workers()
    check_each_is_there_once(app, cast_while_killing(server, cast))
    assert not set(before) & set(server.workers())


def test_check_goes_red_when_answers_come_before_the_commit(
    app: Flask, cast: Cast, sabotaged: Callable[[str], Server]
):
    answers = cast_while_killing(sabotaged("answer_before_commit"), cast)
    with pytest.raises(AssertionError, match="acknowledged"):
        check_each_is_there_once(app, answers)
