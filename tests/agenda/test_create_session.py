"""Planning a month's session, and what is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession, HostPlace, RollEntry, SessionState
from app.people.models import Role
from tests.cast import Cast, Person, stored
from tests.checks import Move, moves_of, refusal
from votes.selection import Mode


def plan(**changes: Any) -> dict[str, Any]:
    """March 2026 as the domain notes have it; the tests below stand on 2 March."""
    return {
        "period": "2026-03",
        "mode": "OPEN",
        "place": "小区党群服务站",
        "voting_opens_at": "2026-03-12T00:00:00+08:00",
        "voting_closes_at": "2026-03-19T00:00:00+08:00",
        "round_table_at": "2026-03-27T19:00:00+08:00",
        **changes,
    }


@pytest.fixture(autouse=True)
def second_of_march(travel: Callable[[str], None]) -> None:
    travel("2026-03-02T08:00:00+08:00")


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/compounds/{cast.home.id}/sessions"


def test_create_makes_a_draft(cast: Cast, path: str, rows: Session):
    answer = cast.secretary().post(path, plan())
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert {key: shown[key] for key in plan()} == plan()
    assert (shown["state"], shown["matters"], shown["outcome"]) == ("DRAFT", [], None)
    assert shown["name"] == "香樟苑小区 2026年3月 · 月月谈"
    assert shown["turnout"] == {"roll": 0, "returned": 0}
    row = rows.get_one(AgendaSession, UUID(shown["id"]))
    assert (row.state, row.mode) == (SessionState.DRAFT, Mode.OPEN)
    assert row.voting_opens_at == datetime(2026, 3, 11, 16, tzinfo=UTC)
    assert (row.scheme, row.rules, row.closed_at) == (None, None, None)


def test_create_is_logged(cast: Cast, path: str, app: Flask):
    secretary = cast.secretary()
    made = secretary.post(path, plan()).json
    assert moves_of(app, made["id"]) == [Move("create", None, "DRAFT", secretary.id, None)]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"voting_opens_at": "2026-03-02T08:00:00+08:00"}, 422),
        ({"voting_opens_at": "2026-02-12T00:00:00+08:00"}, 422),
        ({"voting_opens_at": "2026-03-02T08:05:00+08:00"}, 201),
        ({"voting_opens_at": "2026-03-19T00:00:00+08:00"}, 422),
        ({"voting_opens_at": "2026-03-18T16:00:00Z"}, 422),
        ({"voting_opens_at": "2026-03-18T15:59:59Z"}, 201),
        ({"voting_closes_at": "2026-03-11T00:00:00+08:00"}, 422),
        ({"voting_closes_at": "2026-03-27T19:00:01+08:00"}, 422),
        ({"voting_closes_at": "2026-03-27T19:00:00+08:00"}, 201),
        ({"round_table_at": "2026-03-18T00:00:00+08:00"}, 422),
    ],
    ids=str,
)
def test_create_with_times_out_of_order_is_refused(
    cast: Cast, path: str, app: Flask, changes: dict[str, str], status: int
):
    answer = cast.secretary().post(path, plan(**changes))
    assert answer.status_code == status, answer.text
    if status == 422:
        assert refusal(answer) == (422, "times_out_of_order")
    assert len(stored(app, select(AgendaSession))) == (status == 201)


def test_create_for_a_month_that_is_taken_is_refused(cast: Cast, path: str, app: Flask):
    secretary, next_host = cast.secretary(), cast.secretary(cast.neighbour)
    assert secretary.post(path, plan()).status_code == 201
    answer = next_host.post(f"/compounds/{cast.neighbour.id}/sessions", plan())
    assert refusal(answer) == (409, "period_taken")
    assert len(stored(app, select(AgendaSession))) == 1
    answer = next_host.post(f"/compounds/{cast.neighbour.id}/sessions", plan(period="2026-04"))
    assert answer.status_code == 201  # the refusal took no turn


def test_create_again_after_a_cancellation(cast: Cast, path: str):
    secretary = cast.secretary()
    made = secretary.post(path, plan()).json
    secretary.post(f"/sessions/{made['id']}/cancel")
    assert secretary.post(path, plan()).status_code == 201


def test_create_in_another_community_for_the_same_month(cast: Cast, path: str):
    _, elsewhere = cast.other_community()
    assert cast.secretary().post(path, plan()).status_code == 201
    answer = cast.secretary(elsewhere).post(f"/compounds/{elsewhere.id}/sessions", plan())
    assert answer.status_code == 201, answer.text


def test_roster_takes_the_named_voters_once(cast: Cast, path: str, app: Flask):
    voters = [cast.resident() for _ in range(3)]
    cast.resident()  # another resident is not on it
    roll = [str(voter.id) for voter in (*voters, voters[0])]
    answer = cast.secretary().post(path, plan(mode="ROSTER", roll=roll))
    assert answer.status_code == 201, answer.text
    assert answer.json["turnout"] == {"roll": 3, "returned": 0}
    entries = stored(app, select(RollEntry))
    assert {entry.resident_id for entry in entries} == {voter.id for voter in voters}
    assert {(entry.admitted_why, entry.voted_on) for entry in entries} == {("ROSTER", None)}


def test_roll_of_an_open_session_is_refused(cast: Cast, path: str, app: Flask):
    answer = cast.secretary().post(path, plan(roll=[str(cast.resident().id)]))
    assert refusal(answer) == (422, "roll_not_allowed")
    assert stored(app, select(AgendaSession)) == []


def test_roster_without_a_roll_is_refused(cast: Cast, path: str, app: Flask):
    answer = cast.secretary().post(path, plan(mode="ROSTER"))
    assert refusal(answer) == (422, "roll_missing")
    assert stored(app, select(AgendaSession)) == []


def a_minor(cast: Cast) -> UUID:
    return cast.resident(born=date(2008, 3, 13)).id


def somebody_of_no_known_age(cast: Cast) -> UUID:
    return cast.resident(born=None).id


def a_resident_of_the_neighbour(cast: Cast) -> UUID:
    return cast.resident(cast.neighbour).id


def a_visitor(cast: Cast) -> UUID:
    return cast.visitor().id


def somebody_unverified(cast: Cast) -> UUID:
    claimant = cast.visitor()
    cast.unit(cast.home, "1502")
    claim = {
        "compound_id": str(cast.home.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": "1502",
        "relation": "owner",
    }
    assert claimant.post("/residences", claim).status_code == 201
    return claimant.id


def staff(role: Role, level: str) -> Callable[[Cast], UUID]:
    def living_here(cast: Cast) -> UUID:
        person: Person = cast.resident()
        cast.appoint(person, role, level=level)
        return person.id

    living_here.__name__ = role.value.lower()
    return living_here


def nobody(cast: Cast) -> UUID:
    return uuid4()


@pytest.mark.parametrize(
    "who",
    [
        a_minor,
        somebody_of_no_known_age,
        a_resident_of_the_neighbour,
        a_visitor,
        somebody_unverified,
        staff(Role.PROPERTY_MANAGER, "compound"),
        staff(Role.SUBDISTRICT_OFFICER, "subdistrict"),
        staff(Role.DEPARTMENT, "subdistrict"),
        nobody,
    ],
)
def test_roster_with_somebody_who_may_not_vote_is_refused(
    cast: Cast, path: str, app: Flask, who: Callable[[Cast], UUID]
):
    roll = [str(cast.resident().id), str(who(cast))]
    answer = cast.secretary().post(path, plan(mode="ROSTER", roll=roll))
    assert refusal(answer) == (422, "ineligible_voter")
    for model in (AgendaSession, RollEntry, HostPlace):
        assert stored(app, select(model)) == []


def test_roster_takes_former_staff_and_staff_of_elsewhere(cast: Cast, path: str):
    former, elsewhere = cast.resident(), cast.resident()
    cast.appoint(former, Role.PROPERTY_MANAGER, until=date(2026, 3, 12))
    cast.appoint(elsewhere, Role.PROPERTY_MANAGER, cast.neighbour)
    roll = [str(former.id), str(elsewhere.id)]
    answer = cast.secretary().post(path, plan(mode="ROSTER", roll=roll))
    assert answer.status_code == 201, answer.text
