"""Lists make as many queries for many rows as for few."""

import pytest
from werkzeug.test import TestResponse

from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast
from tests.checks import counted
from tests.works.site import Site, Travel, body_of, id_of

FEW, MANY, MOST = 3, 30, 6


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def counts(site: Site, path: str, make: object) -> list[tuple[int, int]]:
    """How many rows and queries a list has with few rows and with many."""
    found, made = [], 0
    for wanted in (FEW, MANY):
        for _ in range(made, wanted):
            make()  # type: ignore[operator]
        made = wanted
        with counted(site.cast.app) as sent:
            items = body_of(site.secretary.get(path))["items"]
        found.append((len(items), len(sent)))
    return found


def test_list_of_orders(site: Site):
    matter = site.matter()
    few, many = counts(site, f"{site.home}/orders", lambda: site.order(OrderState.ACCEPTED, matter))
    assert (few[0], many[0]) == (FEW, MANY)
    assert few[1] == many[1] <= MOST


def test_list_of_whistles(site: Site):
    matter = site.matter("WHISTLED")
    make = lambda: site.whistle(WhistleState.SIGNED, matter)  # noqa: E731
    few, many = counts(site, f"{site.home}/whistles", make)
    assert (few[0], many[0]) == (FEW, MANY)
    assert few[1] == many[1] <= MOST


def test_list_of_hours(site: Site):
    order = site.order()
    body_of(site.do(order, "assign", doer_ids=[id_of(site.member)]))
    body_of(site.do(order, "accept", by=site.member))
    body = {"worked_on": "2026-03-04", "minutes": 15}
    log = lambda: body_of(site.member.post(f"/orders/{order['id']}/hours", body), 201)  # noqa: E731
    few, many = counts(site, f"{site.home}/hours", log)
    assert (few[0], many[0]) == (FEW, MANY)
    assert few[1] == many[1] <= MOST


def test_order_with_much_progress(site: Site):
    order = site.order(OrderState.ACCEPTED)
    sent_for: list[int] = []
    for _ in range(2):
        for _ in range(5):
            answer: TestResponse = site.do(order, "progress")
            assert answer.status_code == 201
        with counted(site.cast.app) as sent:
            site.read(order)
        sent_for.append(len(sent))
    assert sent_for[0] == sent_for[1]


@pytest.mark.parametrize("address", ["/board/compounds/{home}", "/compounds/{home}/matters"])
def test_what_is_overdue_costs_no_more_however_much_it_is(site: Site, address: str):
    """Working days are counted by one reading of the calendar."""
    matter, found = site.matter(), []
    path = address.format(home=site.cast.home.id)
    for wanted in (FEW, MANY):
        for _ in range(wanted):
            site.order(OrderState.ACCEPTED, matter, due_on="2026-03-05")
        site.go("2026-03-06T09:00:00+08:00")
        for _ in range(3):  # each request reports a few
            site.secretary.get(path)
        with counted(site.cast.app) as sent:
            site.secretary.get(path)
        found.append(len(sent))
        site.go("2026-03-04T09:00:00+08:00")
    assert found[0] == found[1]
