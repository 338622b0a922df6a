"""The key store: a folder outside the database and its backups.

It holds one random key for each session or resolution, which turns a voter into a slot, and the
operator's Ed25519 key, which signs promises. Without a session's key its ballots lead to nobody.
"""

import hashlib
import hmac
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.errors import DomainError

KEY_BYTES = 32


class KeyUnavailable(DomainError):
    status, code = 503, "key_unavailable"
    zh, en = "投票密钥暂时不可用，请稍后再试", "The voting key is not available, try again shortly"


class KeyStore:
    """Keys as files that only the service's account can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create_session_key(self, session_id: UUID) -> None:
        """Make the session's key; one that is there already stays. Raises KeyUnavailable."""
        _write_once(self._session_path(session_id))

    def held(self) -> list[UUID]:
        """Whose keys are held now, those of sessions and of resolutions."""
        found = []
        for path in (self._folder / "sessions").glob("*.key"):
            with suppress(ValueError):  # somebody else's file
                found.append(UUID(path.stem))
        return found

    def erase(self, session_id: UUID) -> None:
        """Forget the session's key for good; one that is gone already is no error.

        Raises KeyUnavailable.
        """
        path = self._session_path(session_id)
        try:
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise KeyUnavailable(retry_after=5) from error

    def slot(self, session_id: UUID, voter_id: UUID) -> bytes:
        """The 32 bytes under which this voter's ballot lies. Raises KeyUnavailable."""
        key = _read(self._session_path(session_id))
        return hmac.digest(key, voter_id.bytes, hashlib.sha256)

    def sign(self, message: bytes) -> bytes:
        """The operator's Ed25519 signature (64 bytes, the same for the same message)."""
        return self._operator_key().sign(message)

    def operator_public_key(self) -> bytes:
        """The 32 bytes with which anyone checks a promise."""
        return self._operator_key().public_key().public_bytes_raw()

    def _operator_key(self) -> Ed25519PrivateKey:
        path = self._folder / "operator.key"
        if not path.exists():
            _write_once(path)
        return Ed25519PrivateKey.from_private_bytes(_read(path))

    def _session_path(self, session_id: UUID) -> Path:
        return self._folder / "sessions" / f"{session_id}.key"


def _write_once(path: Path) -> None:
    """Write 32 random bytes unless the file is there, and force them to the disk."""
    try:
        _link_new_key(path)
    except OSError as error:
        raise KeyUnavailable(retry_after=5) from error


def _link_new_key(path: Path) -> None:
    # A link makes the whole file appear at once, so that no reader meets half a key.
    for folder in reversed((path.parent, *path.parent.parents)):
        folder.mkdir(exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Force to the disk that a file is gone, so that no power cut brings it back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(retry_after=5) from error
    if len(key) != KEY_BYTES:  # a damaged key would lead each voter to a second ballot
        raise KeyUnavailable(retry_after=5)
    return key
