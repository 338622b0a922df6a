"""The board as a resident's browser gets it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from tests.cast import Cast, Person, ballot
from tests.page import Page

SITE = "https://board.example"  # PUBLIC_URL of the tests' settings


def board(client: FlaskClient, cast: Cast) -> Page:
    return Page(client.get(f"/board/compounds/{cast.home.id}").text)


def newest_notice(client: FlaskClient, cast: Cast) -> str:
    feed = client.get(f"/api/v1/board/compounds/{cast.home.id}/feed.json").json
    return feed["items"][0]["id"].removeprefix("urn:uuid:")


def announce(cast: Cast, secretary: Person) -> None:
    made = cast.session(secretary)
    assert secretary.post(f"/sessions/{made['id']}/start-collecting").status_code == 200


def test_board_without_notices_says_so(client: FlaskClient, cast: Cast):
    page = board(client, cast)
    assert not page.all("article")
    assert any("还没有公示" in paragraph.text for paragraph in page.all("p"))


@pytest.mark.parametrize("kind", ["compounds", "communities", "subdistricts"])
def test_board_of_each_place_shows_notice_and_feeds(client: FlaskClient, cast: Cast, kind: str):
    announce(cast, cast.secretary())
    place = {
        "compounds": cast.home,
        "communities": cast.community,
        "subdistricts": cast.subdistrict,
    }[kind]
    page = Page(client.get(f"/board/{kind}/{place.id}").text)
    assert [heading.text for heading in page.all("h1")] == [f"{place.name} · 月月谈公示"]
    (article,) = page.all("article")
    assert cast.home.name in article.text
    feeds = {link["type"]: link["href"] for link in page.all("link", rel="alternate")}
    assert feeds == {
        "application/feed+json": f"{SITE}/api/v1/board/{kind}/{place.id}/feed.json",
        "application/atom+xml": f"{SITE}/api/v1/board/{kind}/{place.id}/feed.atom",
    }
    for address in feeds.values():
        assert client.get(address.removeprefix(SITE)).status_code == 200


def test_board_shows_tally_as_table(client: FlaskClient, cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident(name=f"居民{i}") for i in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    for voter in voters:
        voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    assert secretary.post(f"/sessions/{session['id']}/close-voting").json["state"] == "TALLIED"

    page = board(client, cast)
    (table,) = page.all("table")
    assert [heading.text for heading in page.all("th", scope="row")] == [
        "M01 停车",
        "M02 路灯",
        "M03 积水",
    ]
    texts = [cell.text for cell in page.all("td")]
    assert [texts[i : i + 7] for i in (0, 7, 14)] == [
        ["1", "3", "0", "0", "15", "入选 selected", "总分 score"],
        ["2", "0", "3", "0", "9", "入选 selected", "总分 score"],
        ["3", "0", "0", "3", "3", "入选 selected", "–"],
    ]
    assert "M01 停车" in table.text


def test_tally_of_too_few_ballots_leaves_the_choice_to_the_branch(
    client: FlaskClient, cast: Cast, travel: Callable[[datetime], None]
):
    secretary = cast.secretary()
    voters = [cast.resident(name=f"居民{i}") for i in range(5)]
    session, matters = cast.open_session(secretary, voters[0])
    for voter in voters[:2]:  # three of five would be enough
        voter.put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    travel(datetime.fromisoformat(session["voting_closes_at"]))
    board(client, cast)  # extends voting once
    travel(datetime.fromisoformat(session["voting_closes_at"]) + timedelta(days=4))
    texts = [cell.text for cell in board(client, cast).all("td")]
    assert texts[5] == "可由党支部选取 the branch may take it"
    assert "入选 selected" not in texts


def test_board_shows_typed_text_as_text(client: FlaskClient, cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    cast.open_session(secretary, raiser, titles=("<script>alert(1)</script>", "路灯 & 井盖"))
    page = board(client, cast)
    assert not page.all("script")
    assert "<script>alert(1)</script>" in page.all("article")[0].text
    assert "路灯 & 井盖" in page.all("article")[0].text


def test_corrected_notice_keeps_its_text_and_says_when(client: FlaskClient, cast: Cast):
    secretary = cast.secretary()
    announce(cast, secretary)
    (before,) = board(client, cast).all("article")
    assert "更正" not in before.text
    path = f"/notices/{newest_notice(client, cast)}/correct"
    assert secretary.post(path, {"note": "地点改为社区会议室"}).status_code == 200
    (after,) = board(client, cast).all("article")
    assert "现在开始征集问题" in after.text
    assert "更正 corrected" in after.text
    assert "地点改为社区会议室" in after.text


def test_withdrawn_notice_stays_and_says_why(client: FlaskClient, cast: Cast):
    secretary = cast.secretary()
    announce(cast, secretary)
    path = f"/notices/{newest_notice(client, cast)}/withdraw"
    assert secretary.post(path, {"reason": "发错小区"}).status_code == 200
    (article,) = board(client, cast).all("article")
    assert article["class"] == "notice withdrawn"
    assert "撤回 withdrawn" in article.text
    assert "发错小区" in article.text
    assert "现在开始征集问题" not in article.text


def test_notice_has_a_page_of_its_own(client: FlaskClient, cast: Cast):
    announce(cast, cast.secretary())
    about = [a for a in board(client, cast).all("a") if "/board/notices/" in a["href"]]
    link, poster = about
    assert poster["href"] == f"{link['href']}/poster.pdf"
    assert link["href"] == f"{SITE}/board/notices/{newest_notice(client, cast)}"
    page = Page(client.get(link["href"].removeprefix(SITE)).text)
    assert [heading.text for heading in page.all("h1")] == [link.text]
    assert len(page.all("article")) == 1
    assert page.all("a", href=f"{SITE}/board/compounds/{cast.home.id}")


@pytest.mark.parametrize(
    "path",
    [
        "/board/compounds/0198c0de-0000-7000-8000-000000000001",
        "/board/notices/0198c0de-0000-7000-8000-000000000001",
        "/board/cities/0198c0de-0000-7000-8000-000000000001",
    ],
)
def test_unknown_place_or_notice_is_a_page_not_found(client: FlaskClient, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
