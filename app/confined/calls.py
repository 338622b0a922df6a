"""Calling a function in a child, and the one place on a host in which slow work is done."""

import fcntl
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Timer
from typing import IO, Any, Self, cast

from app.confined import child as child_program
from app.confined.frames import BrokenFrame, pack, read_frame
from app.confined.refusals import Busy, TooComplex, TookTooLong
from app.kit.errors import DomainError

log = logging.getLogger(__name__)

CHILD = child_program.__file__
RETRY_SECONDS = 2
MOST_TO_TELL = 64 * 1024 * 1024
# By one of these the kernel ends a child whose time is up.
OUT_OF_TIME = frozenset({-signal.SIGPROF, -signal.SIGXCPU, -signal.SIGALRM})


@dataclass(frozen=True)
class Limits:
    """What a child may use: seconds of one core, seconds by the clock, and address space."""

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int


def lock_of(instance: str) -> Path:
    """The lock of an instance of the application on this host. It lies with what is forgotten when
    the host starts anew, as a hardened service may write nothing beside its own code."""
    name = hashlib.sha256(instance.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"yueyuetan-{os.getuid()}" / f"{name}.lock"


class Confined:
    """A host's place for slow work. `lock` is a file of this host alone."""

    def __init__(self, lock: Path, limits: Limits) -> None:
        self._lock, self._limits = lock, limits

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold this host's only slot: of several workers at most one is ever held by slow work.

        The system lets it go when the process ends, however that comes. Raises Busy, at once,
        where another has it.
        """
        with self._held() as is_ours:
            if not is_ours:
                raise Busy(retry_after=RETRY_SECONDS)
            yield

    @contextmanager
    def _held(self) -> Iterator[bool]:
        try:
            self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._lock, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            log.error("no slot for slow work: %s", error)
            raise Busy(retry_after=RETRY_SECONDS) from None
        try:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield True
                return
            yield False
        finally:
            os.close(handle)

    def call(
        self,
        function: Callable[..., Any],
        *given: Any,
        refusals: tuple[type[DomainError], ...] = (),
        cpu_times: int = 1,
    ) -> Any:
        """What a function of a module makes of plain data (`frames`), in a child that may use so
        many times its seconds of a core.

        The function needs no more of `app` than modules that are plain Python. Raises those of
        `refusals` that it raises there; TookTooLong; TooComplex where it ends in any other way;
        Busy where the system can start no process.
        """
        asked = pack({"function": _name_of(function), "given": given})
        with (
            self._child(cpu_times) as child,
            _Deadline(child, self._limits.wall_seconds) as deadline,
        ):
            answer = _answer_to(asked, child)
            child.kill()
            status = child.wait()
        if answer is None and (deadline.has_passed or status in OUT_OF_TIME):
            raise TookTooLong
        return _made(answer, status, refusals)

    @contextmanager
    def _child(self, cpu_times: int) -> Iterator["subprocess.Popen[bytes]"]:
        """A fresh interpreter that inherits neither environment, descriptors nor terminal."""
        limits = replace(self._limits, cpu_seconds=self._limits.cpu_seconds * cpu_times)
        command = [sys.executable, "-I", CHILD, json.dumps(asdict(limits))]
        try:
            child = subprocess.Popen(  # noqa: S603 - our own words
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            log.error("no process for slow work: %s", error)
            raise Busy(retry_after=RETRY_SECONDS) from None
        try:
            yield child
        finally:  # also where the worker itself is told to end
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with suppress(BrokenPipeError):
                    cast("IO[bytes]", pipe).close()
            child.wait()


class _Deadline:
    """Kills a child at the end of its time, which ends every wait for it."""

    def __init__(self, child: "subprocess.Popen[bytes]", seconds: float) -> None:
        self.has_passed = False
        self._child = child
        self._timer = Timer(seconds, self._pass)
        self._timer.daemon = True

    def _pass(self) -> None:
        self.has_passed = True
        self._child.kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def _answer_to(asked: bytes, child: "subprocess.Popen[bytes]") -> dict[str, Any] | None:
    """What the child says, None where it ended before. Its input stays open: that it closes tells
    the child that we are gone."""
    to_child, from_child = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    with suppress(BrokenPipeError):
        to_child.write(asked)
        to_child.flush()
    try:
        answer: dict[str, Any] = read_frame(from_child, MOST_TO_TELL)
    except BrokenFrame:
        return None
    return answer


def _made(
    answer: dict[str, Any] | None, status: int, refusals: tuple[type[DomainError], ...]
) -> Any:
    match answer:
        case {"made": made}:
            return made
        case {"refused": [code, zh, en]}:
            for refusal in refusals:
                if refusal.code == code:
                    raise refusal(zh=zh, en=en)
    # Its memory was too small, a decoder crashed, the system killed it: nothing that we foresee.
    log.warning("a child failed: %s, status %d", (answer or {}).get("failed", "no answer"), status)
    raise TooComplex
