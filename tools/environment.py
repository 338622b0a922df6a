"""Make `.venv` and install the locked packages: `python3 tools/environment.py runtime|dev`.

It installs only when the lock has changed since the last time; `dev` holds all of `runtime`. It
runs on the machine's own Python, so it needs nothing but the standard library.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
LOCKS = {
    "runtime": ["requirements.txt"],
    "dev": ["requirements.txt", "requirements-dev.txt"],
}
NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"
HAS_VENV = "import ensurepip, venv"


def main():
    """Make what the argument names. Exits with a message where the machine lacks something."""
    locks = LOCKS[sys.argv[1]]
    # Two targets at once must not install into one folder; the lock ends with this process.
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    found = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in locks}
    is_usable = runs(VENV_PYTHON, NEW_ENOUGH)
    installed = json.loads(STAMP.read_text()) if is_usable and STAMP.exists() else {}
    if installed.get(locks[-1]) == found[locks[-1]]:
        return
    if not is_usable:
        make_venv()
    say(f"安装依赖 {locks[-1]}", "installing the locked packages")
    STAMP.unlink(missing_ok=True)
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock is the whole list. Left to itself, pip up to 23.2 asks the index for the newest
    # release of a dependency that names an extra, and refuses it for want of a hash.
    if subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", ROOT / locks[-1]]).returncode:
        sys.exit("依赖安装失败,请检查网络后重试 · installing failed; check the network, try again")
    check = subprocess.run([VENV_PYTHON, "-m", "pip", "check"], capture_output=True, text=True)
    if check.returncode:
        sys.stderr.write(check.stdout + check.stderr)
        sys.exit("锁定文件不完整,请 make lock · the lock is incomplete: make lock")
    STAMP.write_text(json.dumps(found))


def make_venv():
    """Make an empty environment with a Python that is new enough."""
    python = find_python()
    if not runs(python, HAS_VENV):
        add_venv_package(python)
    say("建立虚拟环境 .venv", "making a virtual environment")
    subprocess.run([python, "-m", "venv", "--clear", VENV], check=True)


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
