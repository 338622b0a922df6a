"""The list of a compound's matters: filters, and pages that stay where they were."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.checks import pages, refusal, refused_fields
from tests.matters.steps import endorse, raise_matter, screen


def titles(page: dict[str, Any]) -> list[str]:
    return [item["title"] for item in page["items"]]


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/compounds/{cast.home.id}/matters"


def test_list_is_newest_first_in_pages(cast: Cast, path: str):
    raiser = cast.resident()
    for title in "甲乙丙丁戊":
        raise_matter(cast, raiser, title)
    assert pages(raiser, path, "title", limit=2) == [["戊", "丁"], ["丙", "乙"], ["甲"]]
    assert pages(raiser, path, "title") == [["戊", "丁", "丙", "乙", "甲"]]


def test_list_of_exactly_one_page_has_no_cursor(cast: Cast, path: str):
    raiser = cast.resident()
    for title in "甲乙":
        raise_matter(cast, raiser, title)
    assert pages(raiser, path, "title", limit=2) == [["乙", "甲"]]


def test_list_stays_where_it_was_while_new_rows_come_in(cast: Cast, path: str):
    raiser = cast.resident()
    for title in "甲乙丙丁戊":
        raise_matter(cast, raiser, title)

    def meanwhile() -> None:
        for title in "新旧":
            raise_matter(cast, raiser, title)

    found = pages(raiser, path, "title", after_first=meanwhile, limit=2)
    assert found == [["戊", "丁"], ["丙", "乙"], ["甲"]]


def test_list_filters_by_state_category_and_raiser(cast: Cast, path: str):
    raiser, other, secretary = cast.resident(), cast.resident(), cast.secretary()
    listed = raise_matter(cast, raiser, "列入", category="LIGHTING")
    raise_matter(cast, raiser, "待审", category="PARKING")
    raise_matter(cast, other, "别人的", category="LIGHTING")
    screen(secretary, listed, "LISTED")
    answers = {
        query: titles(raiser.get(f"{path}?{query}").json)
        for query in (
            "state=LISTED",
            "state=SUBMITTED",
            "state=REFUSED",
            "category=LIGHTING",
            "mine=true",
            "mine=true&state=SUBMITTED&category=PARKING",
        )
    }
    assert answers == {
        "state=LISTED": ["列入"],
        "state=SUBMITTED": ["别人的", "待审"],
        "state=REFUSED": [],
        "category=LIGHTING": ["别人的", "列入"],
        "mine=true": ["待审", "列入"],
        "mine=true&state=SUBMITTED&category=PARKING": ["待审"],
    }


def test_list_shows_support_of_each(cast: Cast, path: str):
    raiser, neighbour = cast.resident(), cast.resident()
    first, second = (raise_matter(cast, raiser, title) for title in "甲乙")
    endorse(first, raiser, neighbour)
    endorse(second, neighbour)
    seen = raiser.get(path).json["items"]
    assert [(m["title"], m["endorsements"], m["is_endorsed"]) for m in seen] == [
        ("乙", 1, False),
        ("甲", 2, True),
    ]


def test_list_holds_no_other_compound(cast: Cast, path: str):
    stranger = cast.resident(cast.neighbour)
    body = {"title": "隔壁的事", "body": "说明", "category": "OTHER"}
    stranger.post(f"/compounds/{cast.neighbour.id}/matters", body)
    assert titles(cast.resident().get(path).json) == []


def test_list_has_an_etag(cast: Cast, path: str):
    raiser = cast.resident()
    raise_matter(cast, raiser)
    etag = raiser.get(path).headers["ETag"]
    again = raiser.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    raise_matter(cast, raiser, "又一件")
    assert raiser.get(path, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "many"])
def test_list_of_a_wrong_length_is_refused(cast: Cast, path: str, limit: str):
    answer = cast.resident().get(path, query_string={"limit": limit})
    assert refused_fields(answer) == ["query.limit"]


def test_cursor_of_another_list_is_refused(cast: Cast, path: str):
    secretary, raiser = cast.secretary(), cast.resident()
    for title in "甲乙":
        raise_matter(cast, raiser, title)
    cursor = raiser.get(path + "?limit=1").json["next_cursor"]
    sessions = f"/compounds/{cast.home.id}/sessions"
    assert refusal(secretary.get(sessions, query_string={"cursor": cursor})) == (
        422,
        "invalid_cursor",
    )
