"""Giving offices: who may give which."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import Appointment, Role
from tests.cast import Cast, stored
from tests.checks import Move, moves_of, refusal

# Domain notes, section 2; nobody gives their own rank, only the level above does.
BY_BRANCH = {
    Role.RESIDENT_REP,
    Role.BUILDING_HEAD,
    Role.OC_DIRECTOR,
    Role.PROPERTY_MANAGER,
    Role.SEATED_MEMBER,
}
BY_COMMUNITY = BY_BRANCH | {Role.GRID_WORKER, Role.BRANCH_SECRETARY, Role.AUDITOR}
IN_COMMUNITY = {Role.COMMUNITY_SECRETARY, Role.GRID_WORKER, Role.AUDITOR}
TERM = {"from": "2026-01-01", "until": "2028-01-01"}


@pytest.mark.parametrize(
    ("giver", "giver_level", "place_level", "expected"),
    [
        (Role.BRANCH_SECRETARY, "compound", "compound", BY_BRANCH),
        (Role.COMMUNITY_SECRETARY, "community", "compound", BY_COMMUNITY),
        (Role.SUBDISTRICT_OFFICER, "subdistrict", "compound", BY_COMMUNITY),
        (Role.SUBDISTRICT_OFFICER, "subdistrict", "community", IN_COMMUNITY),
    ],
)
def test_appoint_gives_only_the_offices_of_the_giver(
    cast: Cast,
    app: Flask,
    giver: Role,
    giver_level: str,
    place_level: str,
    expected: set[Role],
):
    by, person = cast.officer(giver, level=giver_level), cast.visitor()
    path = {
        "compound": f"/compounds/{cast.home.id}/appointments",
        "community": f"/communities/{cast.community.id}/appointments",
    }[place_level]
    answers = {
        role: by.post(path, {"resident_id": str(person.id), "role": role.value, **TERM})
        for role in Role
    }
    given = {role for role, answer in answers.items() if answer.status_code == 201}
    assert given == expected
    assert {refusal(answers[role]) for role in set(Role) - given} == {(403, "forbidden")}
    refused = answers[Role.DEPARTMENT].json
    assert refused["detail"] == "您不能在这里任命部门人员"
    rows = stored(app, select(Appointment).where(Appointment.resident_id == person.id))
    assert {row.role for row in rows} == expected


def test_appoint_stores_place_term_and_giver(cast: Cast, rows: Session):
    secretary, person = cast.secretary(), cast.visitor()
    body = {"resident_id": str(person.id), "role": "BUILDING_HEAD", **TERM}
    answer = secretary.post(f"/compounds/{cast.home.id}/appointments", body)
    assert answer.status_code == 201, answer.text
    assert {key: answer.json[key] for key in body} == body
    row = rows.get_one(Appointment, UUID(answer.json["id"]))
    assert (row.compound_id, row.community_id, row.subdistrict_id) == (cast.home.id, None, None)
    assert (row.since, row.until, row.ended_at) == (date(2026, 1, 1), date(2028, 1, 1), None)
    assert row.appointed_by_id == secretary.id


def test_appoint_without_end_lasts(cast: Cast):
    body = {"resident_id": str(cast.visitor().id), "role": "BUILDING_HEAD", "from": "2026-01-01"}
    answer = cast.secretary().post(f"/compounds/{cast.home.id}/appointments", body)
    assert (answer.status_code, answer.json["until"]) == (201, None)


@pytest.mark.parametrize("until", ["2026-01-01", "2025-12-31"])
def test_appoint_until_before_it_begins_is_refused(cast: Cast, app: Flask, until: str):
    person = cast.visitor()
    body = {
        "resident_id": str(person.id),
        "role": "BUILDING_HEAD",
        "from": "2026-01-01",
        "until": until,
    }
    answer = cast.secretary().post(f"/compounds/{cast.home.id}/appointments", body)
    assert refusal(answer) == (422, "invalid_term")
    assert stored(app, select(Appointment).where(Appointment.resident_id == person.id)) == []


def test_appoint_somebody_unknown_is_refused(cast: Cast):
    body = {"resident_id": str(uuid4()), "role": "BUILDING_HEAD", **TERM}
    answer = cast.secretary().post(f"/compounds/{cast.home.id}/appointments", body)
    assert refusal(answer) == (422, "unknown_resident")


def test_list_shows_past_offices_too(cast: Cast):
    secretary, person = cast.secretary(), cast.visitor()
    past = cast.appoint(person, Role.AUDITOR, until=date(2021, 1, 1))
    cast.appoint(person, Role.AUDITOR, cast.neighbour)
    listed = secretary.get(f"/compounds/{cast.home.id}/appointments").json
    assert [office["role"] for office in listed] == ["BRANCH_SECRETARY", "AUDITOR"]
    assert listed[1]["id"] == str(past)
    assert person.get("/me").json["appointments"][0]["compound_id"] == str(cast.neighbour.id)


def test_appoint_is_logged(cast: Cast, app: Flask):
    secretary, person = cast.secretary(), cast.visitor()
    body = {"resident_id": str(person.id), "role": "BUILDING_HEAD", **TERM}
    made = secretary.post(f"/compounds/{cast.home.id}/appointments", body).json
    (move,) = moves_of(app, made["id"])
    assert move == Move("appoint", None, None, secretary.id, move.reason)
    assert move.reason == "BUILDING_HEAD 2026-01-01 - 2028-01-01"
