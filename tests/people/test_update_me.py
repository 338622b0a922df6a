"""One's own profile: name and birth date."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.kit.clock import local_date, now
from app.people.models import Resident
from tests.cast import BORN, Cast, Person
from tests.checks import refusal


def update(person: Person, **fields: Any) -> TestResponse:
    return person.call("PATCH", "/me", fields)


def test_update_sets_name_and_birth_date(cast: Cast, rows: Session):
    newcomer = cast.visitor(born=None)
    answer = update(newcomer, name=" 欧阳 小红 ", birth_date="2008-02-29")
    assert answer.status_code == 200, answer.text
    assert (answer.json["name"], answer.json["birth_date"]) == ("欧阳 小红", "2008-02-29")
    resident = rows.get_one(Resident, newcomer.id)
    assert (resident.name, resident.birth_date) == ("欧阳 小红", date(2008, 2, 29))


@pytest.mark.parametrize(
    ("fields", "stored_name", "stored_date"),
    [
        ({}, "过客", BORN),
        ({"name": "李四"}, "李四", BORN),
        ({"birth_date": "1990-01-02"}, "过客", date(1990, 1, 2)),
    ],
)
def test_update_leaves_what_is_not_named(
    cast: Cast, rows: Session, fields: dict[str, str], stored_name: str, stored_date: date
):
    newcomer = cast.visitor()
    assert update(newcomer, **fields).status_code == 200
    resident = rows.get_one(Resident, newcomer.id)
    assert (resident.name, resident.birth_date) == (stored_name, stored_date)


@pytest.mark.parametrize(
    "days_from_now", [1, -(365 * 200)], ids=["to come", "before anybody living"]
)
def test_update_to_an_impossible_birth_date_is_refused(
    cast: Cast, rows: Session, days_from_now: int
):
    newcomer = cast.visitor()
    day = local_date(now()) + timedelta(days=days_from_now)
    answer = update(newcomer, name="李四", birth_date=day.isoformat())
    assert refusal(answer) == (422, "invalid_birth_date")
    resident = rows.get_one(Resident, newcomer.id)
    assert (resident.name, resident.birth_date) == ("过客", BORN)  # nothing half-saved


def test_update_of_a_verified_birth_date_is_refused(cast: Cast, rows: Session):
    resident = cast.resident()
    assert refusal(update(resident, name="李四", birth_date="1990-01-02")) == (
        409,
        "birth_date_confirmed",
    )
    stored = rows.get_one(Resident, resident.id)
    assert (stored.name, stored.birth_date) == ("王小明", BORN)


def test_update_of_a_verified_resident_may_repeat_the_birth_date(cast: Cast):
    answer = update(cast.resident(), name="李四", birth_date=BORN.isoformat())
    assert (answer.status_code, answer.json["name"]) == (200, "李四")


def test_me_shows_residences_and_offices(cast: Cast):
    secretary = cast.secretary()
    cast.settle(secretary, cast.home)
    me = secretary.get("/me").json
    assert [residence["state"] for residence in me["residences"]] == ["VERIFIED"]
    assert [office["role"] for office in me["appointments"]] == ["BRANCH_SECRETARY"]
    assert me["appointments"][0]["compound_id"] == str(cast.home.id)
