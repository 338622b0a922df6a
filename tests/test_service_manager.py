"""What is told to systemd, over a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import service_manager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_states_arrive_as_lines_of_one_message(manager: socket.socket):
    environ = {"NOTIFY_SOCKET": manager.getsockname()}
    assert service_manager.tell(service_manager.READY, "STATUS=月", environ=environ)
    assert manager.recv(100).decode() == "READY=1\nSTATUS=月"


def test_abstract_address_is_understood():
    name = f"yueyuetan-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(5)
        assert service_manager.tell("WATCHDOG=1", environ={"NOTIFY_SOCKET": f"@{name}"})
        assert listener.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_without_a_manager_nothing_fails(address: str):
    assert not service_manager.tell("READY=1", environ={"NOTIFY_SOCKET": address})


def test_manager_that_does_not_listen_holds_nobody_up(manager: socket.socket):
    environ = {"NOTIFY_SOCKET": manager.getsockname()}
    told = [service_manager.tell("WATCHDOG=1", environ=environ) for _ in range(5000)]
    assert told[0]
    assert not told[-1]


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_pings_come_twice_in_the_time_allowed(environ: dict[str, str], seconds: float | None):
    assert service_manager.ping_seconds(environ) == seconds
