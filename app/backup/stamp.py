"""`last-backup.json` (BACKUP_STAMP): when the last good backup was taken, for whoever watches."""

import hashlib
import json
from pathlib import Path
from typing import Any

from app.backup.folders import make_folder, replace_private
from app.backup.manifest import MANIFEST, as_json
from app.backup.taking import Taken


def stamp(path: Path, taken: Taken) -> None:
    """Note a backup that is whole: `at` (RFC 3339, UTC), `folder`, `engine`, `revision`, `size` in
    bytes, `manifest_sha256`, and whether the files were copied too. Raises OSError."""
    manifest = taken.manifest
    make_folder(path.absolute().parent)
    content = {
        "at": manifest.taken_at,
        "folder": str(taken.folder.absolute()),
        "engine": manifest.engine,
        "revision": manifest.revision,
        "size": sum(facts.size for facts in manifest.files.values()),
        "manifest_sha256": hashlib.sha256((taken.folder / MANIFEST).read_bytes()).hexdigest(),
        "files_copied": taken.copied is not None and not taken.copied.missing,
    }
    replace_private(path, as_json(content))


def read_stamp(path: Path) -> dict[str, Any] | None:
    """What `stamp` noted last, None where no backup was ever taken. Raises OSError, ValueError."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
