"""Ending an office: by who may give it, or by its holder."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.people.models import Appointment, Role
from tests.cast import Cast
from tests.checks import moves_of, refusal


def test_end_takes_the_role_at_once(cast: Cast, rows: Session):
    worker = cast.visitor()
    office = cast.appoint(worker, Role.GRID_WORKER)
    residences = f"/compounds/{cast.home.id}/residences"
    assert worker.get(residences).status_code == 200
    answer = cast.community_secretary().post(f"/appointments/{office}/end")
    assert answer.status_code == 200, answer.text
    assert answer.json["ended_at"] is not None
    assert refusal(worker.get(residences)) == (404, "not_found")  # with the token from before
    assert rows.get_one(Appointment, office).ended_at is not None


def test_end_by_its_holder(cast: Cast):
    worker = cast.visitor()
    office = cast.appoint(worker, Role.GRID_WORKER)
    assert worker.post(f"/appointments/{office}/end").status_code == 200
    assert worker.get("/me").json["appointments"] == []


def test_end_of_an_office_in_the_community(cast: Cast):
    officer, worker = cast.officer(Role.SUBDISTRICT_OFFICER, level="subdistrict"), cast.visitor()
    office = cast.appoint(worker, Role.GRID_WORKER, level="community")
    assert officer.post(f"/appointments/{office}/end").status_code == 200


@pytest.mark.parametrize(
    ("asker", "level", "role", "office_level"),
    [
        (Role.BRANCH_SECRETARY, "compound", Role.GRID_WORKER, "compound"),
        (Role.BRANCH_SECRETARY, "compound", Role.BRANCH_SECRETARY, "compound"),
        (Role.COMMUNITY_SECRETARY, "community", Role.COMMUNITY_SECRETARY, "community"),
        (Role.GRID_WORKER, "compound", Role.BUILDING_HEAD, "compound"),
    ],
)
def test_end_by_who_may_not_give_it_is_refused(
    cast: Cast, rows: Session, asker: Role, level: str, role: Role, office_level: str
):
    by, holder = cast.officer(asker, level=level), cast.visitor()
    office = cast.appoint(holder, role, level=office_level)
    assert refusal(by.post(f"/appointments/{office}/end")) == (403, "forbidden")
    assert rows.get_one(Appointment, office).ended_at is None


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.AUDITOR])
def test_end_of_an_office_of_the_community_from_below_is_refused(
    cast: Cast, rows: Session, role: Role
):
    """A community secretary gives these offices in a compound, not in the whole community."""
    holder = cast.visitor()
    office = cast.appoint(holder, role, level="community")
    answer = cast.community_secretary().post(f"/appointments/{office}/end")
    assert refusal(answer) == (403, "forbidden")
    assert rows.get_one(Appointment, office).ended_at is None


def test_end_twice_is_refused(cast: Cast, rows: Session):
    secretary, holder = cast.secretary(), cast.visitor()
    office = cast.appoint(holder, Role.BUILDING_HEAD)
    first = secretary.post(f"/appointments/{office}/end").json["ended_at"]
    assert refusal(secretary.post(f"/appointments/{office}/end")) == (409, "wrong_state")
    assert secretary.get(f"/compounds/{cast.home.id}/appointments").json[1]["ended_at"] == first


def test_end_of_an_office_of_the_subdistrict_is_not_found(cast: Cast):
    officer = cast.visitor()
    office = cast.appoint(officer, Role.SUBDISTRICT_OFFICER, level="subdistrict")
    assert refusal(officer.post(f"/appointments/{office}/end")) == (404, "not_found")


def test_end_is_logged(cast: Cast, app: Flask):
    secretary, holder = cast.secretary(), cast.visitor()
    office: UUID = cast.appoint(holder, Role.BUILDING_HEAD)
    secretary.post(f"/appointments/{office}/end")
    (move,) = moves_of(app, office)
    assert (move.verb, move.by) == ("end", secretary.id)
    assert move.reason.startswith("BUILDING_HEAD 2020-01-01")
