"""What a change needs at once, on SQLite and under a minute: `python tools/quick.py [PLACE...]`.

A place is a feature (`works`), a folder or a file; without one, whatever differs from the main
branch, committed or not. The style of these files is checked and the tests nearest to them are run:
those of the same feature first, then those that import what has changed. What would begin after
forty seconds is left to `make test`, as are the other engine and the browser.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 40
# Tests that read what has no tests of its own name.
READERS = {
    "docs": "test_settings.py",
    "gunicorn.conf.py": "test_settings.py",
    "migrations": "test_migrations.py",
    "pyproject.toml": "test_locks.py",
    "requirements.txt": "test_locks.py",
    "requirements-dev.txt": "test_locks.py",
}
# What every feature builds on is tried where requests of most kinds are made.
MANY_KINDS = ("people", "matters", "board")
MAIN = ("origin/main", "main", "HEAD")


def main() -> None:
    """Check and test; exits as the first of them that fails."""
    places = sys.argv[1:]
    changed = [each for place in places for each in files_at(place)] if places else differing()
    if not changed:
        sys.exit(say("没有改动", "nothing has changed", 0))
    tests = [str(path) for path in tests_of(changed)]
    style = check_style([path for path in changed if path.suffix == ".py" and on_disk(path)])
    if not tests:
        sys.exit(say("没有相近的测试,见 make test", "no test is near; see make test", style))
    options = ["-n", "2", "--engine", "sqlite", "--begin-within", str(SECONDS)]
    print(f"pytest {' '.join(tests[:8])}{f' … {len(tests)}' if len(tests) > 8 else ''}", flush=True)
    status = run("pytest", *options, *tests)
    nothing_ran = 5
    sys.exit(style or (0 if status == nothing_ran else status))


def differing() -> list[Path]:
    """What was changed since the main branch, what is not committed, and what git does not know."""
    base = next(filter(None, (git("merge-base", "HEAD", name) for name in MAIN)), "")
    if not base:
        sys.exit("没有 git 历史,请用 AT=… 指明 · there is no history; name a place with AT=…")
    names = git("diff", "--name-only", "--no-renames", base).splitlines()
    names += git("ls-files", "--others", "--exclude-standard").splitlines()
    return [Path(name) for name in dict.fromkeys(names)]


def files_at(place: str) -> list[Path]:
    """The files of a feature with its tests, of a folder, or the one that is named."""
    rooms = (f"{top}/{place}" for top in ("app", "tests", "app/kit", "tests/kit"))
    tries = (*rooms, f"app/{place}.py", f"app/kit/{place}.py", place)
    found = [Path(each) for each in tries if (ROOT / each).exists()]
    if not found:
        sys.exit(f"没有 {place} · there is no {place}")
    return [inside for each in found for inside in files_below(each)]


def files_below(path: Path) -> list[Path]:
    if not (ROOT / path).is_dir():
        return [path]
    return below(f"{path}/**/*.py")


def tests_of(changed: Iterable[Path]) -> list[Path]:
    """Test files and folders, nearest first, none that lies in another."""
    changed = list(changed)
    modules = {module_of(path) for path in changed if path.suffix == ".py"}
    near = [each for path in changed for each in nearest(path)]
    candidates = below("tests/**/test_*.py")
    importing = [path for path in candidates if not modules.isdisjoint(imports(ROOT / path))]
    found = dict.fromkeys(path for path in (*near, *importing) if "browser" not in path.parts)
    return [path for path in found if not any(parent in found for parent in path.parents)]


def nearest(path: Path) -> list[Path]:
    """The tests of the same name as a file, or as the folder in which it lies."""
    tests, top = Path("tests"), path.parts[0]
    if top == "tests":
        named = [path if path.name.startswith("test_") else path.parent]
    else:
        name, room = name_of_tests(path), tests / "kit" if is_of_the_kit(path) else tests
        named = [room / name, *below(f"{room}/test_{name}*.py")]
    if top in READERS:
        named.append(tests / READERS[top])
    if top == "migrations":
        named += below("tests/*/test_migration.py")
    found = [each for each in named if each != tests and on_disk(each)]
    if not found and top == "app" and (len(path.parts) == 2 or is_of_the_kit(path)):
        found = [tests / name for name in MANY_KINDS]
    return found


def name_of_tests(path: Path) -> str:
    """`works` for app/works/hours.py, `locks` for app/kit/locks.py, `votes` for all of votes."""
    parts = path.with_suffix("").parts
    inside = parts[1:] if parts[0] in ("app", "tools") else parts
    return inside[1] if is_of_the_kit(path) else inside[0]


def is_of_the_kit(path: Path) -> bool:
    """Whether the modules and folders beside it have tests of their own each."""
    return path.parts[:2] == ("app", "kit") and len(path.parts) > 2


def below(pattern: str) -> list[Path]:
    return [each.relative_to(ROOT) for each in sorted(ROOT.glob(pattern))]


def module_of(path: Path) -> str:
    """`app/works/orders/models.py` as it is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> set[str]:
    """The modules that a file imports, both as `import a.b` and as `from a import b`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def check_style(files: Iterable[Path]) -> int:
    """Style of these files; the status of whichever check fails."""
    names = [str(path) for path in files]
    if not names:
        return 0
    return run("ruff", "check", *names) or run("ruff", "format", "--check", "--quiet", *names)


def run(module: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT).returncode


def git(*arguments: str) -> str:
    """What git says; nothing where it fails or there is none."""
    try:
        found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def on_disk(path: Path) -> bool:
    return (ROOT / path).exists()


def say(zh: str, en: str, status: int) -> int:
    print(f"{zh} · {en}")
    return status


if __name__ == "__main__":
    main()
