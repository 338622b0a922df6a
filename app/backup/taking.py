"""Taking a backup: the database as of one instant, and what was true of it then.

`FOLDER/2026-11-29T18-30-00Z/` holds the dump, `heads.json`, `attachments.json`, `manifest.json` and
`SHA256SUMS`. It appears whole or not at all. The key store is never asked for anything.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.attachments.models import Attachment
from app.attachments.stores import Store
from app.backup.attachments import (
    Copied,
    StoredFile,
    copy_files,
    drop_others,
    files_as_json,
    files_from_json,
    stored_files,
)
from app.backup.checks import open_votes
from app.backup.engines.dumps import Database
from app.backup.faults import BackupFault, OtherRelease, WrongFolder
from app.backup.folders import appearing, facts_of, make_folder, one_at_a_time, write_private
from app.backup.heads import note_heads
from app.backup.manifest import ATTACHMENTS, HEADS, MANIFEST, Manifest, write_manifest
from app.backup.operator_key import is_key_file
from app.backup.revisions import newest_revision, revision_of
from app.ballots.models import Ballot, SessionBundle
from app.kit.audit import AuditEntry
from app.people.models import Resident

NAME = "%Y-%m-%dT%H-%M-%SZ"
NAMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
COUNTED = {
    "residents": Resident,
    "sessions": AgendaSession,
    "ballots": Ballot,
    "bundles": SessionBundle,
    "attachments": Attachment,
    "log_entries": AuditEntry,
}


@dataclass(frozen=True)
class Taken:
    """A backup that was taken, and what was copied of the files, if that was asked for."""

    folder: Path
    manifest: Manifest
    copied: Copied | None
    dropped: int


def take_backup(
    database: Database,
    parent: Path,
    at: datetime,
    *,
    keep: int | None = None,
    store: Store | None = None,
    files: Path | None = None,
) -> Taken:
    """Take a backup into a folder of its own below `parent`, then let go of all but the newest
    `keep`. With `store` and `files`, copy the photos and documents there.

    Raises BackupFault, OSError, StoreUnavailable; nothing that looks like a backup is left then.
    """
    make_folder(parent)
    with one_at_a_time(parent):
        target = parent / at.strftime(NAME)
        with appearing(target) as draft:
            manifest, listed = _fill(database, draft, at)
        dropped = _let_go(parent, keep)
        copied = None
        if store is not None and files is not None:
            make_folder(files)
            copied = copy_files(store, listed, files)
            copied.dropped = drop_others(files, _named(parent))
    return Taken(target, manifest, copied, dropped)


def find_backups(parent: Path) -> list[Path]:
    """Whole backups below a folder, the oldest first."""
    return sorted(
        path
        for path in parent.iterdir()
        if NAMES.fullmatch(path.name) and (path / MANIFEST).is_file()
    )


def require_apart(folder: Path, private: Sequence[Path]) -> None:
    """Raises WrongFolder where backups would lie beside a key, or in a folder of live data."""
    folder = folder.resolve()
    for other in (each.resolve() for each in private):
        if folder == other or other in folder.parents or folder in other.parents:
            raise WrongFolder(
                f"备份不能放在 {other} 里面或上面，那里是密钥或正在用的数据",
                f"a backup must lie neither in nor above {other}, where keys or live data are",
            )
    if folder.is_dir() and any(is_key_file(path) for path in folder.iterdir()):
        raise WrongFolder(
            f"{folder} 里有运营者密钥的备份，两者不能放在一起",
            f"{folder} holds a copy of the operator's key; the two must not lie together",
        )


def _fill(database: Database, draft: Path, at: datetime) -> tuple[Manifest, list[StoredFile]]:
    with database.dump(draft) as session:
        revision = _require_own_revision(session)
        files = list(stored_files(session))
        write_private(draft / HEADS, note_heads(session, at).to_json())
        write_private(draft / ATTACHMENTS, files_as_json(files))
        facts = _read_facts(session)
        votes = tuple(sorted(map(str, open_votes(session))))
    manifest = Manifest(
        engine=database.engine_name,
        engine_version=database.version(),
        revision=revision,
        taken_at=at.isoformat(timespec="seconds"),
        files={path.name: facts_of(path) for path in sorted(draft.iterdir())},
        counts=facts,
        open_votes=votes,
    )
    write_manifest(draft, manifest)
    return manifest, files


def _require_own_revision(session: Session) -> str:
    """Raises OtherRelease for a database that another release works with."""
    found, newest = revision_of(session), newest_revision()
    if found != newest:
        raise OtherRelease(
            f"数据库版本是 {found or '空'}，本程序要 {newest}：升级程序之前先备份",
            f"the schema is at {found or 'nothing'} and this release wants {newest}:"
            " back up with the release that runs, before it is updated",
        )
    return newest


def _read_facts(session: Session) -> dict[str, int]:
    return {
        name: session.scalar(select(func.count()).select_from(model)) or 0
        for name, model in COUNTED.items()
    }


def _let_go(parent: Path, keep: int | None) -> int:
    """Delete all but the newest `keep` backups; how many went."""
    old = find_backups(parent)[:-keep] if keep else []
    for folder in old:
        # First it stops being a backup, so that half of one is never taken for a whole one.
        (folder / MANIFEST).unlink()
        shutil.rmtree(folder)
    return len(old)


def _named(parent: Path) -> set[str]:
    """The keys of all files that the kept backups name. Raises BackupFault."""
    keys: set[str] = set()
    for folder in find_backups(parent):
        try:
            listed = files_from_json((folder / ATTACHMENTS).read_bytes())
        except (OSError, KeyError, TypeError, ValueError):
            raise BackupFault(
                f"{folder.name} 的文件清单读不了，没有清理文件副本",
                f"the list of files of {folder.name} cannot be read; no file was let go of",
            ) from None
        keys |= {file.key for file in listed}
    return keys
