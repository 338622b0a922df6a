"""`Idempotency-Key`: the same creating request twice makes one thing."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.agenda.models import AgendaSession
from app.kit.audit import AuditEntry
from app.kit.web.idempotency import IdempotencyKey
from app.matters.models import Matter
from app.people.models import Appointment, Residence, Role
from tests.cast import Cast, Person, stored
from tests.checks import refusal, refused_fields

KEY = {"Idempotency-Key": "0198c0de-made-on-the-phone"}


def matter(**changes: Any) -> dict[str, Any]:
    return {"title": "夜间停车难", "body": "说明", "category": "PARKING", **changes}


def count(app: Flask, model: type) -> int:
    (found,) = stored(app, select(func.count()).select_from(model))
    return int(found)


def session_body(cast: Cast) -> dict[str, Any]:
    return {
        "period": "2199-03",
        "place": "党群服务站",
        "voting_opens_at": "2199-03-12T00:00:00+08:00",
        "voting_closes_at": "2199-03-19T00:00:00+08:00",
        "round_table_at": "2199-03-27T19:00:00+08:00",
    }


def claim_body(cast: Cast) -> dict[str, Any]:
    cast.unit(cast.home, "1502")
    return {
        "compound_id": str(cast.home.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": "1502",
        "relation": "owner",
    }


CREATING = {
    "matters": (
        lambda cast: cast.resident(),
        lambda cast: matter(),
        "/compounds/{home}/matters",
        Matter,
    ),
    "sessions": (
        lambda cast: cast.secretary(),
        session_body,
        "/compounds/{home}/sessions",
        AgendaSession,
    ),
    "residences": (lambda cast: cast.visitor(), claim_body, "/residences", Residence),
    "appointments": (
        lambda cast: cast.secretary(),
        lambda cast: {
            "resident_id": str(cast.visitor().id),
            "role": "BUILDING_HEAD",
            "from": "2026-01-01",
        },
        "/compounds/{home}/appointments",
        Appointment,
    ),
}


@pytest.mark.parametrize("name", CREATING)
def test_same_request_again_makes_nothing_more(cast: Cast, app: Flask, name: str):
    person_of, body_of, template, model = CREATING[name]
    person: Person = person_of(cast)
    body = body_of(cast)
    path = template.format(home=cast.home.id)
    before, logged = count(app, model), count(app, AuditEntry)
    first, again = (person.post(path, body, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json["id"] == again.json["id"]
    assert count(app, model) == before + 1
    assert count(app, AuditEntry) == logged + 1
    (kept,) = stored(app, select(IdempotencyKey))
    assert (kept.resident_id, kept.made_id) == (person.id, UUID(first.json["id"]))


def test_without_a_key_each_request_makes_something(cast: Cast, app: Flask):
    raiser = cast.resident()
    for _ in range(2):
        assert raiser.post(f"/compounds/{cast.home.id}/matters", matter()).status_code == 201
    assert count(app, Matter) == 2
    assert count(app, IdempotencyKey) == 0


def test_key_with_another_body_is_refused(cast: Cast, app: Flask):
    raiser = cast.resident()
    path = f"/compounds/{cast.home.id}/matters"
    raiser.post(path, matter(), headers=KEY)
    other = raiser.post(path, matter(title="路灯不亮"), headers=KEY)
    assert refusal(other) == (409, "idempotency_key_reused")
    assert count(app, Matter) == 1


def test_key_at_another_address_is_refused(cast: Cast, app: Flask):
    secretary = cast.secretary()
    cast.appoint(secretary, Role.BRANCH_SECRETARY, cast.neighbour)
    secretary.post(f"/compounds/{cast.home.id}/matters", matter(), headers=KEY)
    other = secretary.post(f"/compounds/{cast.neighbour.id}/matters", matter(), headers=KEY)
    assert refusal(other) == (409, "idempotency_key_reused")
    assert count(app, Matter) == 1


def test_key_of_somebody_else_is_another_key(cast: Cast, app: Flask):
    path = f"/compounds/{cast.home.id}/matters"
    ids = {cast.resident().post(path, matter(), headers=KEY).json["id"] for _ in range(2)}
    assert len(ids) == 2
    assert count(app, Matter) == 2


def test_refused_request_does_not_use_up_its_key(cast: Cast, app: Flask):
    newcomer = cast.visitor()
    body = claim_body(cast)
    wrong = newcomer.post("/residences", {**body, "unit": "1503"}, headers=KEY)
    assert refusal(wrong) == (422, "unknown_unit")
    assert count(app, IdempotencyKey) == 0
    assert newcomer.post("/residences", body, headers=KEY).status_code == 201


def test_retry_shows_the_thing_as_it_is_now(cast: Cast):
    raiser, secretary = cast.resident(), cast.secretary()
    path = f"/compounds/{cast.home.id}/matters"
    made = raiser.post(path, matter(), headers=KEY).json["id"]
    secretary.post(f"/matters/{made}/screen", {"outcome": "LISTED"})
    assert raiser.post(path, matter(), headers=KEY).json["state"] == "LISTED"


@pytest.mark.parametrize("key", ["", "k" * 101, "钥匙", "a\tb"])
def test_malformed_key_is_refused(cast: Cast, app: Flask, key: str):
    answer = cast.resident().post(
        f"/compounds/{cast.home.id}/matters",
        matter(),
        headers={"Idempotency-Key": key.encode().decode("latin-1")},
    )
    assert refused_fields(answer) == ["Idempotency-Key"]
    assert count(app, Matter) == 0


def test_longest_key_is_taken(cast: Cast):
    path = f"/compounds/{cast.home.id}/matters"
    answer = cast.resident().post(path, matter(), headers={"Idempotency-Key": "k" * 100})
    assert answer.status_code == 201
