"""What backing up and restoring ask of a database, whichever engine it is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session


class Database(Protocol):
    """One of our databases as a whole."""

    engine_name: str

    @property
    def name(self) -> str:
        """What an operator calls it, and types before it is overwritten."""

    def version(self) -> str:
        """The engine's version."""

    def dump(self, folder: Path) -> AbstractContextManager[Session]:
        """Write all of it, as of one instant, to private files in the folder, while others go on
        writing. The session reads what was written, of that very instant.

        Raises BackupFault, OSError.
        """

    def holds_something(self) -> bool:
        """Whether there is any table."""

    def require_restorable(self, engine_version: str) -> None:
        """Raises BackupFault where a dump of that version cannot be restored here."""

    def restore(self, folder: Path, revision: str) -> None:
        """Put what `dump` wrote, of a schema at that revision, in place of all that is there; it is
        there whole afterwards, or what was there before still is.

        Raises Busy where the application still runs, and BackupFault, OSError.
        """
