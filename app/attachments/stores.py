"""Where the bytes lie: a folder, or a bucket of an S3-compatible service."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.attachments.refusals import StoreUnavailable
from app.config import Settings

# The client raises Python's own errors too: a bucket that is not there is a file not found.
FAULTS = (BaseError, OSError)


class Store(Protocol):
    """Bytes under keys that we make: `2026-03-12/0198c0de-…`."""

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; when this returns, it outlives a crash. Raises StoreUnavailable."""

    def get(self, key: str) -> bytes | None:
        """The content, None where there is none. Raises StoreUnavailable."""

    def delete(self, key: str) -> None:
        """Forget the content, if there is any. Raises StoreUnavailable."""

    def keys(self, folder: str) -> Iterator[str]:
        """All keys of one folder. Raises StoreUnavailable."""


def make_store(settings: Settings) -> Store:
    """The store that the settings name."""
    if settings.s3_bucket:
        return S3(settings)
    return Folder(settings.attachment_folder)


class Folder:
    """A folder of this machine, readable by the service's account alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, content: bytes) -> None:
        path = self._root / key
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                draft.rename(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            for folder in (path.parent, self._root):
                _sync(folder)
        except OSError:
            raise StoreUnavailable from None

    def get(self, key: str) -> bytes | None:
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise StoreUnavailable from None

    def delete(self, key: str) -> None:
        try:
            (self._root / key).unlink(missing_ok=True)
        except OSError:
            raise StoreUnavailable from None

    def keys(self, folder: str) -> Iterator[str]:
        try:
            names = sorted(os.listdir(self._root / folder))
        except FileNotFoundError:
            return
        except OSError:
            raise StoreUnavailable from None
        yield from (f"{folder}/{name}" for name in names)


def _sync(folder: Path) -> None:
    """A new name is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class S3:
    """A bucket, addressed by path, as MinIO, Ceph and the clouds understand it."""

    def __init__(self, settings: Settings) -> None:
        self._store = S3Store(
            settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key,
            secret_access_key=settings.s3_secret_key,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": settings.s3_endpoint.startswith("http://"),
                # Twice this for each of two files is less than a worker may be silent.
                "timeout": "6s",
                "connect_timeout": "3s",
            },
            retry_config={"max_retries": 1},
        )

    def put(self, key: str, content: bytes) -> None:
        try:
            self._store.put(key, content, use_multipart=False)
        except FAULTS:
            raise StoreUnavailable from None

    def get(self, key: str) -> bytes | None:
        try:
            return bytes(self._store.get(key).bytes())
        except FileNotFoundError:
            return None
        except FAULTS:
            raise StoreUnavailable from None

    def delete(self, key: str) -> None:
        try:
            self._store.delete(key)
        except FileNotFoundError:
            return
        except FAULTS:
            raise StoreUnavailable from None

    def keys(self, folder: str) -> Iterator[str]:
        try:
            for page in self._store.list(f"{folder}/"):
                yield from (each["path"] for each in page)
        except FAULTS:
            raise StoreUnavailable from None
