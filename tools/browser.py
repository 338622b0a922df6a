"""Find the Chromium that the browser tests drive: `python3 tools/browser.py` installs it if it can.

`CHROMIUM` names another program; `YYT_WITHOUT_BROWSER=1` does without, and the tests say so. Like
environment.py it needs nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
HOW = (
    "没有找到 Chromium:请安装(Debian:apt-get install chromium),或用 CHROMIUM 指定程序;"
    "YYT_WITHOUT_BROWSER=1 跳过浏览器测试 · "
    "There is no Chromium: install it, or name the program in CHROMIUM; "
    "YYT_WITHOUT_BROWSER=1 leaves the browser tests out"
)


def find_browser() -> str | None:
    """The path of the program; None where there is none."""
    named = os.environ.get("CHROMIUM")
    found = map(shutil.which, [named] if named else NAMES)
    return next(filter(None, found), None)


def is_left_out() -> bool:
    """Whether somebody decided to test without a browser."""
    return os.environ.get("YYT_WITHOUT_BROWSER") == "1"


def main() -> None:
    """Install Debian's Chromium where it is missing and we may; else say what to do."""
    if is_left_out() or find_browser():
        return
    if not os.environ.get("CHROMIUM") and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write("安装 chromium · installing it with apt-get\n")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *command], env=env, stdout=subprocess.DEVNULL)
    if not find_browser():
        sys.stderr.write(f"{HOW}\n")


if __name__ == "__main__":
    main()
