"""Why a backup or a restore did not come about, in words for the operator.

They are no refusals of `app.kit.errors`: no client of the API ever meets them.
"""

from pathlib import Path


class BackupFault(RuntimeError):
    """Nothing was written that looks like a backup, and no database was changed."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")


class WrongFolder(BackupFault):
    """A backup, or the operator's key, would lie where it must not."""


class Busy(BackupFault):
    """Somebody else is at work: another backup, or the application while it must be stopped."""


class Damaged(BackupFault):
    """The backup is not what was written."""

    def __init__(self, file: Path, zh: str, en: str) -> None:
        super().__init__(f"备份已损坏：{file.name}{zh}", f"the backup is damaged: {file.name} {en}")


class OtherRelease(BackupFault):
    """The schema is not one that this release knows, or the engine is another."""


class NotEmpty(BackupFault):
    """The database holds something that restoring would overwrite."""


class ToolFault(BackupFault):
    """PostgreSQL's own program is missing, too old, or failed."""


class WrongKey(BackupFault):
    """An operator's key that is not whole, not readable, or not the one in use."""
