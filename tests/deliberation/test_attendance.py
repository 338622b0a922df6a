"""Arriving at a round table."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from app.deliberation.models import ArrivalMode, Attendance
from app.people.models import Role
from app.signing import Purpose, SigningKeys
from tests.cast import Cast, Person, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome


def code_of(table: RoundTable) -> str:
    code: str = made(table.secretary.get(f"{table.path}/attendance-code"))["code"]
    return code


def scan(table: RoundTable, person: Person, code: str) -> str:
    return outcome(person.post(f"{table.path}/attendance", {"code": code}))


def test_scan_notes_ones_own_arrival(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    voter = table.voters[0]
    answer = voter.post(f"{table.path}/attendance", {"code": code_of(table)})
    assert answer.status_code == 200
    assert answer.json["resident_id"] == str(voter.id)
    assert (answer.json["masked_name"], answer.json["mode"]) == ("王○○", "SCAN")
    assert answer.json["is_on_roll"] is True

    [row] = stored(cast.app, select(Attendance))
    assert (row.resident_id, row.noted_by_id, row.compound_id) == (voter.id, voter.id, cast.home.id)
    assert moves_of(cast.app, row.id) == [Move("arrive", None, None, voter.id, None)]


def test_arriving_twice_changes_nothing(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    voter, path = table.voters[0], f"{table.path}/attendance"
    by_clerk = made(table.secretary.post(path, {"resident_id": str(voter.id)}))
    assert by_clerk["mode"] == "CLERK"
    assert made(voter.post(path, {"code": code_of(table)})) == by_clerk
    assert made(table.secretary.post(path, {"resident_id": str(voter.id)})) == by_clerk
    [row] = stored(cast.app, select(Attendance))
    assert moves_of(cast.app, row.id) == [Move("arrive", None, None, table.secretary.id, None)]


def test_only_the_roll_counts_for_the_quorum(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    young = cast.resident(name="小孩", born=datetime(2015, 1, 1).date())
    manager = cast.officer(Role.PROPERTY_MANAGER)
    department = cast.visitor(name="水务")  # no office in the compound, noted by the clerk
    for person in (young, manager):
        assert scan(table, person, code_of(table)) == "200"
    for person in (department, table.voters[0]):
        body = {"resident_id": str(person.id)}
        assert outcome(table.secretary.post(f"{table.path}/attendance", body)) == "200"

    rows = {row.resident_id: row for row in stored(cast.app, select(Attendance))}
    assert {person: row.is_on_roll for person, row in rows.items()} == {
        young.id: False,
        manager.id: False,
        department.id: False,
        table.voters[0].id: True,
    }
    assert rows[department.id].mode is ArrivalMode.CLERK
    assert table.read()["attendance"] == {"roll": 3, "on_roll": 1, "others": 3}


@pytest.mark.parametrize("role", [Role.BRANCH_SECRETARY, Role.GRID_WORKER, Role.BUILDING_HEAD])
def test_clerks_note_others(cast: Cast, role: Role):
    table = RoundTable(cast, ["停车"]).start()
    clerk = cast.officer(role)
    body = {"resident_id": str(table.voters[1].id)}
    answer = made(clerk.post(f"{table.path}/attendance", body))
    assert (answer["masked_name"], answer["mode"]) == ("李○", "CLERK")
    [row] = stored(cast.app, select(Attendance))
    assert row.noted_by_id == clerk.id


def test_who_is_no_clerk_notes_nobody_else(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    clerks = {Role.BRANCH_SECRETARY, Role.GRID_WORKER, Role.BUILDING_HEAD}
    others = [cast.officer(role) for role in Role if role not in clerks | {"RESIDENT", "OWNER"}]
    for person in (*others, table.voters[0]):
        for noted in (table.voters[1], person):
            answer = person.post(f"{table.path}/attendance", {"resident_id": str(noted.id)})
            assert outcome(answer) == "403 forbidden"
    assert stored(cast.app, select(Attendance)) == []


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (timedelta(), "200"),
        (timedelta(minutes=9, seconds=58), "200"),
        (timedelta(minutes=10), "422 attendance_code_expired"),
        (timedelta(minutes=13), "422 attendance_code_expired"),
    ],
)
def test_code_lives_ten_minutes(
    cast: Cast, travel: Callable[[str | datetime], None], later: timedelta, expected: str
):
    evening = datetime.fromisoformat("2026-03-27T19:00:00+08:00")
    travel(evening - timedelta(minutes=1))
    table = RoundTable(cast, ["停车"]).start()
    travel(evening)
    code = made(table.secretary.get(f"{table.path}/attendance-code"))
    assert code["expires_at"] == "2026-03-27T19:10:00+08:00"

    travel(evening + later)
    assert scan(table, table.voters[0], code["code"]) == expected
    assert len(stored(cast.app, select(Attendance))) == (expected == "200")


def test_codes_that_are_not_of_this_round_table(cast: Cast, app: Flask):
    table = RoundTable(cast, ["停车"]).start()
    code = code_of(table)
    payload, stamp, signature = code.split(".")
    keys: SigningKeys = app.extensions["signing"]
    codes, own = keys.timed_serializer(Purpose.ATTENDANCE_CODE), table.id.replace("-", "")
    table.card()
    table.card()
    cursor = made(table.secretary.get(f"{table.path}/cards", query_string={"limit": 1}))
    other = "0198c0de-0000-7000-8000-000000000001"
    forged = [
        "1",
        ".",
        "..",
        code[:-1],
        code + "x",
        f"{payload}.{signature}",
        f"{payload}.{stamp}.{'A' * len(signature)}",
        cursor["next_cursor"],
        codes.dumps(other.replace("-", "")),
        codes.dumps({"session": table.id}),
        keys.timed_serializer(Purpose.ATTACHMENT_LINK).dumps(own),
        URLSafeTimedSerializer("guess", salt="").dumps(own),
        "签到",
    ]
    for each in forged:
        assert scan(table, table.voters[0], each) == "422 invalid_attendance_code", each
    assert stored(cast.app, select(Attendance)) == []


@pytest.mark.parametrize("body", [{}, {"code": "x", "resident_id": None}])
def test_arrive_needs_code_or_resident(cast: Cast, body: dict[str, str | None]):
    table = RoundTable(cast, ["停车"]).start()
    if "resident_id" in body:
        body = {**body, "resident_id": str(table.voters[0].id)}
    answer = table.secretary.post(f"{table.path}/attendance", body)
    assert outcome(answer) == "422 invalid_input"
    assert answer.json["errors"][0]["code"] == "one_of_both"


def test_note_arrival_of_nobody(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    body = {"resident_id": "0198c0de-0000-7000-8000-00000000dead"}
    answer = table.secretary.post(f"{table.path}/attendance", body)
    assert outcome(answer) == "422 unknown_resident"


def test_list_attendance_shows_masked_names_last_arrival_first(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    path = f"{table.path}/attendance"
    for voter in table.voters:
        made(table.secretary.post(path, {"resident_id": str(voter.id)}))
    first = made(table.secretary.get(path, query_string={"limit": 2}))
    rest = made(cast.officer(Role.AUDITOR).get(path, query_string={"cursor": first["next_cursor"]}))
    names = [item["masked_name"] for item in first["items"] + rest["items"]]
    assert names == ["赵○○", "李○", "王○○"]


def test_residents_read_who_came_by_masked_names_alone(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    path = f"{table.path}/attendance"
    made(table.secretary.post(path, {"resident_id": str(table.voters[0].id)}))
    (seen,) = made(cast.resident().get(path))["items"]
    (kept,) = made(table.secretary.get(path))["items"]
    assert (seen["masked_name"], seen["mode"]) == ("王○○", "CLERK")
    assert seen == {**kept, "resident_id": None}
    assert kept["resident_id"] == str(table.voters[0].id)
