"""Raising a matter, and who may learn that it was you."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.kit.clock import now
from app.matters.models import Category, Matter, MatterState
from app.people.models import Role
from tests.cast import Cast
from tests.checks import Move, moves_of, refused_fields
from tests.matters.steps import TITLE, raise_matter


def test_raise_puts_the_matter_before_the_compound(cast: Cast, rows: Session):
    raiser = cast.resident()
    body = {"title": f"  {TITLE} ", "body": "一\r\n二", "category": "PARKING"}
    answer = raiser.post(f"/compounds/{cast.home.id}/matters", body)
    assert answer.status_code == 201, answer.text
    assert (answer.json["state"], answer.json["is_mine"]) == ("SUBMITTED", True)
    matter = rows.get_one(Matter, UUID(answer.json["id"]))
    assert (matter.title, matter.body, matter.category) == (TITLE, "一\n二", Category.PARKING)
    assert (matter.compound_id, matter.raised_by_id) == (cast.home.id, raiser.id)
    assert (matter.state, matter.carry_over) == (MatterState.SUBMITTED, 0)
    assert matter.raised_at <= now()


def test_raise_takes_each_category(cast: Cast):
    raiser = cast.resident()
    for category in Category:
        matter = raise_matter(cast, raiser, category=category.value)
        assert raiser.get(f"/matters/{matter}").json["category"] == category.value


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": "长" * 81}, ["title"]),
        ({"title": "   "}, ["title"]),
        ({"title": "一\n二"}, ["title"]),
        ({"body": "长" * 2001}, ["body"]),
        ({"category": "FOOTBALL"}, ["category"]),
        ({"state": "LISTED"}, ["state"]),
        ({"raised_by_id": str(UUID(int=0))}, ["raised_by_id"]),
    ],
)
def test_raise_with_a_wrong_field_names_it(cast: Cast, changes: dict[str, str], fields: list[str]):
    body = {"title": TITLE, "body": "说明", "category": "OTHER", **changes}
    answer = cast.resident().post(f"/compounds/{cast.home.id}/matters", body)
    assert refused_fields(answer) == fields


def test_raiser_is_shown_to_nobody(cast: Cast):
    raiser = cast.resident(name="欧阳晓红")
    matter = raise_matter(cast, raiser)
    readers = [
        cast.resident(),
        cast.secretary(),
        cast.community_secretary(),
        cast.officer(Role.AUDITOR),
        raiser,
    ]
    for reader in readers:
        for path in (f"/matters/{matter}", f"/compounds/{cast.home.id}/matters"):
            text = reader.get(path).text
            assert TITLE in text
            for trace in (str(raiser.id), raiser.id.hex, raiser.openid, "欧阳晓红", "欧"):
                assert trace not in text
        assert reader.get(f"/matters/{matter}").json["is_mine"] is (reader is raiser)


def test_raise_is_logged(cast: Cast, app: Flask):
    raiser = cast.resident()
    matter = raise_matter(cast, raiser)
    assert moves_of(app, matter) == [Move("raise", None, "SUBMITTED", raiser.id, None)]
