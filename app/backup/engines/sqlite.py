"""SQLite as a whole: a copy while others write, and putting a copy in its place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, pool
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.backup.faults import BackupFault, Busy
from app.backup.folders import copy_private, make_folder, make_private, sync

PATIENCE_S = 30.0
DUMP = "database.sqlite3"
SIDE_FILES = ("-wal", "-shm", "-journal")


class SqliteDatabase:
    """The file of a SQLite database. A plain `cp` of it lacks what its `-wal` holds."""

    engine_name = "sqlite"

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise BackupFault("数据库只在内存里", "the database is in memory alone")
        self._path = Path(url.database)

    @property
    def name(self) -> str:
        return self._path.name

    def version(self) -> str:
        return sqlite3.sqlite_version

    @contextmanager
    def dump(self, folder: Path) -> Iterator[Session]:
        target = make_private(folder / DUMP)
        # VACUUM INTO writes live rows only. The online backup API copies pages, and with them what
        # free ones still hold of ballots that were deleted.
        try:
            with closing(self._connect(PATIENCE_S)) as connection:
                connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise _failed(error) from error
        _require_sound(target)
        engine = create_engine(f"sqlite:///{target}", poolclass=pool.NullPool)
        with Session(engine) as session:
            yield session

    def holds_something(self) -> bool:
        if not self._path.exists():
            return False
        try:
            with closing(self._connect(PATIENCE_S)) as connection:
                found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError:
            return True  # damaged, perhaps, but not nothing
        return bool(found[0])

    def require_restorable(self, engine_version: str) -> None:
        """Any SQLite reads the file of any other."""

    def restore(self, folder: Path, revision: str) -> None:
        make_folder(self._path.absolute().parent)
        draft = self._path.with_name(f".{self._path.name}.restoring")
        draft.unlink(missing_ok=True)
        try:
            copy_private(folder / DUMP, draft)
            _require_sound(draft)
            self._require_alone()
            for end in SIDE_FILES:  # of another file than the one that comes
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)
        sync(self._path.absolute().parent)

    def _connect(self, patience: float) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=patience, isolation_level=None)

    def _require_alone(self) -> None:
        """Raises Busy where another process has the file open: it would go on writing to a file
        that has no name any more."""
        if not self._path.exists():
            return
        try:
            with closing(self._connect(0)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # needs the file for itself
        except sqlite3.OperationalError:
            raise Busy(
                "数据库还在用，请先停下应用和定时任务",
                "the database is in use; stop the application and the finaliser first",
            ) from None
        except sqlite3.DatabaseError:
            return  # what is damaged cannot be asked


def _require_sound(path: Path) -> None:
    """Raises BackupFault for a file whose pages do not agree."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise _failed(error) from error
    if found != "ok":
        raise BackupFault(f"数据库文件已损坏：{found}", f"the database file is damaged: {found}")


def _failed(error: sqlite3.Error) -> BackupFault:
    return BackupFault(f"SQLite 没有做成：{error}", f"SQLite could not do it: {error}")
