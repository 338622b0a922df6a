"""The walk for newcomers, followed to the letter in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.databases import ROOT

WALK = (ROOT / "docs" / "adding-a-feature.md").read_text(encoding="utf-8")
PLAYED = "tests/test_migrations.py::test_down_and_up_on_rows_of_every_table"
BLOCK = re.compile(r"^```\w+ (file|change) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def change(text: str, lines: list[str]) -> str:
    """The text with the lines that begin with a `+` between those around them."""
    before = "".join(line for line in lines if not line.startswith("+"))
    after = "".join(line.removeprefix("+") for line in lines)
    assert text.count(before) == 1, before
    return text.replace(before, after)


def follow(folder: Path) -> None:
    for kind, name, block in BLOCK.findall(WALK):
        path = folder / name
        if kind == "file":
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists(), name
            path.write_text(block, encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            path.write_text(change(text, block.splitlines(keepends=True)), encoding="utf-8")


def test_walk_works_as_it_stands(tmp_path: Path):
    for name in ("app", "migrations", "tests", "votes"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, tmp_path)
    follow(tmp_path)

    def run(*command: str) -> None:
        module = [sys.executable, "-m", *command]
        done = subprocess.run(
            module,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    run("ruff", "check", "--no-cache", "app/lost_items", "tests/lost_items", "migrations")
    run("ruff", "format", "--no-cache", "--check", "app/lost_items", "tests/lost_items")
    run(
        *("pytest", "-p", "no:cacheprovider", "--engine", "sqlite", "tests/lost_items"),
        *("tests/board/test_texts.py", "tests/kit/test_moves.py"),
        "tests/kit/test_due.py::test_every_parameter_of_an_address_names_a_home_or_nothing",
        # What is played there has no lost items in it.
        *("tests/test_migrations.py", "--deselect", PLAYED),
    )
