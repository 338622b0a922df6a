"""The finaliser as a process, while a PostgreSQL goes away twice and a Redis stays away."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.finaliser.heartbeat import read_heartbeat
from app.works.orders.models import OrderState
from tests.cast import Cast, ballot
from tests.finaliser.outage import Ground, finaliser, ground
from tests.rating_lists.board import Ratings
from tests.wechat_standin import StandIn
from tests.works.site import Site, Travel

AWAY_S = 3.0


@pytest.fixture
def place(tmp_path: Path, standin: StandIn) -> Iterator[Ground]:
    with ground(tmp_path, standin) as made:
        yield made


class Due:
    """In March: a vote that must be closed, an order that is overdue, a list that must be made
    final. Only the first needs a key."""

    def __init__(self, place: Ground, travel: Travel) -> None:
        self._ask = place.ask
        cast = Cast(place.past)
        Ratings(cast, travel).noticed()
        travel("2026-03-05T09:00:00+08:00")
        cast.community, cast.home = cast.other_community()
        voter = cast.resident()
        session, matters = cast.open_session(cast.secretary(), voter)
        assert voter.put(f"/sessions/{session['id']}/ballot", ballot(matters[0])).status_code == 200
        cast.community, cast.home = cast.other_community()
        Site(cast, travel).order(OrderState.ACCEPTED, due_on="2026-03-05")

    def vote(self) -> str:
        return str(self._ask("SELECT state FROM agenda_sessions"))

    def moved_without_keys(self) -> tuple[int, str]:
        """How often the order was escalated, and the list's state."""
        escalations = self._ask("SELECT count(*) FROM escalations")
        return int(escalations), str(self._ask("SELECT state FROM rating_lists"))


def readiness(place: Ground) -> tuple[int, dict[str, Any]]:
    """What `/readyz` answers within its time: status and code of each check."""
    began = time.monotonic()
    answer = place.present.test_client().get("/readyz")
    assert time.monotonic() - began < 4
    return answer.status_code, {
        name: check["code"] for name, check in answer.json["checks"].items()
    }


def test_all_that_can_move_moves_through_outages(place: Ground, travel: Travel, tmp_path: Path):
    due = Due(place, travel)
    travel("2026-11-29T12:00:00+08:00")
    place.redis.kill()
    place.postgresql.stop()
    with finaliser(place, tmp_path) as process:
        # It starts while nothing is there.
        process.wait_for(lambda: process.lines("数据库连不上"))
        time.sleep(AWAY_S)
        heartbeat = read_heartbeat(place.settings.heartbeat_file)
        assert heartbeat is not None
        assert heartbeat.failing == ("database",)
        assert heartbeat.clean_at is None
        status, codes = readiness(place)
        assert (status, codes["database"], codes["key_store"]) == (503, *["unreachable"] * 2)

        place.postgresql.start()
        process.wait_for(lambda: due.moved_without_keys() == (2, "FINAL"))
        assert due.vote() == "VOTING"
        process.wait_for(lambda: process.lines("密钥库连不上"))
        status, codes = readiness(place)
        assert (status, codes["database"], codes["key_store"]) == (503, "ok", "unreachable")

        place.postgresql.stop()
        process.wait_for(lambda: len(process.lines("· The database is out of reach")) == 2)
        time.sleep(AWAY_S)
        place.postgresql.start()
        place.redis.start()
        process.wait_for(lambda: due.vote() == "TALLIED")
        process.wait_for(
            lambda: (read_heartbeat(place.settings.heartbeat_file) or heartbeat).clean_at
        )
        status, codes = readiness(place)
        assert (status, codes["database"], codes["key_store"]) == (200, "ok", "ok")
        assert place.present.extensions["keys"].held() == []

        began = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(timeout=10) == 0
        assert time.monotonic() - began < 5
        told = process.listen()
        # One line for each outage, and one when it was over.
        assert len(process.lines("· The database is out of reach")) == 2
        assert len(process.lines("· The key store is out of reach")) == 1
        assert len(process.lines("已恢复")) == 3
        assert len(process.log.read_text().splitlines()) < 20, process.log.read_text()
    assert (told[0], told[-1]) == ("READY=1", "STOPPING=1")
    assert told.count("WATCHDOG=1") > 2 * AWAY_S
    assert {"STATUS=database", "STATUS=ok"} <= set(told)
