"""Make `.venv` and install the locked packages: `python3 tools/environment.py runtime|dev`.

It installs only when the lock has changed since the last time; `dev` holds all of `runtime`. It
runs on the machine's own Python, so it needs nothing but the standard library.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
# What is installed. It counts while nothing is under way: packages may be half there after that.
STAMP = VENV / "installed.json"
UNDER_WAY = VENV / "under-way"
LOCKS = {
    "runtime": ["requirements.txt"],
    "dev": ["requirements.txt", "requirements-dev.txt"],
}
WHOLE_LOCK = "requirements-dev.txt"
OF_EVERY_VENV = {"pip", "setuptools"}
NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"
HAS_VENV = "import ensurepip, venv"
# A newer Python in its place looks for packages elsewhere, and scripts name the folder of the venv.
IDENTITY = """
import sys, os, pip
assert sys.version_info >= (3, 11)
print(*sys.version_info[:2], os.path.realpath(sys.prefix))
"""
LISTING = """
import importlib.metadata, json
found = importlib.metadata.distributions()
print(json.dumps({each.metadata["Name"]: each.version for each in found}))
"""
PIN = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def main():
    """Make what the argument names. Exits with a message where the machine lacks something."""
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit(f"python3 tools/environment.py {'|'.join(LOCKS)}")
    locks = LOCKS[sys.argv[1]]
    # Two targets at once must not install into one folder; the lock ends with this process.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    hashes = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in locks}
    python, installed = identity(), read_stamp()
    needed = {"python": python, locks[-1]: hashes[locks[-1]]}
    if not UNDER_WAY.exists() and needed.items() <= installed.items():
        return
    if python is None or UNDER_WAY.exists() or installed.get("python", python) != python:
        make_venv()
    install(ROOT / locks[-1])
    write_stamp({"python": identity(), **hashes})


def identity():
    """Which Python `.venv` runs and where it lies; None where it has none that is of use."""
    try:
        found = subprocess.run([VENV_PYTHON, "-c", IDENTITY], capture_output=True, text=True)
    except OSError:
        return None
    return found.stdout.strip() if found.returncode == 0 else None


def read_stamp():
    """What was installed by the last run that came to its end."""
    try:
        return json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def write_stamp(stamp):
    """Keep what is installed, as a whole or not at all."""
    made = STAMP.with_suffix(".new")
    made.write_text(json.dumps(stamp))
    made.replace(STAMP)


def install(lock):
    """Bring the packages of `.venv` to those of a lock; exits where that cannot be done."""
    say(f"安装依赖 {lock.name}", "installing the locked packages")
    before = packages()
    UNDER_WAY.touch()
    if subprocess.run(install_command(VENV_PYTHON, lock)).returncode:
        if packages() == before:
            UNDER_WAY.unlink()
        sys.exit(
            "依赖安装失败,原因见上;检查网络后重试 · "
            "installing failed for the reason above; check the network, try again"
        )
    remove_strangers()
    STAMP.unlink(missing_ok=True)
    UNDER_WAY.unlink()
    check = pip("check")
    if check.returncode:
        sys.stderr.write(check.stdout + check.stderr)
        sys.exit("锁定文件不完整,请 make lock · the lock is incomplete: make lock")


def install_command(python, lock):
    """How pip is told to install a lock and nothing else.

    Left to itself, pip up to 23.2 asks the index for the newest release of a dependency that names
    an extra, and refuses it for want of a hash; a source archive brings a build tool that is in no
    lock.
    """
    quiet = ["--quiet", "--disable-pip-version-check"]
    strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [python, "-m", "pip", "install", *quiet, *strict, "-r", lock]


def remove_strangers():
    """Remove what no lock names: packages of an older lock, or those installed by hand."""
    locked = {canonical(name) for name in PIN.findall((ROOT / WHOLE_LOCK).read_text())}
    strangers = sorted(packages().keys() - locked - OF_EVERY_VENV)
    if strangers and pip("uninstall", "--yes", *strangers).returncode:
        sys.exit(f"无法删除 {' '.join(strangers)} · these packages cannot be removed")


def packages():
    """The versions of the packages in `.venv`, by name."""
    found = subprocess.run([VENV_PYTHON, "-c", LISTING], capture_output=True, text=True)
    versions = json.loads(found.stdout) if found.returncode == 0 else {}
    return {canonical(name): version for name, version in versions.items()}


def pip(*arguments):
    """Run pip in `.venv` and keep what it says."""
    command = [VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def make_venv():
    """Make an empty environment with a Python that is new enough."""
    python = find_python()
    if not runs(python, HAS_VENV):
        add_venv_package(python)
    say("建立虚拟环境 .venv", "making a virtual environment")
    if subprocess.run([python, "-m", "venv", "--clear", VENV]).returncode:
        sys.exit("建立虚拟环境失败,原因见上 · no environment could be made for the reason above")


def find_python():
    """The Python that runs this, or a newer one beside it."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    for python in (sys.executable, *map(shutil.which, names)):
        if python and runs(python, NEW_ENOUGH):
            return python
    sys.exit(
        "需要 Python 3.11 或更新版本(Debian:apt-get install python3 python3-venv) · "
        f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}"
    )


def add_venv_package(python):
    """Debian splits venv off; install it where we may, else say how."""
    version = "import sys; print(*sys.version_info[:2], sep='.')"
    minor = subprocess.check_output([python, "-c", version], text=True).strip()
    package = f"python{minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"安装 {package}", "installing it with apt-get")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-qq", *command], env=env)
    if not runs(python, HAS_VENV):
        sys.exit(
            f"缺少 venv 模块,请先安装:apt-get install python3-venv(或 {package}) · "
            "Python's venv is missing; install that package first"
        )


def runs(python, code):
    """Whether this Python runs the code without an error."""
    try:
        return subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def say(zh, en):
    sys.stderr.write(f"{zh} · {en}\n")


if __name__ == "__main__":
    main()
