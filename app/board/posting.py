"""Posting a notice: its texts are files beside the feature that tells of something.

`<kind>.zh.txt` and `<kind>.en.txt`, in small letters, begin with the title; the text follows.
They are Jinja templates of plain text: `{{ order.title }}`, `{{ order.due_at|term }}`. What several
of them say is a file that they include by its path in `app`: `agenda/notices/_list.zh.txt`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from app.board.models import NoticeKind, PublicNotice
from app.board.services import publish
from app.kit.clock import written
from app.kit.words import FILTERS

LANGUAGES = ("zh", "en")
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


@dataclass(frozen=True)
class Notice:
    """A kind of notice: the folder of its texts, what they call the thing of which they tell, and
    what programs are told of it."""

    kind: NoticeKind
    folder: Path
    calls: str
    data: Callable[[Any], Mapping[str, Any]]

    def text(self, language: str, told: Mapping[str, Any]) -> tuple[str, str]:
        """Title and text in this language."""
        title, _, text = self._render(f"{self.kind.lower()}.{language}.txt", told).partition("\n")
        return title.strip(), text.strip()

    def correction(self, name: str, told: Mapping[str, Any]) -> str:
        """What a correction of that name says, `<kind>.<name>.zh.txt` before the English."""
        names = (f"{self.kind.lower()}.{name}.{language}.txt" for language in LANGUAGES)
        return " ".join(self._render(each, told).strip() for each in names)

    def _render(self, name: str, told: Mapping[str, Any]) -> str:
        return _texts.get_template(_name_of(self.folder / name)).render(told)


def post(
    session: Session,
    notice: Notice,
    thing: Any,
    at: datetime,
    *,
    about_id: UUID | None = None,
    term_ends_at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
    **told: Any,
) -> PublicNotice:
    """Put a notice of this thing on the board of its compound, in the commit of the move that it
    tells.

    The texts know the thing, `at`, `term_ends_at` and whatever else is `told`; `data` is told to
    programs beside what every such notice tells them. With `term_ends_at` the notice takes
    objections until then.
    """
    told = {notice.calls: thing, "at": at, "term_ends_at": term_ends_at, **told}
    title, zh = notice.text("zh", told)
    en_title, en = notice.text("en", told)
    tells = {**notice.data(thing), **(data or {})}
    if term_ends_at is not None:
        tells["term_ends_at"] = written(term_ends_at)
    return publish(
        session,
        notice.kind,
        thing.compound,
        about_id or thing.id,
        title=title,
        text=f"{zh}\n\n{en_title}\n{en}",
        data=tells,
        at=at,
        term_ends_at=term_ends_at,
    )


def load_texts() -> None:
    """Read every text now, for a server or a service that runs on while its files are replaced."""
    for path in APP.rglob("notices/*.txt"):
        _texts.get_template(_name_of(path))


def _name_of(path: Path) -> str:
    return path.relative_to(APP).as_posix()
