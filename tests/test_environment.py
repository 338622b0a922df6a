"""tools/environment.py on a project of two small wheels: whole, interrupted, offline, changed.

No index is asked: the wheels lie in a folder. `tools/drill_environment.py` tries the project's own
locks with old pips.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import ROOT
from tools.small_wheels import make_wheel, pin

ENVIRONMENT = ROOT / "tools" / "environment.py"


class Project:
    """A folder with locks of its own, an index that is a folder, and an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder, folder / "index"
        (folder / "tools").mkdir()
        self.index.mkdir()
        shutil.copy(ENVIRONMENT, folder / "tools")
        self.lock(
            self.wheel("served", "1.0", requires=["asked[fast]>=1"]), self.wheel("asked", "1.0")
        )

    def wheel(self, name: str, version: str, **more: Any) -> str:
        """Put a wheel into the index; the line of a lock that names it."""
        return pin(make_wheel(self.index, name, version, extras=["fast"], **more))

    def lock(self, *runtime: str, dev: str = "") -> None:
        (self.folder / "requirements.txt").write_text("".join(runtime))
        (self.folder / "requirements-dev.txt").write_text("".join(runtime) + dev)

    def command(self, target: str) -> list[str]:
        return [sys.executable, str(self.folder / "tools" / "environment.py"), target]

    def settings(self, **others: str) -> dict[str, str]:
        """pip with this index and nothing else."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        found = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index)}
        return {**own, "PIP_CONFIG_FILE": os.devnull, **(others or found)}

    def make(self, target: str = "runtime", **others: str) -> subprocess.CompletedProcess[str]:
        settings = self.settings(**others)
        return subprocess.run(self.command(target), env=settings, capture_output=True, text=True)

    def can_import(self, *names: str) -> list[bool]:
        python = self.folder / ".venv" / "bin" / "python"
        tries = [[python, "-c", f"import {name}"] for name in names]
        return [subprocess.run(each, capture_output=True).returncode == 0 for each in tries]

    @property
    def packages(self) -> Path:
        (found,) = (self.folder / ".venv" / "lib").glob("python*/site-packages")
        return found


NOTHING_THERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose environment was made; tests leave it as whole as they found it."""
    project = Project(tmp_path_factory.mktemp("project"))
    made = project.make()
    assert made.returncode == 0, made.stderr
    return project


@pytest.fixture
def project(whole: Project) -> Iterator[Project]:
    locks = {path: path.read_text() for path in whole.folder.glob("requirements*.txt")}
    yield whole
    for path, text in locks.items():
        path.write_text(text)
    assert whole.make().returncode == 0
    assert whole.can_import("served", "asked") == [True, True]


def test_environment_is_made_once(project: Project):
    assert project.can_import("served", "asked") == [True, True]
    again = project.make(**NOTHING_THERE)
    assert (again.returncode, again.stderr) == (0, "")


def test_newer_release_does_not_matter(project: Project):
    project.wheel("asked", "2.0")
    (project.folder / ".venv" / "installed.json").unlink()
    made = project.make()
    assert made.returncode == 0, made.stderr
    assert [path.name for path in project.packages.glob("asked-*")] == ["asked-1.0.dist-info"]


def test_without_an_index_a_changed_lock_is_refused_and_the_old_one_still_holds(project: Project):
    old = (project.folder / "requirements.txt").read_text()
    project.lock(old, project.wheel("late", "1.0"))
    failed = project.make(**NOTHING_THERE)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].endswith("check the network, try again")
    project.lock(old)
    assert project.make(**NOTHING_THERE).returncode == 0


def test_changed_lock_brings_what_is_new_and_takes_away_what_is_gone(project: Project):
    old = (project.folder / "requirements.txt").read_text()
    project.lock(old, project.wheel("late", "1.0"))
    assert project.make().returncode == 0
    assert project.can_import("late") == [True]
    project.lock(old)
    assert project.make().returncode == 0
    assert project.can_import("late", "asked") == [False, True]


def test_runtime_leaves_what_only_developers_need(project: Project):
    old = (project.folder / "requirements.txt").read_text()
    project.lock(old, dev=project.wheel("tried", "1.0"))
    assert project.make("dev").returncode == 0
    project.lock(old, project.wheel("late", "1.0"), dev=project.wheel("tried", "1.0"))
    assert project.make("runtime").returncode == 0
    assert project.can_import("late", "tried") == [True, True]


def test_incomplete_lock_is_refused_each_time(project: Project):
    served, _ = (project.folder / "requirements.txt").read_text().splitlines(keepends=True)
    project.lock(served)
    for _ in range(2):
        failed = project.make()
        assert failed.returncode == 1
        assert "the lock is incomplete: make lock" in failed.stderr
        assert "asked" in failed.stderr


def test_other_file_of_a_locked_release_is_refused(project: Project):
    old = (project.folder / "requirements.txt").read_text()
    project.lock(old, project.wheel("other", "1.0")[:-9] + "00000000\n")
    failed = project.make()
    assert failed.returncode == 1
    assert "DO NOT MATCH THE HASHES" in failed.stderr


def test_interrupted_installation_is_made_anew(project: Project):
    """Killed while pip waits for a file; meanwhile a package lies there by half."""
    lock = (project.folder / "requirements.txt").read_text()
    project.lock(lock, project.wheel("late", "1.0"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        settings = project.settings(PIP_INDEX_URL=url, PIP_TIMEOUT="60", PIP_RETRIES="0")
        process = subprocess.Popen(
            project.command("runtime"), env=settings, start_new_session=True, stderr=subprocess.PIPE
        )
        asking, _ = silent.accept()
        with asking:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    (project.packages / "asked.py").unlink()
    made = project.make()
    assert made.returncode == 0, made.stderr
    assert project.can_import("asked", "late") == [True, True]


def test_stamp_cut_short_and_pip_gone_are_mended(project: Project):
    (project.folder / ".venv" / "installed.json").write_text('{"requ')
    shutil.rmtree(project.packages / "pip")
    assert project.make().returncode == 0
    assert project.can_import("pip", "asked") == [True, True]


def test_moved_folder_gets_an_environment_of_its_own(project: Project, tmp_path: Path):
    """Scripts in it name the folder where they were installed."""
    moved = tmp_path / "moved"
    shutil.copytree(project.folder, moved, symlinks=True)
    made = subprocess.run(
        [sys.executable, moved / "tools" / "environment.py", "runtime"],
        env=project.settings(),
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    script = next((moved / ".venv" / "bin").glob("pip"))
    assert str(moved) in script.read_text().splitlines()[0]


@pytest.mark.parametrize("arguments", [[], ["both"], ["dev", "runtime"]])
def test_unknown_target_is_said_so(arguments: list[str]):
    command = [sys.executable, str(ENVIRONMENT), *arguments]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert (failed.returncode, failed.stderr) == (1, "python3 tools/environment.py runtime|dev\n")
