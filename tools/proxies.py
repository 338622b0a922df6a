"""Find the servers that stand before the application and in which tests start it:
`python3 tools/proxies.py` installs them if it can.

Where one is missing, its tests say so and are counted as skipped. Like environment.py it needs
nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys

# The program and Debian's package of it.
PROGRAMS = {
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "openssl": "openssl",
    "systemd-analyze": "systemd",
}
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def find(program: str) -> str | None:
    """The path of the program; None where there is none."""
    return shutil.which(program, path=PLACES)


def missing() -> list[str]:
    """The programs that are not there."""
    return [program for program in PROGRAMS if find(program) is None]


def main() -> None:
    """Install Debian's packages of what is missing where we may; else say what to do."""
    packages = [PROGRAMS[program] for program in missing()]
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(f"安装 · installing with apt-get: {' '.join(packages)}\n")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=env, stdout=subprocess.DEVNULL)
    if absent := missing():
        sys.stderr.write(
            f"没有找到 {'、'.join(absent)},用到的测试会跳过 · "
            f"missing, and their tests are skipped: {', '.join(absent)}\n"
        )


if __name__ == "__main__":
    main()
