"""Photos of a problem: raised with the matter, and no more telling than it who raised it."""

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.attachments.models import Attachment
from app.matters.models import Matter
from tests.attachments.files import PDF, content, uploaded
from tests.cast import Cast, Person, stored
from tests.checks import Move, counted, moves_of, refusal
from tests.matters.steps import TITLE

WORDS = {"title": TITLE, "body": "晚上八点以后", "category": "PARKING"}


def put(cast: Cast, by: Person, ids: list[Any], **kwargs: Any) -> TestResponse:
    path = f"/compounds/{cast.home.id}/matters"
    return by.post(path, {**WORDS, "attachment_ids": ids}, **kwargs)


def test_matter_shows_its_photos(cast: Cast):
    raiser, reader = cast.resident(), cast.resident()
    ids = [uploaded(raiser, cast.home, caption=f"第{n}处")["id"] for n in (1, 2)]
    answer = put(cast, raiser, ids[::-1])
    assert answer.status_code == 201, answer.text
    assert [each["id"] for each in answer.json["attachments"]] == ids
    read = reader.get(f"/matters/{answer.json['id']}").json
    assert [each["caption"] for each in read["attachments"]] == ["第1处", "第2处"]
    assert content(reader, read["attachments"][0]["thumbnail_url"]).status_code == 200
    rows = stored(cast.app, select(Attachment))
    assert {(row.about, str(row.about_id)) for row in rows} == {("matters", read["id"])}
    assert moves_of(cast.app, ids[0])[-1] == Move("attach", None, None, None, None)

    (item,) = reader.get(f"/compounds/{cast.home.id}/matters").json["items"]
    assert "attachments" not in item
    plain = put(cast, raiser, []).json
    assert reader.get(f"/matters/{plain['id']}").json["attachments"] == []
    stranger = cast.resident(cast.neighbour)
    assert refusal(stranger.get(f"/attachments/{ids[0]}")) == (404, "not_found")


def test_photo_does_not_say_who_raised_the_matter(cast: Cast):
    raiser, reader = cast.resident(name="李芳"), cast.resident()
    photo = uploaded(raiser, cast.home, name="李芳手机.jpg")
    matter = put(cast, raiser, [photo["id"]]).json
    for person in (reader, cast.secretary()):
        for path in (f"/matters/{matter['id']}", f"/attachments/{photo['id']}"):
            answer = person.get(path)
            assert answer.status_code == 200
            assert "附件.jpg" in answer.text
            assert "李" not in answer.text
            assert str(raiser.id) not in answer.text
        address = person.get(f"/attachments/{photo['id']}").json["url"]
        shown = content(person, address).headers["Content-Disposition"]
        assert shown == "inline; filename*=UTF-8''%E9%99%84%E4%BB%B6.jpg"


def test_refused_photos_raise_no_matter(cast: Cast):
    raiser = cast.resident()
    good, paper = uploaded(raiser, cast.home)["id"], uploaded(raiser, cast.home, PDF)["id"]
    used = uploaded(raiser, cast.home)["id"]
    assert put(cast, raiser, [used]).status_code == 201
    foreign = uploaded(cast.secretary(), cast.home)["id"]
    many = [uploaded(raiser, cast.home)["id"] for _ in range(9)]
    for ids, code in (
        ([good, paper], "photos_only"),
        ([good, used], "unknown_attachment"),
        ([good, foreign], "unknown_attachment"),
        ([good, *many], "too_many_attachments"),
    ):
        once = {"Idempotency-Key": code}
        assert refusal(put(cast, raiser, ids, headers=once)) == (422, code)
    assert len(stored(cast.app, select(Matter))) == 1
    claimed = select(Attachment.id).where(Attachment.about_id.is_not(None))
    assert [str(each) for each in stored(cast.app, claimed)] == [used]
    assert put(cast, raiser, [good]).status_code == 201


def test_photos_of_somebody_without_a_say_are_not_taken(cast: Cast):
    photo = uploaded(cast.resident(), cast.home)["id"]
    answer = put(cast, cast.resident(cast.neighbour), [photo])
    assert refusal(answer) == (404, "not_found")
    assert stored(cast.app, select(Matter)) == []


def test_matter_with_many_photos_costs_as_much_as_with_one(cast: Cast):
    raiser, costs = cast.resident(), []
    for count in (1, 9):
        ids = [uploaded(raiser, cast.home)["id"] for _ in range(count)]
        matter = put(cast, raiser, ids).json
        with counted(cast.app) as statements:
            assert len(raiser.get(f"/matters/{matter['id']}").json["attachments"]) == count
        costs.append(len(statements))
    assert costs[0] == costs[1]
