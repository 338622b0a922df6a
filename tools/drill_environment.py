"""Show that nothing that appears in an index after the lock was made matters to who installs it.

`python tools/drill_environment.py` fetches the locked files once, puts a newer release and another
file of the same release beside each of them, and installs from that with the oldest pip that a
supported Python brings and with those that many machines have. Each pip is also told to leave out
what keeps it to the lock, and has to fail then: else this would show nothing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from environment import ROOT, WHOLE_LOCK, canonical, install_command
from small_wheels import make_wheel

# What CPython 3.11.0, Debian 12 and CPython 3.11.4 to 3.12.2 bring.
PIPS = ("22.3", "23.0.1", "23.2.1")
NEWER = "9999.0"
# coverage[toml] is asked for by a plugin of pytest; whoever looks it up anew shall find the extra.
EXTRAS = ("toml", "crypto", "binary", "format", "standard")


def main() -> None:
    """Run the drill; exits with what went wrong."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        python = make_venv(folder / "first")
        locked = fetch(python, files)
        offer_newer(locked, files)
        index = make_index(folder / "simple", files)
        for version in PIPS:
            check_pip(version, folder / version, index, locked)
        install_whole(folder / PIPS[0], index, locked)


def make_venv(folder: Path) -> Path:
    """The Python of an empty environment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin" / "python"


def fetch(python: Path, files: Path) -> dict[str, str]:
    """Put the locked files that this machine needs, and the old pips, into a folder; the versions
    of the locked ones by name."""
    get = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", files]
    strict = ["--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*get, *strict, "-r", ROOT / WHOLE_LOCK], check=True)
    locked = dict(path.name.split("-")[:2] for path in files.iterdir())
    for version in PIPS:
        subprocess.run([*get, f"pip=={version}"], check=True)
    return {canonical(name): version for name, version in locked.items()}


def offer_newer(locked: Mapping[str, str], files: Path) -> None:
    """Put a newer release and another file of the same release beside each locked file."""
    for name, version in locked.items():
        make_wheel(files, name, NEWER, extras=EXTRAS)
        make_wheel(files, name, version, extras=EXTRAS, build="9999")


def make_index(index: Path, files: Path) -> str:
    """The address of an index of these files: a page a package, with the hash of each file."""
    for path in sorted(files.iterdir()):
        page = index / canonical(path.name.partition("-")[0]) / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with page.open("a") as lines:
            lines.write(f'<a href="{path.as_uri()}#sha256={digest}">{path.name}</a>\n')
    return index.as_uri()


def check_pip(version: str, folder: Path, index: str, locked: Mapping[str, str]) -> None:
    """What this pip would install is the lock; without what keeps it to that, it fails."""
    python = make_venv(folder / ".venv")
    only = only_from(index)
    bring = [python, "-m", "pip", "install", "--quiet", f"pip=={version}"]
    subprocess.run(bring, check=True, env=only)
    command = [*install_command(python, ROOT / WHOLE_LOCK), "--dry-run", "--report", "-"]
    found = subprocess.run(command, env=only, stdout=subprocess.PIPE, check=True)
    planned = [each["metadata"] for each in json.loads(found.stdout)["install"]]
    expect(f"pip {version}", {canonical(each["name"]): each["version"] for each in planned}, locked)
    careless = [word for word in command if word != "--no-deps"]
    failed = subprocess.run(careless, env=only, capture_output=True, text=True)
    if not failed.returncode or "versions pinned" not in failed.stderr:
        sys.exit(f"pip {version} without --no-deps was not refused: {failed.stderr}")
    print(f"pip {version}: {len(planned)} packages as locked; without --no-deps it fails")


def install_whole(project: Path, index: str, locked: Mapping[str, str]) -> None:
    """Install by the project's own script, into the environment with the oldest pip."""
    (project / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "environment.py", project / "tools")
    for lock in ROOT.glob("requirements*.txt"):
        shutil.copy(lock, project)
    script = [sys.executable, project / "tools" / "environment.py", "dev"]
    # Compiling is most of the time and changes nothing.
    subprocess.run(script, check=True, env={**only_from(index), "PIP_NO_COMPILE": "1"})
    listing = [project / ".venv" / "bin" / "python", "-m", "pip", "freeze"]
    lines = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split()
    found = {canonical(name): version for name, _, version in (x.partition("==") for x in lines)}
    expect(f"installed by pip {PIPS[0]}", found, locked)
    print(f"pip {PIPS[0]}: {len(found)} packages installed as locked, none broken")


def only_from(index: str) -> dict[str, str]:
    """The environment in which pip knows this index and nothing else."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**own, **quiet, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index}


def expect(what: str, found: Mapping[str, str], locked: Mapping[str, str]) -> None:
    differing = sorted(dict(found.items() ^ locked.items()))
    if differing:
        sys.exit(f"{what}: not as locked: {', '.join(differing)}")


if __name__ == "__main__":
    main()
