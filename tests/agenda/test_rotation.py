"""轮流坐庄: whose turn it is to host, and how the order is changed in the open."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.agenda.models import AgendaSession, HostPlace
from app.compounds.models import Compound
from tests.cast import Cast, Person, Place, stored
from tests.checks import Move, moves_of, refusal

REASON = "该小区正在改造,经社区党委会商定"


def order(cast: Cast, reader: Person) -> list[str]:
    """Names of the compounds, next host first."""
    places = {str(place.id): place.name for place in (cast.home, cast.neighbour, cast.third)}
    answer = reader.get(f"/communities/{cast.community.id}/rotation")
    return [places.get(row["compound_id"], "新小区") for row in answer.json["order"]]


def change(cast: Cast, by: Person, verb: str, compound: Place) -> TestResponse:
    path = f"/communities/{cast.community.id}/rotation/{verb}"
    return by.post(path, {"compound_id": str(compound.id), "reason": REASON})


def plan(compound: Place, by: Person, period: str) -> TestResponse:
    """Plan the session of a month, which takes the compound's turn."""
    now = datetime.now(UTC)
    body: dict[str, Any] = {
        "period": period,
        "place": "党群服务站",
        "voting_opens_at": (now + timedelta(hours=1)).isoformat(),
        "voting_closes_at": (now + timedelta(days=7)).isoformat(),
        "round_table_at": (now + timedelta(days=14)).isoformat(),
    }
    return by.post(f"/compounds/{compound.id}/sessions", body)


HOME, NEIGHBOUR, THIRD = "香樟苑小区", "桂花苑小区", "梅园小区"


def test_order_of_those_who_never_hosted_is_the_list_order(cast: Cast, app: Flask):
    assert order(cast, cast.resident()) == [HOME, NEIGHBOUR, THIRD]
    assert stored(app, select(HostPlace)) == []  # reading changes nothing


def test_order_puts_who_hosted_least_recently_first(cast: Cast):
    secretaries = {
        place: cast.secretary(place) for place in (cast.home, cast.neighbour, cast.third)
    }
    hosts = []
    for month in range(1, 8):
        for place, secretary in secretaries.items():
            answer = plan(place, secretary, f"2027-{month:02}")
            if answer.status_code == 201:
                hosts.append(place.name)
                break
            assert refusal(answer) == (409, "not_the_host")
    assert hosts == [HOME, NEIGHBOUR, THIRD, HOME, NEIGHBOUR, THIRD, HOME]
    assert order(cast, cast.resident()) == [NEIGHBOUR, THIRD, HOME]


def test_compound_that_joins_comes_last(cast: Cast, rows: Session, travel: Callable[[str], None]):
    travel("2026-03-02T09:00+08:00")
    assert plan(cast.home, cast.secretary(), "2026-03").status_code == 201
    joined = Compound(name="新小区", community_id=cast.community.id, since=date(2026, 3, 10))
    rows.add(joined)
    rows.commit()
    travel("2026-03-10T09:00+08:00")
    assert order(cast, cast.resident()) == [NEIGHBOUR, THIRD, HOME, "新小区"]


def test_compound_that_ended_hosts_no_more(cast: Cast, rows: Session):
    resident = cast.resident(cast.neighbour)
    rows.get_one(Compound, cast.home.id).until = date(2026, 1, 1)
    rows.commit()
    assert order(cast, resident) == [NEIGHBOUR, THIRD]


def test_host_out_of_turn_is_refused(cast: Cast, app: Flask):
    answer = plan(cast.neighbour, cast.secretary(cast.neighbour), "2027-01")
    assert refusal(answer) == (409, "not_the_host")
    assert answer.json["detail"] == f"轮到的是{HOME}"
    assert stored(app, select(AgendaSession)) == []
    assert order(cast, cast.resident()) == [HOME, NEIGHBOUR, THIRD]


def test_skip_sends_a_compound_to_the_end(cast: Cast):
    secretary = cast.community_secretary()
    answer = change(cast, secretary, "skip", cast.home)
    assert answer.status_code == 200, answer.text
    assert order(cast, secretary) == [NEIGHBOUR, THIRD, HOME]
    assert change(cast, secretary, "skip", cast.third).status_code == 200
    assert order(cast, secretary) == [NEIGHBOUR, HOME, THIRD]
    assert plan(cast.neighbour, cast.secretary(cast.neighbour), "2027-01").status_code == 201


def test_swap_changes_places_with_the_next_host(cast: Cast):
    secretary = cast.community_secretary()
    assert change(cast, secretary, "swap", cast.third).status_code == 200
    assert order(cast, secretary) == [THIRD, NEIGHBOUR, HOME]
    assert change(cast, secretary, "swap", cast.home).status_code == 200
    assert order(cast, secretary) == [HOME, NEIGHBOUR, THIRD]


def test_swap_after_a_turn_was_taken(cast: Cast):
    secretary = cast.community_secretary()
    plan(cast.home, cast.secretary(), "2027-01")
    change(cast, secretary, "swap", cast.home)
    assert order(cast, secretary) == [HOME, THIRD, NEIGHBOUR]


def test_swap_with_oneself_is_refused(cast: Cast):
    answer = change(cast, cast.community_secretary(), "swap", cast.home)
    assert refusal(answer) == (409, "already_next")


@pytest.mark.parametrize("verb", ["skip", "swap"])
def test_change_of_a_foreign_compound_is_refused(cast: Cast, app: Flask, verb: str):
    _, elsewhere = cast.other_community()
    answer = change(cast, cast.community_secretary(), verb, elsewhere)
    assert refusal(answer) == (422, "not_in_rotation")
    assert stored(app, select(HostPlace)) == []


def test_changes_are_logged_with_their_reason(cast: Cast, app: Flask):
    secretary = cast.community_secretary()
    change(cast, secretary, "skip", cast.home)
    answer = change(cast, secretary, "swap", cast.third)
    shown = [(row["verb"], row["compound_id"], row["reason"]) for row in answer.json["changes"]]
    assert shown == [
        ("swap", str(cast.third.id), REASON),
        ("skip", str(cast.home.id), REASON),
    ]
    places = {place.compound_id: place.id for place in stored(app, select(HostPlace))}
    assert moves_of(app, places[cast.home.id]) == [Move("skip", None, None, secretary.id, REASON)]
    assert moves_of(app, places[cast.third.id]) == [Move("swap", None, None, secretary.id, REASON)]


def test_cancelled_session_gives_the_turn_back(cast: Cast):
    secretary = cast.secretary()
    made = plan(cast.home, secretary, "2027-01").json
    assert order(cast, secretary) == [NEIGHBOUR, THIRD, HOME]
    secretary.post(f"/sessions/{made['id']}/cancel", {"reason": "防汛值守"})
    assert order(cast, secretary) == [HOME, NEIGHBOUR, THIRD]
    assert plan(cast.home, secretary, "2027-01").status_code == 201
