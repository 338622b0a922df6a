"""Fetch the browser libraries that we serve ourselves: `python tools/vendor.py`.

Asks npm for each package of PACKAGES, refuses an archive whose sha512 is not the pinned one, and
puts the named files under app/static/vendor. The result is committed, so that running the
application needs neither npm nor a network. To raise a version, change its row and run this again.
"""

import base64
import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "app" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """An npm package: `integrity` as npm prints it, `files` as they lie in its root."""

    name: str
    version: str
    integrity: str
    folder: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        name="swagger-ui-dist",
        version="5.35.0",
        integrity="sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn"
        "/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        folder="swagger-ui",
        files=(
            "LICENSE",
            "NOTICE",
            "swagger-ui-bundle.js",
            "swagger-ui-bundle.js.LICENSE.txt",
            "swagger-ui.css",
        ),
    ),
    Package(
        name="@noble/ed25519",
        version="3.2.0",
        integrity="sha512-criDgRlnUA09hchYrTy/JUWPIEap5rZxQe6wDWzRx51oWWpDRcUpuNzlgPxD"
        "JaOK6AsW9c0wKcj3rKRv6t+bPQ==",
        folder="noble-ed25519",
        files=("LICENSE", "index.js"),
    ),
    Package(
        name="@noble/hashes",
        version="2.4.0",
        integrity="sha512-X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcp"
        "UfoUrGQp4Fkoxm5kZ+Ms+aW+eA==",
        folder="noble-hashes",
        files=("LICENSE", "_md.js", "_u64.js", "sha2.js", "utils.js"),
    ),
)


def vendor(package: Package, into: Path) -> None:
    """Write the package's files below `into`. Raises SystemExit for an archive that is not ours."""
    with tempfile.TemporaryDirectory() as folder:
        archive = download(package, Path(folder))
        if integrity_of(archive) != package.integrity:
            raise SystemExit(
                f"{package.name}@{package.version}: 校验值不符 · the archive is not the pinned one"
            )
        extract(archive, package.files, into / package.folder)


def download(package: Package, folder: Path) -> Path:
    """The package's archive, as npm packs it."""
    subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = folder.glob("*.tgz")
    return archive


def integrity_of(archive: Path) -> str:
    """The archive's sha512 in the notation of npm."""
    digest = hashlib.sha512(archive.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def extract(archive: Path, files: tuple[str, ...], into: Path) -> None:
    """Write `files` from the archive's `package` folder. KeyError for one that is missing."""
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for name in files:
            content = tar.extractfile(tar.getmember(f"package/{name}"))
            if content is None:
                raise SystemExit(f"{name}: 不是文件 · not a file")
            (into / name).write_bytes(content.read())


if __name__ == "__main__":
    for package in PACKAGES:
        vendor(package, VENDOR)
