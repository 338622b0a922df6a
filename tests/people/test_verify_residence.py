"""Verifying a claimed residence."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.clock import local_date, now
from app.people.models import Residence, ResidenceState, Resident, Role
from tests.cast import Cast, Person, Place, stored
from tests.checks import Move, moves_of, refusal


def claimed(cast: Cast, person: Person, compound: Place | None = None, unit: str = "1502") -> str:
    """The id of a residence that the person has just claimed."""
    compound = compound or cast.home
    cast.unit(compound, unit)
    body = {
        "compound_id": str(compound.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": unit,
        "relation": "family",
    }
    answer = person.post("/residences", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json["id"]
    return made


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.BRANCH_SECRETARY])
def test_verify_makes_a_resident(cast: Cast, rows: Session, role: Role):
    newcomer, verifier = cast.visitor(), cast.officer(role)
    residence_id = claimed(cast, newcomer)
    answer = verifier.post(f"/residences/{residence_id}/verify")
    assert answer.status_code == 200, answer.text
    assert answer.json["state"] == "VERIFIED"

    residence = rows.get_one(Residence, UUID(residence_id))
    assert residence.state is ResidenceState.VERIFIED
    assert residence.decided_by_id == verifier.id
    assert residence.decided_at is not None
    assert residence.claimed_at <= residence.decided_at <= now()
    rows.rollback()
    assert newcomer.get(f"/compounds/{cast.home.id}/matters").status_code == 200


def test_verify_by_the_grid_worker_of_the_community(cast: Cast):
    verifier = cast.officer(Role.GRID_WORKER, level="community")
    answer = verifier.post(f"/residences/{claimed(cast, cast.visitor())}/verify")
    assert answer.json["state"] == "VERIFIED", answer.text


def test_verify_confirms_the_birth_date_of_the_papers(cast: Cast, rows: Session):
    newcomer = cast.visitor(born=date(2000, 1, 1))
    residence_id = claimed(cast, newcomer)
    body = {"birth_date": "2008-02-29"}
    answer = cast.secretary().post(f"/residences/{residence_id}/verify", body)
    assert answer.json["birth_date"] == "2008-02-29", answer.text
    assert rows.get_one(Resident, newcomer.id).birth_date == date(2008, 2, 29)


def test_verify_without_birth_date_leaves_what_was_written(cast: Cast, rows: Session):
    newcomer = cast.visitor(born=date(2000, 1, 1))
    cast.secretary().post(f"/residences/{claimed(cast, newcomer)}/verify", {})
    assert rows.get_one(Resident, newcomer.id).birth_date == date(2000, 1, 1)


def test_verify_with_a_birth_date_to_come_is_refused(cast: Cast, rows: Session):
    newcomer = cast.visitor(born=None)
    residence_id = claimed(cast, newcomer)
    tomorrow = (local_date(now()) + timedelta(days=1)).isoformat()
    answer = cast.secretary().post(f"/residences/{residence_id}/verify", {"birth_date": tomorrow})
    assert refusal(answer) == (422, "invalid_birth_date")
    assert rows.get_one(Residence, UUID(residence_id)).state is ResidenceState.CLAIMED
    assert rows.get_one(Resident, newcomer.id).birth_date is None


def test_verify_after_moving_house_ends_the_earlier_residence(cast: Cast, app: Flask):
    mover = cast.resident(cast.home)
    matters = f"/compounds/{cast.home.id}/matters"
    (old,) = mover.get("/me").json["residences"]
    new = claimed(cast, mover, cast.neighbour)
    assert mover.get(matters).status_code == 200  # a claim alone changes nothing

    secretary = cast.secretary(cast.neighbour)
    assert secretary.post(f"/residences/{new}/verify").status_code == 200
    states = {str(residence.id): residence.state for residence in stored(app, select(Residence))}
    assert states == {old["id"]: ResidenceState.ENDED, new: ResidenceState.VERIFIED}
    assert moves_of(app, old["id"]) == [Move("end", "VERIFIED", "ENDED", secretary.id, "moved")]
    assert refusal(mover.get(matters)) == (404, "not_found")
    assert mover.get(f"/compounds/{cast.neighbour.id}/matters").status_code == 200


def test_verify_ones_own_claim_is_refused(cast: Cast, app: Flask):
    worker = cast.officer(Role.GRID_WORKER)
    residence_id = claimed(cast, worker)
    assert refusal(worker.post(f"/residences/{residence_id}/verify")) == (403, "own_claim")
    (residence,) = stored(app, select(Residence))
    assert residence.state is ResidenceState.CLAIMED


def test_verify_is_logged(cast: Cast, app: Flask):
    newcomer, secretary = cast.visitor(), cast.secretary()
    residence_id = claimed(cast, newcomer)
    secretary.post(f"/residences/{residence_id}/verify")
    assert moves_of(app, residence_id) == [
        Move("claim", None, "CLAIMED", newcomer.id, None),
        Move("verify", "CLAIMED", "VERIFIED", secretary.id, None),
    ]
