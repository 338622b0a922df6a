"""Work whose people have left, and matters on which nothing goes on: each has a way out."""

from datetime import date
from typing import Any

import pytest

from app.kit import clock
from app.kit.extensions import db
from app.people.models import Appointment, Role
from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast, Person
from tests.checks import moves_of, refusal
from tests.resolutions.stage import Stage, supersede
from tests.works.site import ORDER_STEPS, WHISTLE_STEPS, WORDS, Site, Travel, body_of

AFTER = "2026-03-27T20:00:00+08:00"
REASON = {"reason": "物业经理已离职"}


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def leave_office(cast: Cast, *people: Person) -> None:
    """All offices of these people end."""
    with cast.app.app_context():
        held = db.select(Appointment).where(Appointment.resident_id.in_([p.id for p in people]))
        for office in db.session.scalars(held):
            office.ended_at = office.ended_at or clock.now()
        db.session.commit()


def everybody_leaves(cast: Cast, site: Site) -> None:
    """Whoever held an office in the place has left; the community and the street have sent others,
    who appointed a new secretary, manager and grid worker."""
    leave_office(cast, *site.people.values())
    site.people["leader"] = cast.community_secretary()
    site.people["street"] = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict")
    site.people["department"] = cast.officer(Role.DEPARTMENT, level="subdistrict")
    for name, role in {
        "secretary": Role.BRANCH_SECRETARY,
        "manager": Role.PROPERTY_MANAGER,
        "grid": Role.GRID_WORKER,
        "member": Role.SEATED_MEMBER,
    }.items():
        person = cast.visitor(name)
        office = {"resident_id": str(person.id), "role": role, "from": f"{date(2026, 3, 1)}"}
        body_of(site.leader.post(f"{site.home}/appointments", office), 201)
        site.people[name] = person


HELD_UP = [OrderState.ACCEPTED, OrderState.RETURNED]


@pytest.mark.parametrize("state", HELD_UP)
@pytest.mark.parametrize("who", ["secretary", "leader"])
def test_order_whose_doer_left_goes_to_another(cast: Cast, site: Site, state: OrderState, who: str):
    order = site.order(state)
    leave_office(cast, site.manager)
    assert refusal(site.do(order, "submit")) == (404, "not_found")
    site.people["manager"] = cast.officer(Role.PROPERTY_MANAGER)
    assert refusal(site.do(order, "submit")) == (403, "not_the_doer")
    by = site.people[who]
    unexplained = by.post(f"/orders/{order['id']}/assign", {"doer_ids": [str(site.manager.id)]})
    assert refusal(unexplained) == (422, "reason_missing")
    assigned = body_of(site.do(order, "assign", by, **REASON))
    assert assigned["state"] == "ASSIGNED"
    assert assigned["due_at"] == order["due_at"]
    assert [doer["id"] for doer in assigned["doers"]] == [str(site.manager.id)]
    assert ("take_back", state, state, by.id, REASON["reason"]) in moves_of(cast.app, order["id"])
    for verb in ("accept", "submit", "verify"):
        body_of(site.do(order, verb))
    assert site.state_of(order["matter_id"]) == "DONE"


@pytest.mark.parametrize("state", list(ORDER_STEPS))
def test_every_order_ends_when_everybody_has_left(cast: Cast, site: Site, state: OrderState):
    order = site.order(state)
    everybody_leaves(cast, site)
    if state in HELD_UP:
        body_of(site.do(order, "assign", site.leader, **REASON))
    elif state is OrderState.DECLINED:
        body_of(site.do(order, "withdraw", site.leader))
    elif state in (OrderState.REQUESTED, OrderState.ASSIGNED):
        body_of(site.do(order, "assign", site.leader))
    if state not in (OrderState.SUBMITTED, OrderState.VERIFIED) and state not in ENDED:
        for verb in ("accept", "submit"):
            body_of(site.do(order, verb))
    if state not in ENDED and state is not OrderState.VERIFIED:
        body_of(site.do(order, "verify"))
    if state not in ENDED:
        site.go("2026-03-20T09:00:00+08:00")
        body_of(site.leader.post(f"/orders/{order['id']}/close"))
    assert site.read(order)["state"] in ("CLOSED", "WITHDRAWN")


ENDED = (OrderState.DECLINED, OrderState.WITHDRAWN)
IN_HAND = [
    WhistleState.BLOWN,
    WhistleState.SIGNED,
    WhistleState.REPORTED,
    WhistleState.REWORK,
]


@pytest.mark.parametrize("state", list(WHISTLE_STEPS))
def test_every_whistle_ends_when_everybody_has_left(cast: Cast, site: Site, state: WhistleState):
    whistle = site.whistle(state)
    everybody_leaves(cast, site)
    if state in IN_HAND:
        step = {"BLOWN": "sign", "SIGNED": "report"}.get(state, "feed-back")
        assert refusal(site.do(whistle, step)) == (403, "not_the_doer")
        recalled = body_of(site.do(whistle, "recall"))
        assert (recalled["state"], recalled["signed_at"]) == ("COLLECTED", None)
        assert moves_of(cast.app, whistle["id"])[-1][:3] == ("recall", state, "COLLECTED")
    if state in (*IN_HAND, WhistleState.COLLECTED):
        for verb in ("blow", "sign", "contact", "report", "feed-back"):
            body_of(site.do(whistle, verb))
    if state not in (WhistleState.VERIFIED_CLOSED, WhistleState.WITHDRAWN):
        body_of(site.do(whistle, "verify-close"))
    assert site.read(whistle)["state"] in ("VERIFIED_CLOSED", "WITHDRAWN")


@pytest.mark.parametrize("state", IN_HAND)
def test_recalled_whistle_may_be_withdrawn(site: Site, state: WhistleState):
    whistle = site.whistle(state)
    body_of(site.do(whistle, "recall"))
    body_of(site.do(whistle, "withdraw"))
    assert site.state_of(whistle["matter_id"]) == "EXECUTING"


NOT_RECALLED = sorted(set(WHISTLE_STEPS) - set(IN_HAND))


@pytest.mark.parametrize("state", NOT_RECALLED)
def test_other_whistles_are_not_recalled(site: Site, state: WhistleState):
    whistle = site.whistle(state)
    assert refusal(site.do(whistle, "recall")) == (409, "wrong_state")


class Month:
    """A session whose round table passed a resolution on its first matter, and has ended."""

    def __init__(self, cast: Cast, travel: Travel) -> None:
        self.site, self.stage = Site(cast, travel), Stage(cast, travel)
        self.resolution = self.stage.noticed()
        self.matter = self.stage.matters[0]

    def conclude(self) -> None:
        body_of(self.stage.secretary.post(f"{self.stage.path}/conclude-meeting"))

    def go(self, to: str) -> None:
        self.site.go(to)
        self.stage.go(to)

    def superseded(self) -> dict[str, Any]:
        """Another resolution of the round table takes its place before anybody acts on it."""
        self.go("2026-04-10T09:00:00+08:00")
        newer = supersede(self.stage, self.resolution)
        self.conclude()
        self.go("2026-04-21T09:00:00+08:00")
        assert self.stage.read(self.resolution)["state"] == "SUPERSEDED"
        return newer

    def end(self) -> list[str]:
        """Close the session; the states of its matters."""
        body_of(self.stage.secretary.post(f"{self.stage.path}/close"))
        return [self.stage.matter(i) for i in range(3)]


@pytest.fixture
def month(cast: Cast, travel: Travel) -> Month:
    return Month(cast, travel)


def shelve(month: Month, matter: str) -> Any:
    return month.site.leader.post(f"/matters/{matter}/shelve", {"reason": "已由新决议另作安排"})


def test_matter_whose_resolution_was_superseded_is_shelved(cast: Cast, month: Month):
    newer = month.superseded()
    path = f"/resolutions/{month.resolution['id']}/orders"
    assert refusal(month.site.secretary.post(path, WORDS)) == (409, "wrong_state")
    assert refusal(month.stage.secretary.post(f"{month.stage.path}/close")) == (409, "matters_open")
    body_of(shelve(month, month.matter))
    body_of(month.site.secretary.post(f"/resolutions/{newer['id']}/orders", WORDS), 201)
    assert month.stage.matter() == "SHELVED"
    move = moves_of(cast.app, month.matter)[-1]
    assert move[:3] == ("shelve", "RESOLVED", "SHELVED")
    assert (move.by, move.reason) == (month.site.leader.id, "已由新决议另作安排")
    (notice,) = month.site.notices("MATTER_SHELVED")
    assert "夜间停车难" in notice["title"]
    assert "已由新决议另作安排" in notice["content_text"]


def test_matter_whose_resolution_was_superseded_may_be_carried_out(month: Month):
    month.superseded()
    path = f"/matters/{month.matter}/orders"
    body_of(month.site.secretary.post(path, WORDS), 201)
    assert month.stage.matter() == "EXECUTING"


def test_what_was_decided_is_not_shelved(month: Month):
    month.conclude()
    month.go("2026-04-01T09:00:00+08:00")
    assert refusal(shelve(month, month.matter)) == (409, "matter_is_decided")
    orders = f"/matters/{month.matter}/orders"
    refused = month.site.secretary.post(orders, WORDS)
    assert refusal(refused) == (409, "order_from_resolution")
    path = f"/resolutions/{month.resolution['id']}/orders"
    order = body_of(month.site.secretary.post(path, WORDS), 201)
    body_of(month.site.do(order, "withdraw"))
    assert refusal(shelve(month, month.matter)) == (409, "matter_is_decided")


@pytest.mark.parametrize("outcome", ["DISPATCHED", "WHISTLED"])
def test_matter_that_nobody_carries_out_is_shelved(site: Site, outcome: str):
    matter = site.matter(outcome)
    body = {"reason": "电力公司已改造，不再需要"}
    assert refusal(site.secretary.post(f"/matters/{matter}/shelve", body)) == (403, "forbidden")
    body_of(site.leader.post(f"/matters/{matter}/shelve", body))
    assert site.state_of(matter) == "SHELVED"


def test_matter_on_which_work_goes_on_is_not_shelved(site: Site):
    order = site.order(OrderState.ASSIGNED)
    path, body = f"/matters/{order['matter_id']}/shelve", {"reason": "不再需要"}
    assert refusal(site.leader.post(path, body)) == (409, "work_goes_on")
    body_of(site.do(order, "decline"))
    assert refusal(site.leader.post(path, body)) == (409, "work_goes_on")
    body_of(site.do(order, "withdraw"))
    body_of(site.leader.post(path, body))
    assert site.state_of(order["matter_id"]) == "SHELVED"


def test_dispatched_matter_takes_orders_whatever_was_decided_before(cast: Cast, month: Month):
    """Opened again and put on another list, it is dispatched; an earlier resolution stands."""
    reopen(month)
    month.go("2026-04-20T09:00:00+08:00")
    next_list(cast, month)
    screened = {"outcome": "DISPATCHED", "reason": "小修，直接派单"}
    body_of(month.stage.secretary.post(f"/matters/{month.matter}/screen", screened))
    body_of(month.site.secretary.post(f"/matters/{month.matter}/orders", WORDS), 201)
    assert month.stage.matter() == "EXECUTING"


def test_matter_reopened_takes_orders_after_its_session_has_ended(month: Month):
    reopen(month)
    path = f"/matters/{month.matter}/orders"
    assert refusal(month.site.secretary.post(path, WORDS)) == (409, "order_from_resolution")
    body_of(month.stage.secretary.post(f"{month.stage.path}/start-evaluation"))
    month.end()
    from_resolution = f"/resolutions/{month.resolution['id']}/orders"
    assert refusal(month.site.secretary.post(from_resolution, WORDS)) == (409, "wrong_state")
    body_of(month.site.secretary.post(path, WORDS), 201)
    assert month.stage.matter() == "EXECUTING"


def reopen(month: Month) -> None:
    """Its order is carried out, and its raiser calls it unsolved."""
    month.conclude()
    month.go("2026-04-01T09:00:00+08:00")
    path = f"/resolutions/{month.resolution['id']}/orders"
    order = body_of(month.site.secretary.post(path, WORDS), 201)
    for verb in ("assign", "accept", "submit", "verify"):
        body_of(month.site.do(order, verb))
    said = {"solved": False, "satisfaction": "NOT"}
    body_of(month.stage.voters[0].post(f"/orders/{order['id']}/follow-ups", said), 201)
    assert month.stage.matter() == "REOPENED"


def next_list(cast: Cast, month: Month) -> None:
    change = {"compound_id": str(cast.home.id), "reason": "再坐庄一期"}
    body_of(month.site.leader.post(f"/communities/{cast.community.id}/rotation/swap", change))
    april = cast.session(month.stage.secretary, period="2026-04")
    for step in ("start-collecting", "freeze-list"):
        body_of(month.stage.secretary.post(f"/sessions/{april['id']}/{step}"))
    assert month.stage.matter() == "LISTED"
