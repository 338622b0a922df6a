"""Photos and documents beside the database: which there are, and a second copy of the folder.

Files never change once they are stored, so the copy takes only those that it lacks; it lets go of
those that no kept backup names, since what was deleted shall not live on there.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attachments.models import Attachment
from app.attachments.services import key_of
from app.attachments.stores import Store
from app.backup.folders import make_folder, sync, write_private
from app.backup.manifest import as_json

FORMAT = "yueyuetan-files/1"
# As `key_of` names a file below its day.
OUR_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.thumbnail)?")


@dataclass(frozen=True)
class StoredFile:
    """A file of the store. Of thumbnails neither size nor hash was kept."""

    key: str
    size: int | None = None
    sha256: str | None = None


def stored_files(session: Session) -> Iterator[StoredFile]:
    """What the database says is in the store, thumbnails of images included."""
    for attachment in session.scalars(select(Attachment).order_by(Attachment.id)):
        yield StoredFile(key_of(attachment), attachment.size, attachment.sha256)
        if attachment.content_type.is_image:
            yield StoredFile(key_of(attachment, thumbnail=True))


def still_named(session: Session, keys: Iterable[str]) -> list[str]:
    """Those of the keys that the database names now, too: uploads that nobody used are cleared
    away while somebody looks."""
    keys = list(keys)
    if not keys:
        return []
    session.rollback()
    named = {file.key for file in stored_files(session)}
    return [key for key in keys if key in named]


def is_whole(file: StoredFile, content: bytes) -> bool:
    """Whether this is what was stored, as far as its row can tell."""
    if file.sha256 is None:
        return bool(content)
    return hashlib.sha256(content).hexdigest() == file.sha256


def files_as_json(files: Iterable[StoredFile]) -> bytes:
    """The bytes of `attachments.json`."""
    return as_json({"format": FORMAT, "files": [vars(file) for file in files]})


def files_from_json(raw: bytes) -> list[StoredFile]:
    """Raises KeyError, TypeError or ValueError for what is no such list."""
    data: Any = json.loads(raw)
    if data["format"] != FORMAT:
        raise ValueError
    return [StoredFile(**each) for each in data["files"]]


@dataclass
class Copied:
    """What was done to the second copy; `missing` are keys that the store could not give whole."""

    added: int = 0
    kept: int = 0
    dropped: int = 0
    missing: list[str] = field(default_factory=list)


def copy_files(store: Store, files: Iterable[StoredFile], target: Path) -> Copied:
    """Copy what `target` lacks, under the same names as in the store.

    Raises OSError, StoreUnavailable.
    """
    done = Copied()
    for file in files:
        path = target / file.key
        if path.exists() and file.size in (None, path.stat().st_size):
            done.kept += 1
            continue
        content = store.get(file.key)
        if content is None or not is_whole(file, content):
            done.missing.append(file.key)
            continue
        _put(path, content)
        done.added += 1
    return done


def drop_others(target: Path, named: set[str]) -> int:
    """Delete from the copy what none of the kept backups names; how many went. Raises OSError."""
    # Two levels, a day and a file that is named as ours are: anything else there is not ours.
    others = [
        path
        for path in target.glob("????-??-??/*")
        if OUR_NAME.fullmatch(path.name) and _key(path) not in named
    ]
    for path in others:
        path.unlink()
    return len(others)


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _put(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    write_private(draft, content)
    draft.rename(path)
    sync(path.parent)
