"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) as a JSON Schema, and what none can say.

`problems(feed)` is empty for a valid feed. Beyond the schema it asks for ids that are never used
twice and for extensions whose members have no full stop in their names.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

VERSION = "https://jsonfeed.org/version/1.1"

TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "format": "uri", "pattern": "^https?://"}
TIME = {"type": "string", "format": "date-time"}
EXTENSIONS = {"^_[A-Za-z]": {"type": "object"}}


def _object(properties: dict[str, Any], **rules: Any) -> dict[str, Any]:
    """An object of these members and extensions, and of nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": EXTENSIONS,
        "additionalProperties": False,
        **rules,
    }


AUTHORS = {
    "type": "array",
    "minItems": 1,
    "items": _object({"name": TEXT, "url": URL, "avatar": URL}, minProperties=1),
}

ATTACHMENT = _object(
    {
        "url": URL,
        "mime_type": {"type": "string", "pattern": r"^[\w.+-]+/[\w.+-]+$"},
        "title": TEXT,
        "size_in_bytes": {"type": "integer", "minimum": 0},
        "duration_in_seconds": {"type": "number", "minimum": 0},
    },
    required=["url", "mime_type"],
)

ITEM = _object(
    {
        "id": TEXT,
        "url": URL,
        "external_url": URL,
        "title": TEXT,
        "content_html": TEXT,
        "content_text": TEXT,
        "summary": TEXT,
        "image": URL,
        "banner_image": URL,
        "date_published": TIME,
        "date_modified": TIME,
        "authors": AUTHORS,
        "tags": {"type": "array", "items": TEXT, "uniqueItems": True},
        "language": {"type": "string", "pattern": r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"},
        "attachments": {"type": "array", "items": ATTACHMENT},
    },
    required=["id"],
    anyOf=[{"required": ["content_html"]}, {"required": ["content_text"]}],
)

FEED = _object(
    {
        "version": {"const": VERSION},
        "title": TEXT,
        "home_page_url": URL,
        "feed_url": URL,
        "description": TEXT,
        "user_comment": TEXT,
        "next_url": URL,
        "icon": URL,
        "favicon": URL,
        "authors": AUTHORS,
        "language": ITEM["properties"]["language"],
        "expired": {"type": "boolean"},
        "hubs": {
            "type": "array",
            "items": _object({"type": TEXT, "url": URL}, required=["type", "url"]),
        },
        "items": {"type": "array", "items": ITEM},
    },
    required=["version", "title", "items"],
)

_VALIDATOR = Draft202012Validator(FEED, format_checker=FormatChecker())


def problems(feed: Any) -> list[str]:
    """Everything that is wrong with a feed, in words; nothing for a valid one."""
    found = [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(feed)]
    return found or [*_repeated_ids(feed), *_own_next(feed), *_dotted_names(feed, "$")]


def _repeated_ids(feed: dict[str, Any]) -> Iterator[str]:
    ids = [item["id"] for item in feed["items"]]
    for each in sorted({each for each in ids if ids.count(each) > 1}):
        yield f"$.items: the id {each} is used more than once"


def _own_next(feed: dict[str, Any]) -> Iterator[str]:
    if "next_url" in feed and feed["next_url"] == feed.get("feed_url"):
        yield "$.next_url: is the feed's own address"


def _dotted_names(value: Any, path: str, in_extension: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            is_extension = in_extension or name.startswith("_")
            if is_extension and "." in name:
                yield f"{path}: a full stop in the extension's name {name!r}"
            if in_extension and name.startswith("_"):
                yield f"{path}: only an extension itself begins with an underscore, not {name!r}"
            yield from _dotted_names(inner, f"{path}.{name}", is_extension)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _dotted_names(inner, f"{path}[{index}]", in_extension)
