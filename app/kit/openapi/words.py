"""The words for fields and enums, from two text files that anybody may proofread."""

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent


def _read(name: str) -> Mapping[str, str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {key: text for key, _, text in pairs}


FIELDS = _read("fields.txt")
ENUMS = _read("enums.txt")


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
