"""Many people at once: an order is taken once, numbers are given out once, and a day of a member
never counts more than its minutes.

On SQLite a writing transaction is alone from its first statement on, so there is no lock to take
away.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.kit import locks
from app.people.models import Role
from app.works.hours.models import WorkHours
from app.works.orders import making as orders
from app.works.orders.models import OrderDoer, WorkOrder
from tests.cast import Cast, stored
from tests.works.site import WORDS, Site, Travel, body_of, id_of

PEOPLE = 4


def at_once(calls: Sequence[Callable[[], TestResponse]]) -> Counter[int]:
    """Make all calls at once; how often each status was answered."""
    with ThreadPoolExecutor(len(calls)) as threads:
        answers = list(threads.map(lambda call: call(), calls))
    return Counter(answer.status_code for answer in answers)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between reading what is there and changing it."""
    for module, name in ((orders, "read_database_clock"), (orders, "next_number")):
        read = getattr(module, name)

        def read_and_wait(*args: object, read: Callable[..., object] = read) -> object:
            found = read(*args)
            time.sleep(0.1)
            return found

        monkeypatch.setattr(module, name, read_and_wait)


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def take_at_once(site: Site) -> Counter[int]:
    order = site.order(is_open=True)
    members = [site.cast.officer(Role.SEATED_MEMBER) for _ in range(PEOPLE)]
    return at_once([lambda member=member: site.do(order, "take", by=member) for member in members])


def make_at_once(site: Site) -> Counter[int]:
    matters = [site.matter() for _ in range(PEOPLE)]
    return at_once(
        [lambda m=matter: site.secretary.post(f"/matters/{m}/orders", WORDS) for matter in matters]
    )


@pytest.mark.usefixtures("slow")
def test_open_order_is_taken_by_one(cast: Cast, site: Site):
    assert take_at_once(site) == {200: 1, 409: PEOPLE - 1}
    assert len(stored(cast.app, select(OrderDoer))) == 1
    assert len(site.notices("ORDER_ASSIGNED")) == 1


@pytest.mark.usefixtures("slow")
def test_orders_made_at_once_get_different_numbers(cast: Cast, site: Site):
    assert make_at_once(site) == {201: PEOPLE}
    numbers = stored(cast.app, select(WorkOrder.number).order_by(WorkOrder.number))
    assert numbers == list(range(1, PEOPLE + 1))


def test_hours_logged_at_once_stay_within_a_day(cast: Cast, site: Site):
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[id_of(site.member)]))
    body_of(site.do(order, "accept", by=site.member))
    hours = {"worked_on": "2026-03-04", "minutes": 400}
    log = lambda: site.member.post(f"/orders/{order['id']}/hours", hours)  # noqa: E731
    assert at_once([log] * PEOPLE) == {201: 1, 422: PEOPLE - 1}
    assert stored(cast.app, select(func.sum(WorkHours.minutes))) == [400]


# On SQLite a writing transaction is alone without any lock of ours.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(("write", "wanted"), [(take_at_once, 200), (make_at_once, 201)])
def test_without_the_lock_they_are_given_out_twice(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Site], Counter[int]],
    wanted: int,
):
    monkeypatch.setattr(locks, "hold_alone", lambda session, session_id: None)
    assert write(site) not in ({200: 1, 409: PEOPLE - 1}, {201: PEOPLE})
