"""Many people at once: numbers, positions and arrivals are given out once.

Numbers and positions are tried without the session's lock too, and must then be missed. On SQLite
a writing transaction is alone from its first statement on, so there is no lock to take away.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.deliberation import cards, remarks
from app.deliberation.models import Attendance, Remark, SolutionCard
from app.kit import locks
from tests.cast import Cast, stored
from tests.deliberation.steps import RoundTable

PEOPLE = 4


def at_once(calls: Sequence[Callable[[], TestResponse]]) -> Counter[int]:
    """Make all calls at once; how often each status was answered."""
    with ThreadPoolExecutor(len(calls)) as threads:
        answers = list(threads.map(lambda call: call(), calls))
    return Counter(answer.status_code for answer in answers)


@pytest.fixture
def slow_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between reading the last number and using the next one."""
    for module, name in ((cards, "next_number"), (remarks, "next_number")):
        read = getattr(module, name)

        def read_and_wait(*args: object, read: Callable[..., int] = read) -> int:
            last = read(*args)
            time.sleep(0.1)
            return last

        monkeypatch.setattr(module, name, read_and_wait)


def put_at_once(table: RoundTable) -> Counter[int]:
    people = [table.cast.resident() for _ in range(PEOPLE)]
    return at_once([lambda person=person: table.put(person) for person in people])


def remark_at_once(table: RoundTable) -> Counter[int]:
    body = {"speaker": "代表", "text": "同意"}
    clerks = [table.cast.secretary() for _ in range(PEOPLE)]
    return at_once(
        [lambda clerk=clerk: clerk.post(f"{table.path}/remarks", body) for clerk in clerks]
    )


def arrive_at_once(table: RoundTable) -> Counter[int]:
    body = {"resident_id": str(table.voters[0].id)}
    clerks = [table.cast.secretary() for _ in range(PEOPLE)]
    return at_once(
        [lambda clerk=clerk: clerk.post(f"{table.path}/attendance", body) for clerk in clerks]
    )


@pytest.mark.usefixtures("slow_counting")
def test_cards_put_at_once_get_different_numbers(cast: Cast):
    table = RoundTable(cast, ["停车"])
    assert put_at_once(table) == {201: PEOPLE}
    numbers = stored(cast.app, select(SolutionCard.number).order_by(SolutionCard.number))
    assert numbers == list(range(1, PEOPLE + 1))


@pytest.mark.usefixtures("slow_counting")
def test_remarks_noted_at_once_get_different_positions(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    assert remark_at_once(table) == {201: PEOPLE}
    positions = stored(cast.app, select(Remark.position).order_by(Remark.position))
    assert positions == list(range(1, PEOPLE + 1))


def test_one_person_noted_at_once_is_there_once(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    assert arrive_at_once(table) == {200: PEOPLE}
    assert len(stored(cast.app, select(Attendance))) == 1


# On SQLite a writing transaction is alone without any lock of ours.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("slow_counting")
@pytest.mark.parametrize("write", [put_at_once, remark_at_once])
def test_without_the_lock_numbers_are_given_out_twice(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[RoundTable], Counter[int]],
):
    table = RoundTable(cast, ["停车"]).start()
    monkeypatch.setattr(locks, "hold_alone", lambda session, session_id: None)
    assert write(table)[201] < PEOPLE
