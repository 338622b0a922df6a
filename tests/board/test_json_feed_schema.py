"""The schema itself: it takes a full feed and refuses everything that is wrong with one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.board.json_feed_schema import VERSION, problems

Feed = dict[str, Any]

GOOD: Feed = {
    "version": VERSION,
    "title": "香樟苑小区",
    "home_page_url": "https://board.example/",
    "feed_url": "https://board.example/feed.json",
    "next_url": "https://board.example/feed.json?before=1",
    "language": "zh-CN",
    "authors": [{"name": "香樟苑小区"}],
    "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
    "_board": {"about": "text", "deep": [{"n5": 1}]},
    "items": [
        {
            "id": "urn:uuid:1",
            "url": "https://board.example/1",
            "title": "预告",
            "content_text": "现在开始征集",
            "date_published": "2026-03-02T08:00:00+08:00",
            "date_modified": "2026-03-02T00:00:00Z",
            "tags": ["a", "b"],
            "attachments": [{"url": "https://board.example/1.pdf", "mime_type": "application/pdf"}],
        },
        {"id": "urn:uuid:2", "content_html": "<p>题单</p>"},
    ],
}


def test_full_feed_is_valid():
    assert problems(GOOD) == []


@pytest.mark.parametrize("least", [{"version": VERSION, "title": "t", "items": []}])
def test_least_feed_is_valid(least: Feed):
    assert problems(least) == []


def without(feed: Feed, name: str) -> None:
    del feed[name]


def second_id_as_first(feed: Feed) -> None:
    feed["items"][1]["id"] = feed["items"][0]["id"]


def set_(path: str, value: object) -> Callable[[Feed], None]:
    """Put a value at a path such as `items.0.id`."""

    def change(feed: Feed) -> None:
        *way, last = path.split(".")
        here: Any = feed
        for step in way:
            here = here[int(step)] if step.isdigit() else here[step]
        here[last] = value

    change.__name__ = f"{path} = {value}"
    return change


@pytest.mark.parametrize(
    "spoil",
    [
        lambda feed: without(feed, "version"),
        lambda feed: without(feed, "title"),
        lambda feed: without(feed, "items"),
        lambda feed: without(feed["items"][0], "id"),
        lambda feed: without(feed["items"][0], "content_text"),
        lambda feed: without(feed["items"][0]["attachments"][0], "mime_type"),
        lambda feed: without(feed["hubs"][0], "url"),
        lambda feed: feed["authors"][0].clear(),
        second_id_as_first,
        set_("version", "https://jsonfeed.org/version/1"),
        set_("title", ""),
        set_("items", {}),
        set_("items.0.id", 1),
        set_("items.0.date_published", "nonsense"),
        set_("items.0.date_published", "2026-03-02"),
        set_("items.0.date_published", "2026-03-02 08:00:00+08:00"),
        set_("items.0.date_modified", "2026-03-02T08:00:00"),
        set_("items.0.date_modified", "2026-02-30T08:00:00Z"),
        set_("items.0.url", "/board/1"),
        set_("items.0.url", "https://board.example/ 1"),
        set_("items.0.tags", "a"),
        set_("items.0.language", "Chinese"),
        set_("items.0.author", {"name": "1.0 called it so"}),
        set_("next_url", GOOD["feed_url"]),
        set_("expired", "yes"),
        set_("_board", "text"),
        set_("_1", {}),
        set_("unknown", 1),
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_spoilt_feed_is_refused(spoil: Callable[[Feed], None]):
    feed = deepcopy(GOOD)
    spoil(feed)
    assert feed != GOOD
    assert problems(feed) != []


def test_name_with_a_full_stop_in_an_extension_is_refused():
    feed = deepcopy(GOOD)
    feed["_board"]["deep"][0]["n.5"] = 1
    (problem,) = problems(feed)
    assert "n.5" in problem


def test_underscore_inside_an_extension_is_refused():
    feed = deepcopy(GOOD)
    feed["_board"]["_inner"] = 1
    (problem,) = problems(feed)
    assert "_inner" in problem
