"""Find the Node that generates and compiles the client for TypeScript, and install its packages.

They lie in `.cache/` by the hash of their lock. Where there is no Node, or an older one, the tests
of `tests/clients` that need it are left out and counted. Like environment.py it needs nothing but
the standard library.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "tests" / "clients"
OLDEST = (20, 19)
HOW = (
    "没有找到 Node 20.19 以上和 npm，跳过 TypeScript 客户端和接口文件的检查 · "
    "There is no Node 20.19 or newer with npm: TypeScript client and linters are left out"
)


def find_node() -> str | None:
    """The path of the program; None where there is none, or one too old, or no npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    return node if version >= OLDEST else None


def install_packages() -> Path:
    """The folder `node_modules` with exactly what the lock says; fetched once for each lock."""
    lock = CLIENTS / "package-lock.json"
    folder = ROOT / ".cache" / "clients" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two test processes fetch once
        if not (folder / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, folder)
            # No package runs anything of its own while it is installed.
            npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(npm, cwd=folder, check=True, env={**os.environ, "CI": "1"})
            (folder / "complete").touch()
    return folder / "node_modules"
