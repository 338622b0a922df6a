"""The log of every move: it tells the same story as the rows, and is only ever added to."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from app.agenda.models import AgendaSession
from app.kit.audit import AuditEntry
from app.kit.clock import now
from app.matters.models import Matter
from app.people.models import Residence
from tests.cast import Cast, Person, Place, ballot, stored
from tests.checks import Move, moves_of
from tests.matters.steps import raise_matter, screen


def log_of(app: Flask) -> Sequence[AuditEntry]:
    entries: Sequence[AuditEntry] = stored(app, select(AuditEntry).order_by(AuditEntry.id))
    return entries


def values(entry: AuditEntry) -> dict[str, Any]:
    return {column.name: getattr(entry, column.name) for column in AuditEntry.__table__.columns}


def claim(cast: Cast, person: Person, compound: Place, unit: str) -> str:
    cast.unit(compound, unit)
    body = {
        "compound_id": str(compound.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": unit,
        "relation": "owner",
    }
    made: str = person.post("/residences", body).json["id"]
    return made


def live_through_a_month(cast: Cast, secretary: Person) -> None:
    """People move in and out, a session is called off, another one is held to its tally."""
    neighbour = cast.secretary(cast.neighbour)
    voter, mover, stranger = cast.visitor(), cast.visitor(), cast.visitor()
    for person, unit in ((voter, "101"), (mover, "102")):
        home = claim(cast, person, cast.home, unit)
        secretary.post(f"/residences/{home}/verify", {"birth_date": "1980-05-17"})
    neighbour.post(f"/residences/{claim(cast, mover, cast.neighbour, '101')}/verify")
    refused = claim(cast, stranger, cast.home, "103")
    secretary.post(f"/residences/{refused}/refuse", {"reason": "房号与证件不符"})

    called_off = f"/sessions/{cast.session(secretary)['id']}"
    secretary.post(f"{called_off}/start-collecting")
    secretary.post(f"{called_off}/cancel", {"reason": "防汛值守"})

    target = raise_matter(cast, voter, "电动车充电")
    screen(secretary, raise_matter(cast, voter, "充电口太少"), "MERGED", into=target)
    screen(secretary, raise_matter(cast, voter, "路灯不亮"), "DISPATCHED")
    screen(secretary, raise_matter(cast, voter, "邻里纠纷"), "REFUSED", reason="请先调解")
    session, matters = cast.open_session(secretary, voter)
    path = f"/sessions/{session['id']}"
    voter.put(f"{path}/ballot", ballot(*matters))
    screen(secretary, matters[1], "WHISTLED", reason="积水由水务处理")
    secretary.post(f"{path}/extend-voting")
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"


def test_log_tells_how_each_thing_came_to_its_state(cast: Cast, app: Flask):
    live_through_a_month(cast, cast.secretary())
    told: dict[UUID, list[AuditEntry]] = defaultdict(list)
    for entry in log_of(app):
        told[entry.thing_id].append(entry)
    for model in (Residence, Matter, AgendaSession):
        things = stored(app, select(model))
        assert len(things) >= 2
        for thing in things:
            moves = told[thing.id]
            assert {move.thing for move in moves} == {model.__tablename__}
            assert moves[0].from_state is None
            for before, after in pairwise(moves):
                assert after.from_state == before.to_state, (model, after.verb)
                assert after.at >= before.at
            assert moves[-1].to_state == thing.state.value, (model, moves[-1].verb)


def test_log_says_who_and_where_and_when(cast: Cast, app: Flask):
    began = now()
    live_through_a_month(cast, cast.secretary())
    entries = log_of(app)
    assert len(entries) > 20
    for entry in entries:
        assert entry.actor_id is not None  # nothing here was moved by the clock
        assert entry.compound_id or entry.community_id
        assert began <= entry.at <= now()


def test_log_is_only_added_to(cast: Cast, app: Flask):
    secretary = cast.secretary()
    live_through_a_month(cast, secretary)
    before = [values(entry) for entry in log_of(app)]
    body = {"compound_id": str(cast.third.id), "reason": "改造"}
    path = f"/communities/{cast.community.id}/rotation/skip"
    assert cast.community_secretary().post(path, body).status_code == 200
    after = [values(entry) for entry in log_of(app)]
    assert after[:-1] == before


def test_refused_moves_leave_no_row(cast: Cast, app: Flask):
    secretary, voter = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, voter)
    path = f"/sessions/{session['id']}"
    before = len(log_of(app))
    answers = [
        secretary.post(f"{path}/start-collecting"),
        secretary.post(f"{path}/freeze-list"),
        secretary.post(f"{path}/open-voting"),
        secretary.post(f"{path}/cancel", {"reason": "防汛"}),
        secretary.put(f"{path}/roll", {"roll": []}),
        secretary.post(f"/matters/{matters[0]}/screen", {"outcome": "REFUSED"}),
        secretary.post(f"/matters/{matters[0]}/screen", {"outcome": "LISTED"}),
        voter.post(f"{path}/close-voting"),
    ]
    assert {answer.status_code for answer in answers} <= {403, 409, 422}
    assert len(log_of(app)) == before


def test_tally_is_logged_for_each_matter(cast: Cast, app: Flask):
    secretary = cast.secretary()
    voters = [cast.resident() for _ in range(2)]
    session, (chosen, handed_on, left) = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter in voters:
        voter.put(f"{path}/ballot", ballot(chosen, handed_on))
    screen(secretary, handed_on, "DISPATCHED", reason="物业已接单")
    secretary.post(f"{path}/close-voting")
    assert [moves_of(app, matter)[-1] for matter in (chosen, handed_on, left)] == [
        Move("tally", "LISTED", "SELECTED", secretary.id, None),
        Move("screen", "LISTED", "DISPATCHED", secretary.id, "物业已接单"),
        Move("tally", "LISTED", "DEFERRED", secretary.id, None),
    ]


def test_moves_of_the_clock_have_no_actor(
    cast: Cast, app: Flask, travel: Callable[[datetime], None]
):
    secretary, voter = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, voter)
    voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    travel(datetime.fromisoformat(session["voting_closes_at"]))
    app.test_cli_runner().invoke(args=["finalise"])
    assert moves_of(app, session["id"])[-1] == Move("close_voting", "VOTING", "TALLIED", None, None)
    assert {moves_of(app, matter)[-1].by for matter in matters} == {None}
