"""The same move or creation twice at the same moment: one effect, one clear refusal."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.agenda.models import AgendaItem, AgendaSession, RollEntry
from app.ballots.models import BallotSlot, ResultRow, SessionResult
from app.board.models import NoticeKind, PublicNotice
from app.compounds.models import Building, Unit
from app.kit.audit import AuditEntry
from app.kit.extensions import db
from app.matters.models import Endorsement, Matter
from app.people.models import Residence, Resident, Role
from app.people.tokens import start_family
from tests.cast import Cast, Person, ballot, stored
from tests.race.server import Server, at_once

PATIENCE = 10  # tries of an upload
TWICE = 4  # twice as many as there are workers, so that both are busy with the same


def count(app: Flask, model: Any, *where: Any) -> int:
    (found,) = stored(app, select(func.count()).select_from(model).where(*where))
    return int(found)


def codes(answers: list[httpx.Response]) -> list[tuple[int, str | None]]:
    return sorted(
        (each.status_code, each.json().get("code") if each.status_code >= 400 else None)
        for each in answers
    )


def move_at_once(server: Server, by: Person, session_id: str, move: str) -> list[httpx.Response]:
    call = partial(server.call, by, "POST", f"/sessions/{session_id}/{move}")
    return at_once([call] * TWICE)


ONE_MOVED = [(200, None)] + [(409, "wrong_state")] * (TWICE - 1)


def test_two_sessions_for_one_month(app: Flask, cast: Cast, server: Server):
    cast.community, cast.home = cast.other_community()
    secretary = cast.secretary()
    body = cast_body(cast, secretary)
    path = f"/compounds/{cast.home.id}/sessions"
    answers = at_once([partial(server.call, secretary, "POST", path, body)] * TWICE)
    assert codes(answers) == [(201, None)] + [(409, "period_taken")] * (TWICE - 1)
    assert count(app, AgendaSession, AgendaSession.period == body["period"]) == 1


def cast_body(cast: Cast, secretary: Person) -> dict[str, Any]:
    """The body of a session for another month than the one that is made here."""
    made = cast.session(secretary, period="2027-01")
    names = ("mode", "place", "voting_opens_at", "voting_closes_at", "round_table_at")
    return {"period": "2027-02", **{name: made[name] for name in names}}


def test_two_compounds_host_one_month(app: Flask, cast: Cast, server: Server):
    """Only the next host gets the month, whoever else asks at the same moment."""
    body = {
        "period": "2027-02",
        "place": "党群服务站",
        "voting_opens_at": "2099-02-10T00:00:00+08:00",
        "voting_closes_at": "2099-02-17T00:00:00+08:00",
        "round_table_at": "2099-02-20T19:00:00+08:00",
    }
    places = (cast.home, cast.neighbour, cast.third)
    calls = [
        partial(server.call, cast.secretary(place), "POST", f"/compounds/{place.id}/sessions", body)
        for place in places
    ]
    answers = at_once(calls)
    assert [each.status_code for each in answers] == [201, 409, 409]
    assert {each.json()["code"] for each in answers[1:]} <= {"period_taken", "not_the_host"}
    assert count(app, AgendaSession) == 1


def test_start_collecting_at_once(app: Flask, cast: Cast, server: Server):
    secretary = cast.secretary()
    session = cast.session(secretary)
    assert codes(move_at_once(server, secretary, session["id"], "start-collecting")) == ONE_MOVED
    assert count(app, PublicNotice) == 1


def test_freeze_list_at_once(app: Flask, cast: Cast, server: Server):
    secretary = cast.secretary()
    session = cast.session(secretary)
    assert secretary.post(f"/sessions/{session['id']}/start-collecting").status_code == 200
    cast.matters(secretary, cast.resident(), ("停车", "路灯"))
    assert codes(move_at_once(server, secretary, session["id"], "freeze-list")) == ONE_MOVED
    assert sorted(stored(app, select(AgendaItem.number))) == [1, 2]
    assert count(app, PublicNotice) == 2


def test_open_voting_at_once(app: Flask, cast: Cast, server: Server):
    secretary, voter = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    cast.matters(secretary, voter, ("停车", "路灯"))
    assert secretary.post(f"{path}/freeze-list").status_code == 200
    assert codes(move_at_once(server, secretary, session["id"], "open-voting")) == ONE_MOVED
    assert count(app, RollEntry) == 1
    assert count(app, BallotSlot) == 3
    assert count(app, AuditEntry, AuditEntry.verb == "open_voting") == 1


def test_extend_voting_at_once(app: Flask, cast: Cast, server: Server):
    secretary = cast.secretary()
    session, _ = cast.open_session(secretary, cast.resident())
    answers = move_at_once(server, secretary, session["id"], "extend-voting")
    assert codes(answers) == [(200, None)] + [(409, "extension_used")] * (TWICE - 1)
    assert count(app, AuditEntry, AuditEntry.verb == "extend_voting") == 1


def test_close_voting_at_once(app: Flask, cast: Cast, server: Server):
    secretary, voter = cast.secretary(), cast.resident()
    session, matters = cast.open_session(secretary, voter)
    assert voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters)).status_code == 200
    assert codes(move_at_once(server, secretary, session["id"], "close-voting")) == ONE_MOVED
    assert count(app, SessionResult) == 1
    assert count(app, ResultRow) == 3
    assert count(app, PublicNotice, PublicNotice.kind == NoticeKind.TALLIED) == 1
    assert set(stored(app, select(Matter.carry_over))) <= {0, 1}


def test_open_and_cancel_at_once(app: Flask, cast: Cast, server: Server):
    """Of two moves that exclude each other, one happens."""
    secretary = cast.secretary()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    cast.matters(secretary, cast.resident(), ("停车", "路灯"))
    assert secretary.post(f"{path}/freeze-list").status_code == 200
    answers = at_once(
        [
            partial(server.call, secretary, "POST", f"{path}/{move}")
            for move in ("open-voting", "cancel", "open-voting", "cancel")
        ]
    )
    assert codes(answers) == ONE_MOVED
    (won,) = [each.json()["state"] for each in answers if each.status_code == 200]
    assert stored(app, select(AgendaSession.state)) == [won]


def raise_matter(cast: Cast) -> tuple[str, dict[str, str]]:
    body = {"title": "夜间停车难", "body": "说明", "category": "PARKING"}
    return f"/compounds/{cast.home.id}/matters", body


def claim(cast: Cast) -> tuple[str, dict[str, str]]:
    cast.unit(cast.home, "1502")
    names = {"building": "3栋", "entrance": "2单元", "unit": "1502", "relation": "owner"}
    return "/residences", {"compound_id": str(cast.home.id), **names}


@pytest.mark.parametrize(
    ("prepare", "model"), [(raise_matter, Matter), (claim, Residence)], ids=["matter", "residence"]
)
def test_one_idempotency_key_at_once_makes_one_thing(
    app: Flask,
    cast: Cast,
    server: Server,
    prepare: Callable[[Cast], tuple[str, dict[str, str]]],
    model: type[Any],
):
    person = cast.resident()
    path, body = prepare(cast)
    before = count(app, model)
    call = partial(server.call, person, "POST", path, body, {"Idempotency-Key": "intent-1"})
    answers = at_once([call] * TWICE)
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    assert count(app, model) == before + 1


def test_one_idempotency_key_for_a_session_at_once(app: Flask, cast: Cast, server: Server):
    cast.community, cast.home = cast.other_community()
    secretary = cast.secretary()
    body = cast_body(cast, secretary)
    path, key = f"/compounds/{cast.home.id}/sessions", {"Idempotency-Key": "intent-1"}
    answers = at_once([partial(server.call, secretary, "POST", path, body, key)] * TWICE)
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["id"] for each in answers}) == 1
    assert count(app, AgendaSession, AgendaSession.period == body["period"]) == 1


def test_one_claim_at_once_without_a_key(app: Flask, cast: Cast, server: Server):
    person = cast.visitor()
    path, body = claim(cast)
    answers = at_once([partial(server.call, person, "POST", path, body)] * TWICE)
    assert codes(answers) == [(201, None)] + [(409, "already_claimed")] * (TWICE - 1)
    assert count(app, Residence) == 1


def test_endorsement_at_once_counts_once(app: Flask, cast: Cast, server: Server):
    (matter,) = cast.matters(cast.secretary(), cast.resident(), ("停车",))
    supporter = cast.resident(name="支持者")
    call = partial(server.call, supporter, "PUT", f"/matters/{matter}/endorsement")
    answers = at_once([call] * TWICE)
    assert [(each.status_code, each.json()["endorsements"]) for each in answers] == [(200, 1)] * 4
    assert count(app, Endorsement) == 1


def test_refresh_token_at_once_is_exchanged_once(app: Flask, cast: Cast, server: Server):
    visitor = cast.visitor()
    with app.app_context():
        at = datetime.now(UTC)
        tokens = start_family(db.session(), db.session.get_one(Resident, visitor.id), at)
        db.session.commit()
    holder = replace(visitor, token=tokens.refresh_token)
    answers = at_once([partial(server.call, holder, "POST", "/auth/refresh")] * TWICE)
    (first, *others) = codes(answers)
    assert first == (200, None)
    # Whoever comes second ends the family, so those after that have no login any more.
    assert others.count((401, "token_reused")) >= 1
    assert {status for status, _ in others} == {401}


def test_register_at_once_makes_each_building_once(app: Flask, cast: Cast, server: Server):
    secretary = cast.secretary()
    register = "楼栋,单元,房号,面积\n" + "".join(f"1栋,1单元,{n},88.5\n" for n in range(101, 131))
    path = f"/api/v1/compounds/{cast.home.id}/register-imports"

    def upload() -> httpx.Response:
        """One file at a time is read on a host; who is told so tries again."""
        for _ in range(PATIENCE):
            answer = server.http.post(
                path,
                files={"file": ("register.csv", register.encode())},
                headers={"Authorization": f"Bearer {secretary.token}"},
            )
            if (answer.status_code, answer.json().get("code")) != (503, "busy"):
                break
            time.sleep(float(answer.headers["Retry-After"]))
        return answer

    answers = at_once([upload] * TWICE)
    assert {each.status_code for each in answers} == {201}
    outcomes = sorted({row["outcome"] for row in each.json()["report"]} for each in answers)
    assert outcomes.count({"added"}) == 1
    assert (count(app, Building), count(app, Unit)) == (1, 30)


def test_screening_at_once_decides_once(app: Flask, cast: Cast, server: Server):
    secretary = cast.secretary()
    path, body = raise_matter(cast)
    matter = cast.resident().post(path, body).json["id"]
    call = partial(
        server.call, secretary, "POST", f"/matters/{matter}/screen", {"outcome": "DISPATCHED"}
    )
    assert codes(at_once([call] * TWICE)) == ONE_MOVED


def test_verification_at_once_decides_once(app: Flask, cast: Cast, server: Server):
    grid_worker = cast.officer(Role.GRID_WORKER)
    path, body = claim(cast)
    residence = cast.visitor().post(path, body).json["id"]
    call = partial(server.call, grid_worker, "POST", f"/residences/{residence}/verify")
    assert codes(at_once([call] * TWICE)) == ONE_MOVED
