"""What a service tells systemd, or any manager that sets NOTIFY_SOCKET (sd_notify(3)).

It lies outside the application, so that gunicorn's master may use it without loading that: what
the master has loaded, a reload would not load anew. Without a manager nothing is said and nothing
fails.
"""

import os
import socket
from collections.abc import Mapping

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"
PINGS_IN_TIME = 2


def tell(*states: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell the manager these states, such as READY or `STATUS=...`; whether one was told.

    A manager that cannot be reached is no reason to stop serving: it will notice the silence.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A leading @ stands for Linux's abstract namespace.
    address = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
            connection.setblocking(False)  # nobody waits for a manager that does not listen
            connection.connect(address)
            connection.sendall("\n".join(states).encode())
    except OSError:
        return False
    return True


def ping_seconds(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often ALIVE is to be told: twice in the time that the manager allows. None where it
    watches nobody, or another process than this one."""
    allowed = environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(allowed) / 1_000_000 / PINGS_IN_TIME
