"""Who may read the files that hold people's data or keys: the service's account alone."""

import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

OTHERS = stat.S_IRWXG | stat.S_IRWXO
FOLDER, FILE = 0o700, 0o600


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but its owner may do anything with it. Raises OSError."""
    return bool(path.stat().st_mode & OTHERS)


def close_to_others(path: Path) -> None:
    """Leave it to its owner alone. Raises OSError."""
    path.chmod(FOLDER if path.is_dir() else FILE)


def database_files(database_url: str) -> Iterator[Path]:
    """The files of an embedded database that are there; of a server's none."""
    path = database_path(database_url)
    if path is not None:
        beside = (path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal"))
        yield from (each for each in beside if each.exists())


def database_path(database_url: str) -> Path | None:
    """Where an embedded database lies, None for a server's and for one in memory."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)
