"""Input of every ugly kind is refused with a code, and leaves nothing behind."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.kit.extensions import db
from app.works.orders.models import OrderState
from app.works.whistles.models import WhistleState
from tests.cast import Cast, stored
from tests.checks import refusal, refused_fields
from tests.works.site import ORDER_WRITES, WHISTLE_WRITES, WORDS, Site, Travel, body_of

NOT_TEXT: list[Any] = [None, "", " \n ", 5, True, [], {}, "a\x00b", "\x1b[31m", "￿"]
NOT_IDS: list[Any] = ["", "1", 1, [], {}, "0198c0de-0000-7000-8000-00000000000g"]
NOT_ENUMS: list[Any] = ["", "normal", "NOBODY", 1, [], {}]
NOT_DAYS: list[Any] = ["", "2026-02-30", "9999-12-31", "1999-12-31", "2026-03-12T00:00", 1, [], {}]
NOT_LISTS_OF_IDS: list[Any] = [None, 7, "照片", {}, ["x"], [None], [[]]]
NOT_BOOLEANS: list[Any] = [None, "maybe", 2, [], {}]
LONG = "长" * 2001

ORDER_FIELDS: dict[str, list[Any]] = {
    "title": [*NOT_TEXT, "长" * 81, "两\n行"],
    "text": [*NOT_TEXT, LONG],
    "urgency": [None, *NOT_ENUMS],
    "doer_kind": [None, *NOT_ENUMS],
    "doer_name": [*NOT_TEXT, "长" * 81, "两\n行"],
    "due_on": NOT_DAYS,
    "is_open": NOT_BOOLEANS,
}
FIELDS: dict[str, dict[str, list[Any]]] = {
    "assign": {
        "doer_kind": NOT_ENUMS,
        "doer_name": [*NOT_TEXT[1:], "长" * 81],
        "doer_ids": [None, "x", {}, ["x"], [None], ["0198c0de-0000-7000-8000-000000000001"] * 21],
        "due_on": NOT_DAYS,
    },
    "decline": {"reason": [*NOT_TEXT, LONG]},
    "withdraw": {"reason": [*NOT_TEXT, LONG]},
    "contact": {"note": [*NOT_TEXT, LONG]},
    "progress": {
        "text": [*NOT_TEXT, LONG],
        "kind": NOT_ENUMS,
        "attachment_ids": NOT_LISTS_OF_IDS,
    },
    "submit": {"text": [*NOT_TEXT, LONG], "attachment_ids": NOT_LISTS_OF_IDS},
    "verify": {"note": [*NOT_TEXT[1:], LONG]},
    "return": {"reason": [*NOT_TEXT, LONG], "due_on": NOT_DAYS},
    "hours": {
        "worked_on": [None, *NOT_DAYS],
        "minutes": [None, 14, 721, -90, 90.5, "90", True, 10**30, [], {}],
    },
}
WHISTLE_FIELDS: dict[str, dict[str, list[Any]]] = {
    "withdraw": {"reason": [*NOT_TEXT, LONG]},
    "blow": {
        "kind": [None, *NOT_ENUMS],
        "department": [*NOT_TEXT, "长" * 81],
        "receiver_id": NOT_IDS,
        "due_on": NOT_DAYS,
    },
    "object": {"reason": [*NOT_TEXT, LONG]},
    "contact": {"note": [*NOT_TEXT, LONG]},
    "report": {"text": [*NOT_TEXT, LONG], "attachment_ids": NOT_LISTS_OF_IDS},
    "feed-back": {"text": [*NOT_TEXT, LONG], "attachment_ids": NOT_LISTS_OF_IDS},
    "verify-close": {"note": [*NOT_TEXT[1:], LONG]},
    "rework": {"reason": [*NOT_TEXT, LONG], "due_on": [None, *NOT_DAYS]},
}


@pytest.fixture
def site(cast: Cast, travel: Travel) -> Site:
    return Site(cast, travel)


def rows(cast: Cast) -> dict[str, int]:
    tables = [table for table in db.metadata.sorted_tables if table.name != "refresh_tokens"]
    return {
        table.name: stored(cast.app, select(func.count()).select_from(table))[0] for table in tables
    }


def test_ugly_orders_and_whistles_are_refused(cast: Cast, site: Site):
    lamps, water = site.matter(), site.matter("WHISTLED")
    whistle = {"ground": "EMERGENCY", "text": "塌陷"}
    before = rows(cast)
    for by, path, good, fields in (
        (site.secretary, f"/matters/{lamps}/orders", WORDS, ORDER_FIELDS),
        (
            site.leader,
            f"/matters/{water}/whistles",
            whistle,
            {"ground": [None, *NOT_ENUMS], "text": [*NOT_TEXT, LONG]},
        ),
    ):
        for field, values in fields.items():
            for value in values:
                answer = by.post(path, {**good, field: value})
                assert refused_fields(answer) == [field], (field, value)
        for field in good:
            missing = {name: value for name, value in good.items() if name != field}
            assert refused_fields(by.post(path, missing)) == [field]
        for extra in ("number", "state", "way", "verified_by_id", "escalation_level"):
            assert refused_fields(by.post(path, {**good, extra: 1})) == [extra]
    assert rows(cast) == before


def test_ugly_fields_of_writes_are_refused(cast: Cast, site: Site):
    order, whistle = site.order(OrderState.ASSIGNED), site.whistle(WhistleState.BLOWN)
    before = rows(cast), site.read(order), site.read(whistle)
    for thing, kind, writes, fields in (
        (order, "orders", ORDER_WRITES, FIELDS),
        (whistle, "whistles", WHISTLE_WRITES, WHISTLE_FIELDS),
    ):
        for verb, of_verb in fields.items():
            who, good = writes.get(verb, ("member", {"worked_on": "2026-03-04", "minutes": 90}))
            path = f"/{kind}/{thing['id']}/{verb}"
            for field, values in of_verb.items():
                for value in values:
                    body = {**(good or {}), field: value}
                    found = refused_fields(site.people[who].post(path, body))
                    assert {where.split(".")[0] for where in found} == {field}, (verb, value)
            extra = site.people[who].post(path, {**(good or {}), "state": "VERIFIED"})
            assert refused_fields(extra) == ["state"]
    assert (rows(cast), site.read(order), site.read(whistle)) == before


def test_ugly_queries_are_refused(site: Site):
    for kind, queries in {
        "orders": [{"state": "requested"}, {"doer_kind": "x"}, {"overdue": "maybe"}],
        "whistles": [{"state": "x"}, {"overdue": "2"}],
        "hours": [{"limit": "0"}, {"limit": "101"}, {"cursor": "x" * 501}],
    }.items():
        for query in queries:
            answer = site.secretary.get(f"{site.home}/{kind}", query_string=query)
            assert refusal(answer) == (422, "invalid_input"), query
        answer = site.secretary.get(f"{site.home}/{kind}", query_string={"cursor": "x"})
        assert refusal(answer) == (422, "invalid_cursor")


def test_text_is_kept_as_it_was_typed(site: Site):
    text = "<script>alert(1)</script>\n'; DROP TABLE work_orders; -- 🅿️ {{7*7}} %s"
    order = site.order(text=f"  {text}  ", title="<b>灯</b>")
    assert order["text"] == text
    body_of(site.do(order, "assign"))
    board = site.resident.client.get(f"/board/compounds/{site.cast.home.id}")
    assert "&lt;b&gt;灯" in board.text
    assert "<b>灯" not in board.text
