"""What people are told, as files beside the feature that tells it.

`<name>.zh.txt` and `<name>.en.txt` begin with the title; the text follows. They are Jinja templates
of plain text: `{{ order.title }}`, `{{ order.due_at|term }}`. What several of them say is a file
that they include by its path in `app`: `agenda/notices/_list.zh.txt`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.kit.words import FILTERS, Words

LANGUAGES = ("zh", "en")
FOLDERS = ("notices", "messages")  # what the board says, and what single people are told
APP = Path(__file__).parents[1]

# Nothing is escaped: these are no pages but plain text, which whoever shows it escapes.
_texts = Environment(  # noqa: S701
    loader=FileSystemLoader(APP),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # An update puts new files beside a server that still runs the old code.
    auto_reload=False,
    cache_size=-1,
)
_texts.filters.update(FILTERS)


def read(folder: Path, name: str, told: Mapping[str, Any]) -> tuple[Words, Words]:
    """Title and text of that name, with the values that they are told."""
    (zh_title, zh), (en_title, en) = (
        _render(folder / f"{name}.{language}.txt", told) for language in LANGUAGES
    )
    return Words(zh_title, en_title), Words(zh, en)


def _render(path: Path, told: Mapping[str, Any]) -> tuple[str, str]:
    title, _, text = _texts.get_template(_name_of(path)).render(told).partition("\n")
    return title.strip(), text.strip()


def load_texts() -> None:
    """Read every text now, for a server or a service that runs on while its files are replaced."""
    for folder in FOLDERS:
        for path in APP.rglob(f"{folder}/*.txt"):
            _texts.get_template(_name_of(path))


def _name_of(path: Path) -> str:
    return path.relative_to(APP).as_posix()
