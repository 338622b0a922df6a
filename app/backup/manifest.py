"""What a backup says of itself: `manifest.json`, and `SHA256SUMS` over all of its files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from app.backup.faults import BackupFault, Damaged
from app.backup.folders import FileFacts, facts_of, write_private

FORMAT = "yueyuetan-backup/1"
MANIFEST, SUMS, HEADS, ATTACHMENTS = (
    "manifest.json",
    "SHA256SUMS",
    "heads.json",
    "attachments.json",
)


@dataclass(frozen=True)
class Manifest:
    """`taken_at` is RFC 3339 in UTC, `counts` are rows by their kind; `open_votes` are the ids of
    votes that were open. `files` are all of the backup's but this one and the sums."""

    engine: str
    engine_version: str
    revision: str
    taken_at: str
    files: Mapping[str, FileFacts]
    counts: Mapping[str, int]
    open_votes: tuple[str, ...]

    def to_json(self) -> bytes:
        """The bytes of `manifest.json`."""
        files = {name: facts._asdict() for name, facts in self.files.items()}
        return as_json({"format": FORMAT, **asdict(self), "files": files})

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError for data of another shape."""
        if data["format"] != FORMAT:
            raise ValueError
        files = {name: FileFacts(**facts) for name, facts in data["files"].items()}
        return cls(
            engine=data["engine"],
            engine_version=data["engine_version"],
            revision=data["revision"],
            taken_at=data["taken_at"],
            files=files,
            counts=data["counts"],
            open_votes=tuple(data["open_votes"]),
        )


def as_json(data: Any) -> bytes:
    """JSON that a person can read."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Finish a backup: the manifest, and a list that `sha256sum -c SHA256SUMS` understands."""
    write_private(folder / MANIFEST, manifest.to_json())
    facts = {**manifest.files, MANIFEST: facts_of(folder / MANIFEST)}
    lines = [f"{each.sha256}  {name}\n" for name, each in sorted(facts.items())]
    write_private(folder / SUMS, "".join(lines).encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a whole backup. Raises Damaged, and BackupFault where there is none."""
    if not (folder / MANIFEST).is_file() or not (folder / SUMS).is_file():
        raise BackupFault(f"{folder} 不是一份备份", f"{folder} is no backup")
    for name, expected in _read_sums(folder).items():
        _require(folder / name, expected)
    try:
        return Manifest.from_data(json.loads((folder / MANIFEST).read_bytes()))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Damaged(folder / MANIFEST, "读不懂", "cannot be understood") from None


def _read_sums(folder: Path) -> dict[str, str]:
    path = folder / SUMS
    try:
        lines = path.read_text("ascii").splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except ValueError:
        raise Damaged(path, "读不懂", "cannot be understood") from None
    found = {each.name for each in folder.iterdir()} - {SUMS}
    if found != sums.keys():
        names = "、".join(sorted(found ^ sums.keys()))
        raise Damaged(path, f"与文件不一致：{names}", f"and the files differ: {names}")
    return sums


def _require(path: Path, expected: str) -> None:
    try:
        found = facts_of(path).sha256
    except OSError as error:
        raise Damaged(path, "读不了", f"cannot be read ({error.strerror})") from None
    if found != expected:
        raise Damaged(path, "的指纹不符", "has another SHA-256")
