"""Refusing a claimed residence, with a reason that the claimant reads."""

from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import Residence, ResidenceState, Role
from tests.cast import Cast, stored
from tests.checks import Move, moves_of, refusal, refused_fields
from tests.people.test_verify_residence import claimed

REASON = "房号与证件不符\n请带租赁合同到社区"


def test_refuse_tells_the_claimant_why(cast: Cast, rows: Session):
    newcomer, worker = cast.visitor(), cast.officer(Role.GRID_WORKER)
    residence_id = claimed(cast, newcomer)
    answer = worker.post(f"/residences/{residence_id}/refuse", {"reason": REASON})
    assert answer.status_code == 200, answer.text
    assert (answer.json["state"], answer.json["reason"]) == ("REFUSED", REASON)
    (mine,) = newcomer.get("/me").json["residences"]
    assert (mine["state"], mine["reason"]) == ("REFUSED", REASON)

    residence = rows.get_one(Residence, UUID(residence_id))
    assert (residence.state, residence.reason) == (ResidenceState.REFUSED, REASON)
    assert residence.decided_by_id == worker.id
    assert residence.decided_at is not None


def test_refused_claimant_has_no_standing(cast: Cast):
    newcomer = cast.visitor()
    residence_id = claimed(cast, newcomer)
    cast.secretary().post(f"/residences/{residence_id}/refuse", {"reason": REASON})
    assert refusal(newcomer.get(f"/compounds/{cast.home.id}/matters")) == (404, "not_found")


def test_refusal_of_a_move_leaves_the_earlier_residence(cast: Cast, app: Flask):
    mover = cast.resident(cast.home)
    residence_id = claimed(cast, mover, cast.neighbour)
    secretary = cast.secretary(cast.neighbour)
    secretary.post(f"/residences/{residence_id}/refuse", {"reason": REASON})
    states = [row.state for row in stored(app, select(Residence).order_by(Residence.id))]
    assert states == [ResidenceState.VERIFIED, ResidenceState.REFUSED]


def test_refuse_without_a_reason_is_refused(cast: Cast, app: Flask):
    residence_id = claimed(cast, cast.visitor())
    answer = cast.secretary().post(f"/residences/{residence_id}/refuse", {})
    assert refused_fields(answer) == ["reason"]
    (residence,) = stored(app, select(Residence))
    assert residence.state is ResidenceState.CLAIMED


def test_refuse_ones_own_claim_is_refused(cast: Cast):
    worker = cast.officer(Role.GRID_WORKER)
    answer = worker.post(f"/residences/{claimed(cast, worker)}/refuse", {"reason": REASON})
    assert refusal(answer) == (403, "own_claim")


def test_refuse_is_logged_with_its_reason(cast: Cast, app: Flask):
    newcomer, secretary = cast.visitor(), cast.secretary()
    residence_id = claimed(cast, newcomer)
    secretary.post(f"/residences/{residence_id}/refuse", {"reason": REASON})
    assert moves_of(app, residence_id)[-1] == Move(
        "refuse", "CLAIMED", "REFUSED", secretary.id, REASON
    )
