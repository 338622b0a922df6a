"""Files that only the service's account reads, forced to the disk, and folders that appear whole
or not at all."""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.backup.faults import Busy

PARTIAL = ".partial-"


class FileFacts(NamedTuple):
    """How long a file is, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


def facts_of(path: Path) -> FileFacts:
    """Read a file for its facts. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFacts(file.tell(), digest)


def make_private(path: Path) -> Path:
    """An empty file, readable by its owner alone, for somebody else to fill. Raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that outlives a crash once this returns. Raises OSError."""
    make_private(path).write_bytes(content)
    sync(path)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file, or put another in its place, at one stroke. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_private(draft, content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file to a new one, forced to the disk. Raises OSError."""
    with source.open("rb") as read, make_private(target).open("wb") as written:
        shutil.copyfileobj(read, written, 1024 * 1024)
    sync(target)


def sync(path: Path) -> None:
    """Force a file, or which names a folder holds, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make it, and those above it, for the owner alone."""
    for folder in reversed((path, *path.parents)):
        folder.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def one_at_a_time(parent: Path) -> Iterator[None]:
    """Hold the folder, and clear away what a killed run left there. Raises Busy."""
    handle = os.open(parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("另一次备份正在进行", "another backup is under way") from None
        for left in parent.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(handle)


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes the name `target` when all went well and vanishes else."""
    draft = target.with_name(f"{PARTIAL}{target.name}")
    draft.mkdir(mode=0o700)
    try:
        yield draft
        for path in (*draft.iterdir(), draft):
            sync(path)
        draft.rename(target)
    except BaseException:  # also where somebody ends the run by hand
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync(target.parent)
