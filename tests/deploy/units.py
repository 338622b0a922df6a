"""What the units under `deploy/systemd` say."""

import shlex
import sys
from pathlib import Path

from tests.databases import ROOT

UNITS = ROOT / "deploy" / "systemd"
HOME = "/srv/yueyuetan"
NAMES = tuple(sorted(path.name for path in UNITS.iterdir()))


def read(unit: str) -> list[tuple[str, str, str]]:
    """The settings of a unit as (section, key, value), in their order."""
    section, found = "", []
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.append((section, key, value))
    return found


def values(unit: str, key: str) -> list[str]:
    """All values of a key."""
    return [value for _, name, value in read(unit) if name == key]


def command(unit: str, key: str = "ExecStart") -> list[str]:
    """The first command of a key, as this machine has the programs."""
    words = shlex.split(values(unit, key)[0])
    return [in_here(word) for word in words]


def in_here(word: str) -> str:
    """A path of the unit as it is in this checkout."""
    programs = f"{HOME}/.venv/bin"
    if word.startswith(programs):
        return str(Path(sys.executable).parent) + word.removeprefix(programs)
    return word.replace(HOME, str(ROOT))
