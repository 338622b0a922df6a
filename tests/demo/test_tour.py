"""The demo as `make run` starts it, in a folder of its own, and the tour through it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import atoma
import httpx
import pytest

from tests import databases
from tests.demo.month import Month
from tests.demo.scene import Scene

PATIENCE_S = 60
NO_SETTING_OF_OURS = ("YYT_PROFILE", "DATABASE_URL", "SECRET_KEY", "KEY_STORE", "PUBLIC_URL")


@dataclass
class Demo:
    """A demo under way: its process, its folder and what `run.json` says."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    run: dict[str, Any]

    def tour(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.demo.tour"],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def feed(self) -> list[dict[str, Any]]:
        """The items of the compound's feed, whose pages a reader's library accepts."""
        path = f"/api/v1/board/compounds/{self.run['compound_id']}/feed.json"
        page: str | None = self.run["app"] + path
        items: list[dict[str, Any]] = []
        while page:
            answer = httpx.get(page, trust_env=False)
            found = answer.json()["items"]
            assert len(atoma.parse_json_feed_bytes(answer.content).items) == len(found)
            items += found
            page = answer.json().get("next_url")
        return items

    def processes(self) -> dict[int, str]:
        """All processes that were started for this demo, itself included, by their commands."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                command = command_of(folder, mark=f"DEMO_MARK={self.folder}")
                if command is not None:
                    found[int(folder.name)] = command
        return found

    def one_of(self, command: str) -> int:
        return min(pid for pid, found in self.processes().items() if command in found)


def command_of(process: Path, mark: str) -> str | None:
    """The command line of a living process that has the mark in its environment."""
    try:
        variables = (process / "environ").read_bytes().split(b"\0")
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return command if command and mark.encode() in variables else None


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in NO_SETTING_OF_OURS}
    return {**kept, "PYTHONPATH": str(databases.ROOT), **changes}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def demo(folder: Path, **changes: str) -> Iterator[Demo]:
    """Start the demo in a folder and wait for it; whatever the test does, nothing stays behind."""
    run_file, log = folder / "instance" / "run.json", folder / "log.txt"
    env = environment(PORT=free_port(), DEMO_MARK=str(folder), **changes)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.demo"], cwd=folder, env=env, stdout=output, stderr=output
        )
    try:
        until(lambda: run_file.exists() or process.poll() is not None, "run.json never came")
        assert process.poll() is None, log.read_text()
        yield Demo(process, folder, json.loads(run_file.read_text()))
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture
def demo_url(engine_name: str, tmp_path: Path) -> Iterator[str]:
    """A database of this engine; the demo's own default where that is SQLite."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'instance' / 'yueyuetan.db'}"
        return
    with databases.database(engine_name, tmp_path, os.environ.get("TEST_DATABASE_URL")) as url:
        yield url


def test_tour_twice_then_restart_keeps_the_data(tmp_path: Path, demo_url: str):
    with demo(tmp_path, DATABASE_URL=demo_url) as first:
        assert first.run.keys() == {
            "app",
            "wechat_control",
            "personas",
            "compound_id",
            "community_id",
            "take",
            "clock",
        }
        for _ in range(2):
            tour = first.tour()
            assert tour.returncode == 0, tour.stdout + tour.stderr
            assert "入选 · selected: M01 39, M04 37, M02 25" in tour.stdout
    assert first.process.returncode == 0
    assert first.processes() == {}

    last = json.loads((tmp_path / "instance" / "run.json").read_text())
    assert last["take"] == 2
    (tmp_path / "instance" / "run.json").unlink()
    with demo(tmp_path, DATABASE_URL=demo_url) as second:
        for name in ("take", "compound_id", "personas"):
            assert second.run[name] == last[name] != first.run[name]
        tallies = [i["title"] for i in second.feed() if i["_yueyuetan"]["kind"] == "TALLIED"]
    assert len(tallies) == 1


def test_tour_after_one_that_broke_off(tmp_path: Path):
    with demo(tmp_path) as running, httpx.Client(base_url=running.run["app"]) as http:
        scene = Scene(running.run, http)
        scene.log_everybody_in()
        Month(scene).plan_session()
        assert running.tour().returncode == 0


def test_demo_ends_when_a_part_dies(tmp_path: Path):
    with demo(tmp_path) as running:
        os.kill(running.one_of("gunicorn"), signal.SIGKILL)
        assert running.process.wait(PATIENCE_S) == 1
    assert running.processes() == {}
    assert "有进程意外结束" in (tmp_path / "log.txt").read_text()


def test_killed_demo_leaves_no_process(tmp_path: Path):
    with demo(tmp_path) as running:
        assert len(running.processes()) == 6  # itself, stand-in, gunicorn with two, finaliser
        running.process.kill()
        running.process.wait(PATIENCE_S)
        until(lambda: running.processes() == {}, f"left over: {running.processes()}")


def test_taken_port_is_told_at_once(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        started = start_in_vain(tmp_path, PORT=port)
    assert started.returncode == 1
    assert f"端口 {port} 不可用" in started.stderr
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [("PORT", "eight", "不是端口号"), ("YYT_PROFILE", "production", "正式环境不装演示数据")],
)
def test_senseless_setting_is_refused(tmp_path: Path, setting: str, value: str, complaint: str):
    started = start_in_vain(tmp_path, **{"PORT": free_port(), setting: value})
    assert started.returncode == 1
    assert complaint in started.stderr


def start_in_vain(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_tour_without_a_demo_says_what_to_do(tmp_path: Path):
    nobody = f"http://127.0.0.1:{free_port()}"
    run = {"app": nobody, "wechat_control": nobody, "personas": {"V01": {"openid": "o-1"}}}
    run_file = tmp_path / "run.json"
    run_file.write_text(json.dumps({**run, "compound_id": "1", "community_id": "2", "clock": "3"}))
    for path in (run_file, tmp_path / "absent.json"):
        tour = subprocess.run(
            [sys.executable, "-m", "tests.demo.tour", str(path)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert tour.returncode == 1
        assert "请先运行 make run" in tour.stderr
