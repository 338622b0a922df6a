"""Child processes that never outlive their parent."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import IO, Any, Self

PR_SET_PDEATHSIG = 1
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GOODBYE_S = 10
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildEnded(RuntimeError):
    """A process that should have gone on has ended."""


class Children:
    """Processes, each in a process group of its own. Leaving the block ends them all."""

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[str]] = {}

    def start(
        self, name: str, *arguments: str, env: dict[str, str], stdout: int | IO[str] | None = None
    ) -> subprocess.Popen[str]:
        """Run a module of ours or of a package: `start("server", "gunicorn", "-c", ...)`."""
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=env,
            stdout=stdout,
            text=True,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )
        self._children[name] = child
        return child

    def check(self) -> None:
        """Raises ChildEnded with the name and the exit code of the first that has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise ChildEnded(f"{name} (exit code {child.returncode})")

    def stop(self) -> None:
        """Ask all to end; then end by force what is left, also of those whose head has gone."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(GOODBYE_S)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if child.stdout is not None:
                child.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for end in ENDS:
            signal.signal(end, signal.SIG_IGN)  # a second Ctrl+C must not leave half of them
        self.stop()


def end_with_parent() -> None:
    """Let this process get SIGTERM when the one that started it ends (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _die_with_parent() -> Callable[[], Any] | None:
    """What the new process does first, so that it ends even if this one is killed (Linux only)."""
    return partial(_ask_to_die_with, os.getpid()) if _LIBC is not None else None


def _ask_to_die_with(parent: int) -> None:
    end_with_parent()
    if os.getppid() != parent:  # it had died before it was asked for
        os._exit(1)
