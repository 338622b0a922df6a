"""Keys as files of a folder: for one application host, or several that share the folder."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from app.ballots.keys.store import KeyStore, KeyUnavailable, checked


class FolderKeyStore(KeyStore):
    """Keys as files that only the service's account can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> None:
        """A folder has no settings of its own; who may read it is mended at start."""

    def keep(self, owner: UUID | None, key: bytes) -> None:
        try:
            _link_key(self._path(owner), key)
        except OSError as error:
            raise KeyUnavailable from error

    def find(self, owner: UUID | None) -> bytes | None:
        try:
            return checked(self._path(owner).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyUnavailable from error

    def held(self) -> list[UUID]:
        found = []
        for path in (self._folder / "sessions").glob("*.key"):
            with suppress(ValueError):  # somebody else's file
                found.append(UUID(path.stem))
        return found

    def erase(self, owner: UUID | None) -> None:
        path = self._path(owner)
        try:
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except FileNotFoundError:
            pass  # no key was ever kept in that folder
        except OSError as error:
            raise KeyUnavailable from error

    def _path(self, owner: UUID | None) -> Path:
        if owner is None:
            return self._folder / "operator.key"
        return self._folder / "sessions" / f"{owner}.key"


def _link_key(path: Path, key: bytes) -> None:
    """Write the key unless the file is there, and force it to the disk."""
    # A link makes the whole file appear at once, so that no reader meets half a key.
    for folder in reversed((path.parent, *path.parent.parents)):
        folder.mkdir(exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Force to the disk which files there are, so that no power cut takes one or brings it back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
