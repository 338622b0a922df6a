"""Restoring a backup into this database."""

from pathlib import Path

from app.backup.engines.dumps import Database
from app.backup.faults import BackupFault, NotEmpty, OtherRelease
from app.backup.manifest import Manifest, read_manifest
from app.backup.revisions import require_known
from app.backup.taking import find_backups


def read_backup(folder: Path, database: Database) -> Manifest:
    """The manifest of a backup that is whole and can be restored here. Raises BackupFault."""
    _require_one(folder)
    manifest = read_manifest(folder)
    if manifest.engine != database.engine_name:
        raise OtherRelease(
            f"备份是 {manifest.engine} 的，DATABASE_URL 是 {database.engine_name}："
            "两种数据库不能互相恢复",
            f"the backup is of {manifest.engine} and DATABASE_URL names {database.engine_name}:"
            " one cannot be restored into the other",
        )
    require_known(manifest.revision)
    database.require_restorable(manifest.engine_version)
    return manifest


def restore_backup(folder: Path, database: Database, *, over: bool) -> Manifest:
    """Restore a backup; `over` puts it in place of what is there.

    Raises NotEmpty, BackupFault, OSError, with the database as it was.
    """
    manifest = read_backup(folder, database)
    if not over and database.holds_something():
        raise NotEmpty(
            f"数据库 {database.name} 不是空的，没有改动；确要覆盖，加 --over-everything",
            f"the database {database.name} is not empty, nothing was changed;"
            " to overwrite it add --over-everything",
        )
    database.restore(folder, manifest.revision)
    return manifest


def _require_one(folder: Path) -> None:
    """Raises BackupFault, with the newest one's name, for a folder of backups."""
    inside = find_backups(folder)
    if inside:
        newest = inside[-1]
        raise BackupFault(
            f"{folder} 里有 {len(inside)} 份备份，请指明一份，最新的是 {newest}",
            f"{folder} holds {len(inside)} backups, name one of them; the newest is {newest}",
        )
