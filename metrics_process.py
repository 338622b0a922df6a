"""The process beside gunicorn's workers that tells `/metrics` on an address of its own.

gunicorn's master starts and ends it. Like `service_manager`, it is no part of the application, so
that the master need not load that: what the master has loaded, a reload would not load anew.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

PRODUCTION_BIND = "127.0.0.1:9110"
OFF = "off"
# Workers count in files of this folder, and the process beside them adds them up.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
NOT_ITS_OWN = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID")
END_WITHIN_S = 5


def bind_address(environ: Mapping[str, str]) -> tuple[str, int] | None:
    """Where figures are told, None where they are not. Raises ValueError for what is no address.

    In development they are told only where METRICS_BIND says so.
    """
    is_production = environ.get("YYT_PROFILE") == "production"
    text = environ.get("METRICS_BIND") or (PRODUCTION_BIND if is_production else OFF)
    if text == OFF:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host.strip("[]"), int(port)


def prepare(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Before anything counts: name the folder in which workers do. Whether figures are told."""
    try:
        is_told = bind_address(environ) is not None
    except ValueError:  # the application refuses to start, and says so in words
        is_told = False
    if is_told:
        environ.setdefault(FOLDER, str(Path("instance/metrics").absolute()))
    return is_told


def wipe() -> None:
    """Begin anew: what another run has counted is not added to this one's."""
    folder = Path(os.environ[FOLDER])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def forget(worker_pid: int) -> None:
    """A worker is gone: what it was doing, it does no more; what it has done still counts."""
    # As prometheus_client does, which must not be loaded here: it looks for the folder when it is.
    for path in Path(os.environ[FOLDER]).glob(f"gauge_live*_{worker_pid}.db"):
        path.unlink(missing_ok=True)


def start(app_uri: str) -> "subprocess.Popen[bytes]":
    """Start it as a child of this process, with which it ends however that ends."""
    command = [sys.executable, "-m", "flask", "--app", app_uri, "metrics"]
    environ = {name: value for name, value in os.environ.items() if name not in NOT_ITS_OWN}
    return subprocess.Popen(  # noqa: S603 - our own words
        [*command, "--parent", str(os.getpid())], env=environ
    )


def end(process: "subprocess.Popen[bytes] | None") -> None:
    """End it, if it runs."""
    if process is None:
        return
    process.terminate()
    try:
        process.wait(timeout=END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
