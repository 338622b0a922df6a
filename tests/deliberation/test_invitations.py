"""Whom a round table invites."""

import pytest
from sqlalchemy import select

from app.deliberation.models import Invitation
from tests.cast import Cast, stored
from tests.checks import Move, moves_of
from tests.deliberation.steps import RoundTable, made, outcome


def test_invite_puts_a_name_on_the_list(cast: Cast):
    table = RoundTable(cast)
    guest = cast.visitor()
    body = {"kind": "AFFECTED", "name": "3栋101住户", "resident_id": str(guest.id)}
    answer = table.secretary.post(f"{table.path}/invitations", body)
    assert answer.status_code == 201
    assert {name: answer.json[name] for name in body} == body
    assert (answer.json["session_id"], answer.json["not_needed_why"]) == (table.id, None)

    [row] = stored(cast.app, select(Invitation))
    assert (row.kind, row.name, row.resident_id) == ("AFFECTED", "3栋101住户", guest.id)
    assert moves_of(cast.app, row.id) == [Move("invite", None, None, table.secretary.id, None)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "422 name_or_reason"),
        ({"name": "甲", "not_needed_why": "不涉及"}, "422 name_or_reason"),
        ({"resident_id": "a voter"}, "422 name_or_reason"),
        ({"resident_id": "a voter", "not_needed_why": "不涉及"}, "422 name_or_reason"),
        (
            {"name": "甲", "resident_id": "0198c0de-0000-7000-8000-00000000dead"},
            "422 unknown_resident",
        ),
        ({"name": "业主代表"}, "409 already_invited"),
        ({"kind": "TENANTS", "not_needed_why": "另一个理由"}, "409 already_invited"),
    ],
)
def test_invite_refuses_and_adds_nothing(cast: Cast, body: dict[str, str], expected: str):
    table = RoundTable(cast, ["停车"])
    path = f"{table.path}/invitations"
    made(table.secretary.post(path, {"kind": "OWNERS", "name": "业主代表"}))
    made(table.secretary.post(path, {"kind": "TENANTS", "not_needed_why": "没有租户"}))
    if body.get("resident_id") == "a voter":
        body = {**body, "resident_id": str(table.voters[0].id)}
    assert outcome(table.secretary.post(path, {"kind": "OWNERS", **body})) == expected
    assert len(stored(cast.app, select(Invitation))) == 2


def test_same_name_of_another_kind_or_session_is_another_invitation(cast: Cast):
    table = RoundTable(cast, ["停车"])
    for kind in ("OWNERS", "AFFECTED"):
        made(table.secretary.post(f"{table.path}/invitations", {"kind": kind, "name": "张三户"}))
    assert len(stored(cast.app, select(Invitation))) == 2


def test_invite_again_with_the_same_key_is_the_same_invitation(cast: Cast):
    table = RoundTable(cast, ["停车"])
    first, again = (
        made(
            table.secretary.post(
                f"{table.path}/invitations",
                {"kind": "OWNERS", "name": "业主代表"},
                headers={"Idempotency-Key": "invite-1"},
            )
        )
        for _ in range(2)
    )
    assert again == first


def test_invitations_are_listed_newest_first(cast: Cast):
    table = RoundTable(cast, ["停车"]).invite_all()
    path = f"{table.path}/invitations"
    first = made(table.secretary.get(path, query_string={"limit": 3}))
    rest = made(table.secretary.get(path, query_string={"cursor": first["next_cursor"]}))
    kinds = [item["kind"] for item in first["items"] + rest["items"]]
    assert kinds == ["DEPARTMENT", "AFFECTED", "TENANTS", "OWNERS"]
    assert rest["next_cursor"] is None


def test_nothing_deletes_an_invitation(cast: Cast):
    table = RoundTable(cast, ["停车"]).invite_all()
    answer = table.secretary.delete(f"{table.path}/invitations")
    assert outcome(answer) == "405 method_not_allowed"


def test_a_kind_not_needed_may_still_be_invited(cast: Cast):
    table = RoundTable(cast, ["停车"])
    path = f"{table.path}/invitations"
    made(table.secretary.post(path, {"kind": "TENANTS", "not_needed_why": "没有租户"}))
    made(table.secretary.post(path, {"kind": "TENANTS", "name": "新来的租户"}))
    [tenants] = [line for line in table.read()["checklist"] if line["kind"] == "TENANTS"]
    assert tenants == {
        "kind": "TENANTS",
        "invited": 1,
        "not_needed_why": "没有租户",
        "is_missing": False,
    }
