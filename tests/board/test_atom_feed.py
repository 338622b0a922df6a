"""The board as Atom (RFC 4287), parsed by the standard library and by a real reader."""

from datetime import datetime
from xml.etree import ElementTree

import atoma
import pytest
from flask.testing import FlaskClient

from tests.board.steps import feed_path, post_notices, read_feed, whole_session
from tests.cast import Cast

SITE = "https://board.example"  # PUBLIC_URL of the tests' settings
ATOM = "{http://www.w3.org/2005/Atom}"


def read_atom(client: FlaskClient, path: str) -> ElementTree.Element:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ElementTree.fromstring(answer.data)


def text(parent: ElementTree.Element, name: str) -> str:
    """The text of the one child of this name; fails where there are none or more."""
    (child,) = parent.findall(ATOM + name)
    assert child.text
    return child.text


def links(parent: ElementTree.Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in parent.findall(ATOM + "link")}


def is_instant(value: str) -> bool:
    """RFC 3339 with a capital T and an offset or Z (RFC 4287, 3.3)."""
    return "T" in value and datetime.fromisoformat(value).tzinfo is not None


@pytest.mark.parametrize("kind", ["compounds", "communities", "subdistricts"])
def test_feed_has_what_atom_requires(cast: Cast, client: FlaskClient, kind: str):
    whole_session(cast)
    place = {
        "compounds": cast.home,
        "communities": cast.community,
        "subdistricts": cast.subdistrict,
    }[kind]
    path = feed_path(place, kind, "atom")
    feed = read_atom(client, path)
    assert feed.tag == f"{ATOM}feed"
    assert text(feed, "id") == f"urn:uuid:{place.id}"
    assert text(feed, "title") == f"{place.name} · 月月谈公示"
    assert is_instant(text(feed, "updated"))
    assert text(feed.find(f"{ATOM}author"), "name") == place.name
    assert links(feed) == {"self": SITE + path, "alternate": f"{SITE}/board/{kind}/{place.id}"}
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 5
    for entry in entries:
        assert text(entry, "id").startswith("urn:uuid:")
        assert text(entry, "title")
        assert text(entry, "content")
        assert is_instant(text(entry, "updated"))
        assert is_instant(text(entry, "published"))
        assert links(entry)["alternate"].startswith(f"{SITE}/board/notices/")
    assert text(feed, "updated") == max(text(entry, "updated") for entry in entries)


def test_atom_and_json_tell_the_same(cast: Cast, client: FlaskClient):
    whole_session(cast)
    feed = read_atom(client, feed_path(cast.home, form="atom"))
    entries = [
        (
            text(entry, "id"),
            text(entry, "title"),
            text(entry, "content"),
            text(entry, "published"),
            text(entry, "updated"),
            links(entry)["alternate"],
        )
        for entry in feed.findall(f"{ATOM}entry")
    ]
    items = [
        (
            item["id"],
            item["title"],
            item["content_text"],
            item["date_published"],
            item["date_modified"],
            item["url"],
        )
        for item in read_feed(client, cast.home)["items"]
    ]
    assert entries == items


def test_reader_accepts_the_feed(cast: Cast, client: FlaskClient):
    whole_session(cast)
    parsed = atoma.parse_atom_bytes(client.get(feed_path(cast.home, form="atom")).data)
    assert parsed.title.value == "香樟苑小区 · 月月谈公示"
    assert len({entry.id_ for entry in parsed.entries}) == 5
    assert all(entry.updated.tzinfo is not None for entry in parsed.entries)


def test_reader_accepts_an_empty_feed(cast: Cast, client: FlaskClient):
    parsed = atoma.parse_atom_bytes(client.get(feed_path(cast.home, form="atom")).data)
    assert parsed.entries == []


def test_pages_hold_every_notice_once(cast: Cast, client: FlaskClient):
    post_notices(cast, 45)
    titles: list[str] = []
    path: str | None = feed_path(cast.home, form="atom")
    seen: set[str] = set()
    while path is not None:
        assert path not in seen
        seen.add(path)
        feed = read_atom(client, path)
        titles += [text(entry, "title") for entry in feed.findall(f"{ATOM}entry")]
        following = links(feed).get("next")
        path = following and following.removeprefix(SITE)
    assert titles == [f"第 {number} 号公示" for number in range(45, 0, -1)]


def test_typed_text_is_text_to_readers(cast: Cast, client: FlaskClient):
    title = '<script>alert("1")</script> ]]> & &amp; <b>路灯</b>'
    cast.open_session(cast.secretary(), cast.resident(), titles=(title, "乙"))
    answer = client.get(feed_path(cast.home, form="atom"))
    assert "<script" not in answer.text
    feed = ElementTree.fromstring(answer.data)
    (content, *_) = feed.findall(f"{ATOM}entry/{ATOM}content")
    assert title in (content.text or "")
    assert content.attrib["type"] == "text"
    assert len(content) == 0
