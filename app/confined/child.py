"""The child: one function, with limits that it cannot lift. It is run as a file, not imported.

`python -I child.py LIMITS` reads a frame `{"function": "module:name", "given": [...]}` and writes
one: `{"made": ...}`, `{"refused": [code, zh, en]}` or `{"failed": name of the exception}`.
"""

import importlib
import json
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from types import ModuleType
from typing import Any

if __name__ == "__main__":
    # Let `app.…` be imported without `app` itself, which would load the web server's half of the
    # library: a second of time, and much that this process has no use for.
    package = ModuleType("app")
    package.__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    sys.modules["app"] = package

from app.confined.frames import pack, read_frame
from app.kit.errors import DomainError

MOST_TO_READ = 256 * 1024 * 1024  # more than any body that is let in
MEMORY, CPU = resource.RLIMIT_AS, resource.RLIMIT_CPU


def main() -> None:
    """Do what the parent asks, and end."""
    limits: dict[str, float] = json.loads(sys.argv[1])
    limit_time(limits["cpu_seconds"], limits["wall_seconds"])
    limit(MEMORY, int(limits["memory_bytes"]))
    go_first_when_memory_ends()
    from_parent, to_parent = sys.stdin.buffer, sys.stdout.buffer
    asked = read_frame(from_parent, MOST_TO_READ)
    threading.Thread(target=die_with_the_parent, daemon=True).start()
    module, _, name = asked["function"].partition(":")
    function = getattr(importlib.import_module(module), name)
    close_the_doors()
    to_parent.write(pack(answer(function, asked["given"])))
    to_parent.flush()
    os._exit(0)  # nothing here needs to be put away


def answer(function: Any, given: list[Any]) -> dict[str, Any]:
    """What the function returns, or how it refused, or by what it failed."""
    try:
        return {"made": function(*given)}
    except Exception as error:  # whatever it is, the parent is told its name
        if isinstance(error, DomainError):
            return {"refused": [error.code, error.detail_zh, error.detail_en]}
        return {"failed": type(error).__name__}


def limit_time(cpu_seconds: float, wall_seconds: float) -> None:
    """Have the kernel kill this process, also when the parent is gone."""
    for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)
    limit(CPU, int(cpu_seconds) + 1)
    limit(resource.RLIMIT_CORE, 0)


def limit(what: int, most: int) -> None:
    """Lower a limit for good, where the system knows it: macOS bounds no address space."""
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (most, most))


def go_first_when_memory_ends() -> None:
    """Where the machine's or the container's memory ends, Linux kills this process, no worker."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def close_the_doors() -> None:
    """From here on no file and no socket can be opened, nothing written, no process started.

    What the function needs of the library is loaded by now: it stands at the top of its module.
    """
    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        limit(what, 0)


def die_with_the_parent() -> None:
    """The parent writes no more, but keeps the pipe open for as long as it lives."""
    sys.stdin.buffer.read(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
