"""Input of every ugly kind is refused with a code, and leaves nothing behind."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.deliberation.models import Attendance, CardSupport, Invitation, Remark, SolutionCard
from app.kit.web.api import PREFIX
from tests.cast import Cast, stored
from tests.deliberation.steps import RoundTable, made, outcome

NOT_TEXT: list[Any] = [None, "", " \n ", 5, True, [], {}, "a\x00b", "\x1b[31m", "￿"]
NOT_IDS: list[Any] = [None, "", "1", 1, [], {}, "0198c0de", "0198c0de-0000-7000-8000-00000000000g"]
NOT_ITEMS: list[Any] = [0, 10, -1, "8", 8.5, True, [], {}, 10**30, "八"]
NOT_ENUMS: list[Any] = [None, "", "owners", "NOBODY", 1, [], {}]
NOT_BOOLEANS: list[Any] = [None, "maybe", 2, [], {}]

# Where the body goes -> a valid body, and for each field what must be refused.
FIELDS: dict[str, tuple[dict[str, Any], dict[str, list[Any]]]] = {
    "invitations": (
        {"kind": "OWNERS", "name": "又一位"},
        {
            "kind": NOT_ENUMS,
            "name": [*NOT_TEXT[1:], "长" * 81, "两\n行"],
            "resident_id": NOT_IDS[1:],
            "not_needed_why": [*NOT_TEXT[1:], "长" * 501],
        },
    ),
    "remarks": (
        {"speaker": "代表", "text": "同意"},
        {
            "speaker": [*NOT_TEXT, "长" * 81, "两\n行"],
            "text": [*NOT_TEXT, "长" * 2001],
            "matter_id": NOT_IDS[1:],
            "attachment_ids": [None, 7, "照片", {}],
        },
    ),
    "cards": (
        {"matter_id": "the first", "text": "划线"},
        {
            "matter_id": NOT_IDS,
            "text": [*NOT_TEXT, "长" * 1001],
            "is_anonymous": NOT_BOOLEANS,
            "owner_vote_item": NOT_ITEMS,
            "attachment_ids": [None, 7, "照片", {}],
        },
    ),
    "attendance": (
        {"code": "the code"},
        {"code": [*NOT_TEXT, "长" * 201], "resident_id": NOT_IDS},
    ),
    "merge": ({"into": "the first"}, {"into": NOT_IDS}),
    "drop": ({}, {"reason": [*NOT_TEXT[1:], "长" * 501]}),
    "tag": ({"item": 8}, {"item": NOT_ITEMS}),
}
OPTIONAL = {"name", "resident_id", "not_needed_why", "is_anonymous", "owner_vote_item", "reason"}


def furnished(cast: Cast, where: str) -> tuple[RoundTable, str, dict[str, Any]]:
    """A meeting with a card, the address of the write, and a valid body for it."""
    table = RoundTable(cast, ["停车"]).start()
    card = table.card()["id"]
    body = dict(FIELDS[where][0])
    if "matter_id" in body:
        body["matter_id"] = table.matters[0]
    if "code" in body:
        body["code"] = made(table.secretary.get(f"{table.path}/attendance-code"))["code"]
    if "into" in body:
        body["into"] = table.card()["id"]
    is_of_card = where in ("merge", "drop", "tag")
    return table, f"/cards/{card}/{where}" if is_of_card else f"{table.path}/{where}", body


def rows_of(cast: Cast) -> list[int]:
    return [
        stored(cast.app, select(func.count()).select_from(table))[0]
        for table in (Attendance, CardSupport, Invitation, Remark, SolutionCard)
    ]


@pytest.mark.parametrize("where", FIELDS)
def test_ugly_fields_are_refused(cast: Cast, where: str):
    table, path, body = furnished(cast, where)
    before, cards = rows_of(cast), table.cards()
    for field, values in FIELDS[where][1].items():
        for value in values:
            answer = table.secretary.post(path, {**body, field: value})
            assert outcome(answer) == "422 invalid_input", (field, value)
            assert [error["where"] for error in answer.json["errors"]] == [field]
        if field in body and field not in OPTIONAL and where != "attendance":
            missing = {name: value for name, value in body.items() if name != field}
            assert outcome(table.secretary.post(path, missing)) == "422 invalid_input", field
    for extra in ("number", "state", "author_id", "session_id", "is_on_roll", "position"):
        answer = table.secretary.post(path, {**body, extra: 1})
        assert outcome(answer) == "422 invalid_input", extra
    assert (rows_of(cast), table.cards()) == (before, cards)

    assert table.secretary.post(path, body).status_code in (200, 201)  # it was the field


@pytest.mark.parametrize("where", FIELDS)
def test_bodies_that_are_no_objects_are_refused(cast: Cast, where: str):
    table, path, _ = furnished(cast, where)
    before = rows_of(cast)
    token = {"Authorization": f"Bearer {table.secretary.token}"}
    json = {**token, "Content-Type": "application/json"}
    for data, headers, expected in (
        (b"[]", json, "422 invalid_input"),
        (b'"text"', json, "422 invalid_input"),
        (b"{", json, "400 bad_request"),
        (b"\xff\xfe", json, "400 bad_request"),
        (b'{"text":1e309}', json, "422 invalid_input"),
        (b'{"text":"\\ud800"}', json, "422 invalid_input"),
        (b"[" * 100_000, json, "400 bad_request"),
        (b"a=b", {**token, "Content-Type": "application/x-www-form-urlencoded"}, "415 not_json"),
        (b" " * 300_000, json, "413 too_large"),
    ):
        answer = table.secretary.client.post(PREFIX + path, data=data, headers=headers)
        assert outcome(answer) == expected, data[:20]
    assert rows_of(cast) == before


def test_ugly_queries_of_cards_are_refused(cast: Cast):
    table = RoundTable(cast, ["停车"])
    for query in (
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"state": "open"},
        {"matter_id": "1"},
        {"cursor": "x" * 501},
    ):
        answer = table.secretary.get(f"{table.path}/cards", query_string=query)
        assert outcome(answer) == "422 invalid_input", query


def test_text_is_kept_as_it_was_typed(cast: Cast):
    table = RoundTable(cast, ["停车"]).start()
    text = "<script>alert(1)</script>\n'; DROP TABLE solution_cards; -- 🅿️ {{7*7}} %s"
    assert table.card(text=f"  {text}  ")["text"] == text
    assert table.cards()[0]["text"] == text
    board = table.secretary.client.get(f"/board/compounds/{cast.home.id}")
    assert "<script>alert" not in board.text
