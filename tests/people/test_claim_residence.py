"""Claiming that one lives in a unit of the register."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compounds.models import Unit
from app.people.models import Relation, Residence, ResidenceState
from tests.cast import Cast, Place, stored
from tests.checks import Move, moves_of, refusal


def claim(compound: Place, unit: str, **changes: Any) -> dict[str, Any]:
    return {
        "compound_id": str(compound.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": unit,
        "relation": "tenant",
        **changes,
    }


def residences(app: Flask) -> list[Residence]:
    found: list[Residence] = stored(app, select(Residence).order_by(Residence.id))
    return found


def test_claim_waits_for_verification(cast: Cast, rows: Session):
    unit_id = cast.unit(cast.home, "1502")
    newcomer = cast.visitor(name="李四")
    answer = newcomer.post("/residences", claim(cast.home, "1502"))
    assert answer.status_code == 201, answer.text
    assert answer.json["state"] == "CLAIMED"
    assert (answer.json["building"], answer.json["entrance"], answer.json["unit"]) == (
        "3栋",
        "2单元",
        "1502",
    )

    (residence,) = rows.scalars(select(Residence))
    assert str(residence.id) == answer.json["id"]
    assert (residence.resident_id, residence.compound_id) == (newcomer.id, cast.home.id)
    assert (residence.unit_id, residence.relation) == (unit_id, Relation.TENANT)
    assert residence.state is ResidenceState.CLAIMED
    assert (residence.decided_at, residence.decided_by_id) == (None, None)


def test_claim_alone_gives_no_standing(cast: Cast):
    cast.unit(cast.home, "1502")
    newcomer = cast.visitor()
    newcomer.post("/residences", claim(cast.home, "1502"))
    assert refusal(newcomer.get(f"/compounds/{cast.home.id}/matters")) == (404, "not_found")


@pytest.mark.parametrize(
    "changes", [{"building": "4栋"}, {"entrance": "1单元"}, {"unit": "1503"}], ids=str
)
def test_claim_of_a_unit_that_is_not_in_the_register_is_refused(
    cast: Cast, app: Flask, changes: dict[str, str]
):
    cast.unit(cast.home, "1502")
    answer = cast.visitor().post("/residences", {**claim(cast.home, "1502"), **changes})
    assert refusal(answer) == (422, "unknown_unit")
    assert residences(app) == []


def test_claim_of_a_unit_of_another_compound_is_refused(cast: Cast):
    cast.unit(cast.neighbour, "1502")
    answer = cast.visitor().post("/residences", claim(cast.home, "1502"))
    assert refusal(answer) == (422, "unknown_unit")


def test_claim_of_a_unit_that_has_ended_is_refused(cast: Cast, rows: Session):
    unit_id = cast.unit(cast.home, "1502")
    rows.get_one(Unit, unit_id).until = date(2025, 1, 1)
    rows.commit()
    answer = cast.visitor().post("/residences", claim(cast.home, "1502"))
    assert refusal(answer) == (422, "unknown_unit")


def test_claim_in_an_unknown_compound_is_not_found(cast: Cast):
    nowhere = Place(uuid4(), "无处")
    answer = cast.visitor().post("/residences", claim(nowhere, "1502"))
    assert refusal(answer) == (404, "not_found")


def test_claim_of_the_same_unit_twice_is_refused(cast: Cast, app: Flask):
    cast.unit(cast.home, "1502")
    newcomer = cast.visitor()
    assert newcomer.post("/residences", claim(cast.home, "1502")).status_code == 201
    again = newcomer.post("/residences", claim(cast.home, "1502", relation="owner"))
    assert refusal(again) == (409, "already_claimed")
    assert [residence.relation for residence in residences(app)] == [Relation.TENANT]


def test_claim_of_the_unit_one_lives_in_is_refused(cast: Cast, app: Flask):
    resident = cast.resident()
    (home,) = resident.get("/me").json["residences"]
    answer = resident.post("/residences", claim(cast.home, home["unit"]))
    assert refusal(answer) == (409, "already_claimed")
    assert [residence.state for residence in residences(app)] == [ResidenceState.VERIFIED]


def test_claim_of_two_units_waits_for_both(cast: Cast, app: Flask):
    newcomer = cast.visitor()
    for unit in ("1502", "1601"):
        cast.unit(cast.home, unit)
        assert newcomer.post("/residences", claim(cast.home, unit)).status_code == 201
    assert [residence.state for residence in residences(app)] == [ResidenceState.CLAIMED] * 2


def test_claim_by_two_people_of_one_unit_waits_for_both(cast: Cast, app: Flask):
    cast.unit(cast.home, "1502")
    for person in (cast.visitor(), cast.visitor()):
        assert person.post("/residences", claim(cast.home, "1502")).status_code == 201
    assert len(residences(app)) == 2


def test_claim_again_after_a_refusal(cast: Cast, app: Flask):
    cast.unit(cast.home, "1502")
    newcomer, secretary = cast.visitor(), cast.secretary()
    first = newcomer.post("/residences", claim(cast.home, "1502")).json["id"]
    secretary.post(f"/residences/{first}/refuse", {"reason": "请补充租赁合同"})
    assert newcomer.post("/residences", claim(cast.home, "1502")).status_code == 201
    assert [residence.state for residence in residences(app)] == [
        ResidenceState.REFUSED,
        ResidenceState.CLAIMED,
    ]


def test_claim_is_logged(cast: Cast, app: Flask):
    cast.unit(cast.home, "1502")
    newcomer = cast.visitor()
    made = newcomer.post("/residences", claim(cast.home, "1502")).json
    assert moves_of(app, UUID(made["id"])) == [Move("claim", None, "CLAIMED", newcomer.id, None)]
