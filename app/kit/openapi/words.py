"""The words for fields and enums, from two text files that anybody may proofread; a member's own
stand beside it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app.kit.words import Worded

FOLDER = Path(__file__).parent
Node = dict[str, Any]


def _read(name: str) -> Mapping[str, str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {key: text for key, _, text in pairs}


FIELDS = _read("fields.txt")
ENUMS = _read("enums.txt")


def words_of_enum(name: str, values: Iterable[str]) -> Node:
    """What an enum is, and what each of its values is called: a client shows these words and needs
    no table of its own."""
    about, _, own = ENUMS.get(name, "").partition(" | ")
    return {
        "description": about,
        "x-enum-words": {value: _words_of_value(value, own) for value in values},
    }


def _words_of_value(value: str, own: str) -> Mapping[str, str]:
    """Those beside the member; of a choice that is no enum, from its line: `value 词/word；...`."""
    if isinstance(value, Worded):
        return {"zh": value.zh, "en": value.en}
    pairs = (each.partition(" ") for each in own.split("；"))
    zh, _, en = {key: words for key, _, words in pairs}[value].partition("/")
    return {"zh": zh, "en": en}


def words_for_field(schema: type, name: str) -> str | None:
    """What a field is: in this schema, in one that it extends, or wherever it has this name."""
    owners = [kind.__name__.removesuffix("Schema") for kind in schema.__mro__]
    keys = [*(f"{owner}.{name}" for owner in owners), name]
    return next((FIELDS[key] for key in keys if key in FIELDS), None)


def words_for_path(name: str) -> str | None:
    """What a part of an address is."""
    return FIELDS.get(f"path.{name}", FIELDS.get(name))


def add(text: str, zh: str, en: str) -> str:
    """`中文 · English` with a clause more in each language."""
    first, _, second = text.partition("· ")
    return both(f"{first.rstrip()}；{zh}", f"{second}; {en}")


def both(zh: str, en: str) -> str:
    """`中文 · English`, without a space after a full-width mark."""
    return f"{zh}· {en}" if zh.endswith(("）", "。", "》")) else f"{zh} · {en}"
