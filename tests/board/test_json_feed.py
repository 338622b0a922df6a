"""The board as JSON Feed 1.1: valid, paged, with ids that stay, and read by a real reader."""

import json
from typing import Any

import atoma
import pytest
from flask.testing import FlaskClient

from tests.board.json_feed_schema import problems
from tests.board.steps import announce, feed_path, post_notices, read_feed, whole_session
from tests.cast import Cast, Place
from tests.checks import refusal, refused_fields

SITE = "https://board.example"  # PUBLIC_URL of the tests' settings


def all_pages(client: FlaskClient, place: Place) -> list[dict[str, Any]]:
    """The feed and all that `next_url` leads to. Fails where the chain comes back to itself."""
    found = [read_feed(client, place)]
    seen = {found[0]["feed_url"]}
    while "next_url" in found[-1]:
        address = found[-1]["next_url"]
        assert address not in seen
        seen.add(address)
        assert address.startswith(SITE)
        found.append(client.get(address.removeprefix(SITE)).json)
    return found


def test_feed_is_valid(cast: Cast, client: FlaskClient):
    whole_session(cast)
    answer = client.get(feed_path(cast.home))
    assert answer.mimetype == "application/feed+json"
    assert problems(answer.json) == []
    assert len(answer.json["items"]) == 5


@pytest.mark.parametrize("kind", ["compounds", "communities", "subdistricts"])
def test_empty_feed_is_valid(cast: Cast, client: FlaskClient, kind: str):
    place = {
        "compounds": cast.home,
        "communities": cast.community,
        "subdistricts": cast.subdistrict,
    }[kind]
    feed = read_feed(client, place, kind)
    assert problems(feed) == []
    assert feed["items"] == []


def test_feed_names_itself_by_its_public_address(cast: Cast, client: FlaskClient):
    feed = read_feed(client, cast.home)
    assert feed["feed_url"] == SITE + feed_path(cast.home)
    assert feed["home_page_url"] == f"{SITE}/board/compounds/{cast.home.id}"
    assert (feed["title"], feed["language"]) == ("香樟苑小区 · 月月谈公示", "zh-CN")


def test_feed_is_chinese_as_written(cast: Cast, client: FlaskClient):
    assert "香樟苑小区" in client.get(feed_path(cast.home)).text


def test_item_holds_the_tally_for_programs(cast: Cast, client: FlaskClient):
    session_id = whole_session(cast)
    item = read_feed(client, cast.home)["items"][0]
    extension = item["_yueyuetan"]
    assert (extension["kind"], extension["session_id"]) == ("TALLIED", session_id)
    assert (extension["revision"], extension["withdrawn"]) == (1, False)
    assert extension["compound_id"] == str(cast.home.id)
    assert [(row["label"], row["score"]) for row in extension["data"]["rows"]] == [
        ("M01", 15),
        ("M02", 9),
        ("M03", 3),
    ]
    assert item["date_published"] == item["date_modified"]
    assert item["date_published"].endswith("+08:00")


def test_reader_accepts_the_feed(cast: Cast, client: FlaskClient):
    whole_session(cast)
    answer = client.get(feed_path(cast.home))
    parsed = atoma.parse_json_feed_bytes(answer.data)
    assert parsed.title == "香樟苑小区 · 月月谈公示"
    assert [item.id_ for item in parsed.items] == [item["id"] for item in answer.json["items"]]
    assert all(item.date_published.tzinfo is not None for item in parsed.items)
    assert parsed.items[0].content_text == answer.json["items"][0]["content_text"]


def test_pages_hold_every_notice_once(cast: Cast, client: FlaskClient):
    post_notices(cast, 45)
    found = all_pages(client, cast.home)
    assert [len(page["items"]) for page in found] == [20, 20, 5]
    assert [problems(page) for page in found] == [[], [], []]
    titles = [item["title"] for page in found for item in page["items"]]
    assert titles == [f"第 {number} 号公示" for number in range(45, 0, -1)]


def test_full_last_page_ends_the_chain(cast: Cast, client: FlaskClient):
    post_notices(cast, 40)
    assert [len(page["items"]) for page in all_pages(client, cast.home)] == [20, 20]


def test_pages_stay_where_they_were_while_notices_come_in(cast: Cast, client: FlaskClient):
    post_notices(cast, 25)
    before = all_pages(client, cast.home)
    post_notices(cast, 3)
    again = client.get(before[0]["next_url"].removeprefix(SITE)).json
    assert again["items"] == before[1]["items"]


@pytest.mark.parametrize("before", ["", "1", "zz", "urn:uuid:0198c0de-0000-7000-8000-00000000000z"])
def test_page_of_what_is_no_id_is_refused(cast: Cast, client: FlaskClient, before: str):
    answer = client.get(feed_path(cast.home), query_string={"before": before})
    assert refused_fields(answer) == ["query.before"]


def test_ids_stay_between_two_versions(cast: Cast, client: FlaskClient):
    secretary = cast.secretary()
    first = announce(cast, secretary)
    before = read_feed(client, cast.home)["items"]
    secretary.post(f"/notices/{first}/correct", {"note": "地点改为社区会议室"})
    path = f"/sessions/{before[0]['_yueyuetan']['session_id']}"
    secretary.post(f"{path}/freeze-list")
    after = read_feed(client, cast.home)["items"]
    assert [item["id"] for item in after[1:]] == [item["id"] for item in before]
    for name in ("id", "url", "date_published", "tags"):
        assert after[1][name] == before[0][name]


def test_feeds_above_hold_what_lies_below(cast: Cast, client: FlaskClient):
    _, elsewhere = cast.other_community()
    for compound in (cast.home, cast.neighbour, elsewhere):
        post_notices(cast, 1, compound)

    def compounds(place: Place, kind: str) -> list[str]:
        items = read_feed(client, place, kind)["items"]
        return [item["authors"][0]["name"] for item in items]

    assert compounds(cast.home, "compounds") == [cast.home.name]
    assert compounds(cast.community, "communities") == [cast.neighbour.name, cast.home.name]
    assert compounds(cast.subdistrict, "subdistricts") == [
        elsewhere.name,
        cast.neighbour.name,
        cast.home.name,
    ]


def test_item_address_shows_the_notice(cast: Cast, client: FlaskClient):
    announce(cast, cast.secretary())
    (item,) = read_feed(client, cast.home)["items"]
    page = client.get(item["url"].removeprefix(SITE))
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert item["title"] in page.text


@pytest.mark.parametrize("form", ["json", "atom"])
def test_feed_of_a_place_that_is_not_there_is_not_found(cast: Cast, client: FlaskClient, form: str):
    answer = client.get(feed_path(cast.home, "communities", form))
    assert refusal(answer) == (404, "not_found")


def test_typed_text_is_text_to_readers(cast: Cast, client: FlaskClient):
    title = '<script>alert("1")</script> & <b>路灯</b>'
    cast.open_session(cast.secretary(), cast.resident(), titles=(title, "乙"))
    answer = client.get(feed_path(cast.home))
    item = answer.json["items"][0]
    assert title in item["content_text"]
    assert "content_html" not in item
    assert problems(json.loads(answer.data)) == []
