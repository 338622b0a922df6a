"""The child: what it may not do, what becomes of it, and the host's only slot."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.confined.calls import Confined, Limits
from app.confined.frames import BrokenFrame, pack, read_frame
from app.confined.refusals import Busy, TooComplex, TookTooLong
from tests.databases import ROOT

LIMITS = Limits(cpu_seconds=2, wall_seconds=20, memory_bytes=400_000_000)
PATIENCE_SECONDS = 20


@pytest.fixture
def confined(tmp_path: Path) -> Confined:
    return Confined(tmp_path / "lock", LIMITS)


def within(tmp_path: Path, **limits: float) -> Confined:
    return Confined(tmp_path / "lock", Limits(**{**vars(LIMITS), **limits}))


def test_child_answers_with_what_the_function_makes(confined: Confined):
    assert confined.call(max, [3, 17, 5]) == 17
    assert confined.call(os.path.join, "光", "影") == "光/影"


def test_worker_is_not_inherited(confined: Confined, monkeypatch: pytest.MonkeyPatch):
    """Neither settings, which hold secrets, nor connections, nor the folder that it runs in."""
    monkeypatch.setenv("SECRET_KEY", "a secret")
    assert confined.call(os.getenv, "SECRET_KEY") is None
    assert confined.call(os.getcwd) == "/"
    reading, writing = os.pipe()
    for descriptor in (reading, writing):
        os.set_inheritable(descriptor, True)
        with pytest.raises(TooComplex):
            confined.call(os.get_blocking, descriptor)
        os.close(descriptor)
    assert confined.call(os.get_blocking, 0) is True  # so it would be seen


def test_child_opens_nothing(confined: Confined, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = list(listener.getsockname())
        for function, given in (
            (os.listdir, [str(tmp_path)]),
            (os.open, [str(secret), os.O_RDONLY]),
            (socket.create_connection, [address]),
            (os.pipe, []),
        ):
            with pytest.raises(TooComplex):
                confined.call(function, *given)


@pytest.mark.parametrize(
    ("limits", "function", "given", "refusal"),
    [
        ({"cpu_seconds": 0.3}, pow, [3, 10**8], TookTooLong),
        ({"wall_seconds": 0.3}, time.sleep, [60], TookTooLong),
        ({}, bytes, [1_000_000_000], TooComplex),
        ({}, os.abort, [], TooComplex),
        ({}, os._exit, [0], TooComplex),
        ({}, os.kill, [0, signal.SIGKILL], TooComplex),
        ({}, int, ["no number"], TooComplex),
        ({}, set, [[1]], TooComplex),
    ],
    ids=["cpu", "wall", "memory", "crash", "silent", "killed", "bug", "no plain data"],
)
def test_whatever_happens_to_it_is_a_refusal(
    tmp_path: Path, limits: dict[str, float], function: Any, given: list[Any], refusal: Any
):
    began = time.monotonic()
    with pytest.raises(refusal):
        within(tmp_path, **limits).call(function, *given)
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert not [child for child in children_of(os.getpid()) if state_of(child) == "Z"]


def test_one_has_the_slot_and_others_are_told_at_once(tmp_path: Path):
    first, second = (within(tmp_path) for _ in range(2))
    with first.slot():
        began = time.monotonic()
        with pytest.raises(Busy) as told, second.slot():
            pytest.fail("two have it")
        assert time.monotonic() - began < 1
        assert told.value.retry_after
    with second.slot():
        pass
    with pytest.raises(RuntimeError), first.slot():
        raise RuntimeError
    with second.slot():
        pass


def test_no_place_for_the_lock_is_no_server_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Busy), Confined(tmp_path / "file" / "lock", LIMITS).slot():
        pytest.fail("there is no slot")


PARENT = """
import sys, time
from pathlib import Path
from app.confined.calls import Confined, Limits
confined = Confined(Path(sys.argv[1]), Limits(5, 20, 400_000_000))
with confined.slot():
    print("held", flush=True)
    confined.call(time.sleep, 20)
"""


def test_child_and_slot_go_with_a_worker_that_is_killed(tmp_path: Path, confined: Confined):
    command = [sys.executable, "-c", PARENT, str(tmp_path / "lock")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"held\n"
        (child,) = until(lambda: children_of(parent.pid))
        with pytest.raises(Busy), confined.slot():
            pytest.fail("it is held")
        parent.kill()
    with confined.slot():
        pass
    assert until(lambda: state_of(child) in ("", "Z"))


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(each) for each in found.stdout.split()]


def state_of(pid: int) -> str:
    """A letter as ps prints it: Z for a zombie, nothing where there is no such process."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout[:1].strip()


def until(question: Any) -> Any:
    """The answer once it is one."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (answer := question()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return answer


@pytest.mark.parametrize(
    "value", [None, [1, "光", None, b"\xff\x00", {"a": [b"", b"x" * 100_000]}], "\ud800"]
)
def test_frame_is_read_as_it_was_packed(value: Any):
    stream = io.BytesIO(pack(value) + b"more")
    assert read_frame(stream, 1_000_000) == value
    assert stream.read() == b"more"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        bytes(7),
        pack(b"x" * 100)[:-1],
        pack("x" * 2_000),
        (24).to_bytes(8) + (16).to_bytes(8) + b'{"bytes":100000}',
        (24).to_bytes(8) + (16).to_bytes(8) + b'{"bytes":  null}',
        (24).to_bytes(8) + (16).to_bytes(8) + b"[[[[[[[[[[[[[[[[",
        (1008).to_bytes(8) + (1000).to_bytes(8) + b"[" * 1000,
    ],
)
def test_broken_frame_is_told_from_a_good_one(sent: bytes):
    with pytest.raises(BrokenFrame):
        read_frame(io.BytesIO(sent), 1_500)


def test_two_threads_have_children_of_their_own(confined: Confined):
    answers: list[int] = []
    threads = [Thread(target=lambda n=n: answers.append(confined.call(max, [n]))) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [1, 2]
