"""A place's notices as JSON Feed 1.1 and as Atom 1.0 (RFC 4287)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from app.board.models import ABOUT_SESSIONS, PublicNotice
from app.board.objections import ObjectionCount
from app.board.schemas import FEED_VERSION, FeedSchema
from app.board.services import FeedPlace
from app.kit import clock

ATOM = "http://www.w3.org/2005/Atom"
ABOUT = (
    "月月谈公示的机器可读部分：kind 为公示种类，data 为数据（计票公示含全部得分）。"
    " The machine-readable side of 月月谈 notices; a TALLIED notice holds the whole tally."
)

ElementTree.register_namespace("", ATOM)


class FeedLinks:
    """The public addresses of a place's feeds; `base` is where readers reach us."""

    def __init__(self, base: str, prefix: str, place: FeedPlace) -> None:
        self._base = base
        self._feeds = f"{base}{prefix}/board/{place.kind}/{place.id}"
        self.page = f"{base}/board/{place.kind}/{place.id}"

    @property
    def json(self) -> str:
        return f"{self._feeds}/feed.json"

    @property
    def atom(self) -> str:
        return f"{self._feeds}/feed.atom"

    def notice(self, notice: PublicNotice) -> str:
        return f"{self._base}/board/notices/{notice.id}"

    def poster(self, notice: PublicNotice) -> str:
        return f"{self.notice(notice)}/poster.pdf"


def title_of(place: FeedPlace) -> str:
    return f"{place.name} · 月月谈公示"


def json_feed(
    place: FeedPlace,
    notices: Sequence[PublicNotice],
    objections: Mapping[UUID, ObjectionCount],
    next_before: UUID | None,
    links: FeedLinks,
) -> dict[str, Any]:
    """The feed as JSON values, checked against nothing: `FeedSchema` writes it."""
    feed = {
        "version": FEED_VERSION,
        "title": title_of(place),
        "home_page_url": links.page,
        "feed_url": links.json,
        "description": "小区议事公示 · Public notices of resident deliberation",
        "language": "zh-CN",
        "authors": [{"name": place.name}],
        "extension": {"about": ABOUT},
        "items": [
            _item(notice, objections.get(notice.id, ObjectionCount()), links) for notice in notices
        ],
    }
    if next_before is not None:
        feed["next_url"] = f"{links.json}?before={next_before}"
    dumped: dict[str, Any] = FeedSchema().dump(feed)
    return dumped


def _item(notice: PublicNotice, objections: ObjectionCount, links: FeedLinks) -> dict[str, Any]:
    is_about_session = notice.kind in ABOUT_SESSIONS
    return {
        "id": f"urn:uuid:{notice.id}",
        "url": links.notice(notice),
        "title": notice.title,
        "content_text": notice.text,
        "date_published": notice.published_at,
        "date_modified": notice.modified_at,
        "authors": [{"name": notice.compound.name}],
        "tags": [notice.kind.value],
        "language": "zh-CN",
        "attachments": [{"url": links.poster(notice), "mime_type": "application/pdf"}],
        "extension": {
            "kind": notice.kind,
            "revision": notice.revision,
            "withdrawn": notice.withdrawn_at is not None,
            "compound_id": notice.compound_id,
            "about_id": notice.about_id,
            "session_id": notice.about_id if is_about_session else None,
            "term_ends_at": notice.term_ends_at,
            "term_is_provisional": notice.term_is_provisional,
            "objections_raised": objections.raised,
            "objections_answered": objections.answered,
            "en": None
            if notice.text_en is None
            else {"title": notice.title_en, "content_text": notice.text_en},
            "data": notice.data,
        },
    }


def atom_feed(
    place: FeedPlace, notices: Sequence[PublicNotice], next_before: UUID | None, links: FeedLinks
) -> bytes:
    """The same notices as an Atom document in UTF-8."""
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    _add(feed, "id", f"urn:uuid:{place.id}")
    _add(feed, "title", title_of(place))
    _add(feed, "updated", _latest(notices))
    _add(_add(feed, "author"), "name", place.name)
    _link(feed, "self", links.atom, "application/atom+xml")
    _link(feed, "alternate", links.page, "text/html")
    if next_before is not None:
        _link(feed, "next", f"{links.atom}?before={next_before}", "application/atom+xml")
    for notice in notices:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:uuid:{notice.id}")
        _add(entry, "title", notice.title)
        _add(entry, "published", clock.written(notice.published_at))
        _add(entry, "updated", clock.written(notice.modified_at))
        _add(_add(entry, "author"), "name", notice.compound.name)
        _link(entry, "alternate", links.notice(notice), "text/html")
        _link(entry, "enclosure", links.poster(notice), "application/pdf")
        _add(entry, "content", notice.text).set("type", "text")
    text: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text


def _latest(notices: Sequence[PublicNotice]) -> str:
    # An empty feed must still name a time; it has been empty since ever.
    times = [notice.modified_at for notice in notices]
    return clock.written(max(times)) if times else "1970-01-01T00:00:00Z"


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = text
    return child


def _link(parent: ElementTree.Element, rel: str, href: str, kind: str) -> None:
    _add(parent, "link").attrib.update({"rel": rel, "href": href, "type": kind})
