"""`make quick`: which tests are near to a change."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import quick


def names(*changed: str) -> list[str]:
    return [str(path) for path in quick.tests_of([Path(each) for each in changed])]


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ("app/works/orders/making.py", ["tests/works"]),
        ("app/works/__init__.py", ["tests/works"]),
        ("app/kit/moves.py", ["tests/kit/test_moves.py"]),
        ("app/kit/calendar/tables.py", ["tests/kit/calendar"]),
        ("app/kit/__init__.py", ["tests/people", "tests/matters", "tests/board"]),
        ("app/kit/orm.py", ["tests/people", "tests/matters", "tests/board"]),
        ("app/kit/audit.py", ["tests/kit/test_audit.py"]),
        ("votes/tally.py", ["tests/votes"]),
        ("docs/settings.md", ["tests/docs", "tests/test_settings.py"]),
        ("gunicorn.conf.py", ["tests/test_settings.py"]),
        ("pyproject.toml", ["tests/test_locks.py"]),
        ("requirements-dev.txt", ["tests/test_locks.py"]),
        ("tools/environment.py", ["tests/test_environment.py"]),
        ("migrations/env.py", ["tests/test_migrations.py"]),
        ("tests/works/site.py", ["tests/works"]),
        ("tests/works/test_orders.py", ["tests/works/test_orders.py"]),
        ("bench/lists.py", ["tests/test_bench.py", "tests/test_bench_voting.py"]),
        ("README.md", []),
        ("app/gone/models.py", []),
        ("tests/browser/test_verify_page.py", []),
    ],
)
def test_nearest_tests_come_first(changed: str, first: list[str]):
    assert names(changed)[: len(first)] == first
    assert first or names(changed) == []


def test_whoever_imports_what_has_changed_comes_after():
    found = names("app/people/models.py")
    assert found[0] == "tests/people"
    assert "tests/test_who_may_do_what.py" in found
    assert not any(path.startswith("tests/browser") for path in found)


def test_nothing_is_named_twice():
    found = names("app/works/access.py", "app/works/hours.py", "tests/works/test_orders.py")
    assert len(found) == len(set(found))
    assert not any(path.startswith("tests/works/") for path in found)


@pytest.mark.parametrize("place", ["works", "votes", "calendar", "app/works/orders/making.py"])
def test_place_is_a_feature_a_folder_or_a_file(place: str):
    assert quick.tests_of(quick.files_at(place))


def test_place_that_does_not_exist_is_said_so():
    with pytest.raises(SystemExit, match="there is no nowhere"):
        quick.files_at("nowhere")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history with one commit on `main`."""
    monkeypatch.setattr(quick, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "old.py").write_text("")
    commit(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path, "add", ".")
    commit(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def commit(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def test_what_differs_is_committed_changed_new_or_gone(repository: Path):
    assert quick.differing() == []
    commit(repository, "checkout", "--quiet", "-b", "work")
    (repository / "committed.py").write_text("")
    commit(repository, "add", ".")
    commit(repository, "commit", "--quiet", "--message", "second")
    (repository / "new.py").write_text("")
    (repository / "old.py").unlink()
    assert sorted(map(str, quick.differing())) == ["committed.py", "new.py", "old.py"]


def test_nothing_changed_is_no_failure(repository: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["quick.py"])
    with pytest.raises(SystemExit) as ended:
        quick.main()
    assert ended.value.code == 0


def test_without_a_history_a_place_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quick, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match="no history"):
        quick.differing()


def test_bad_style_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    bad = tmp_path / "bad.py"
    bad.write_text("import os\n")
    assert quick.check_style([bad]) != 0
    assert quick.check_style([]) == 0
