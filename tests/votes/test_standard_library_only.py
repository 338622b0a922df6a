import ast
import sys
from pathlib import Path

import pytest

import votes

MODULES = sorted(Path(votes.__file__).parent.glob("**/*.py"))


def imported_packages(source: str) -> set[str]:
    """The top-level packages that a module imports, wherever in it the import stands."""
    packages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add("votes" if node.level else str(node.module).partition(".")[0])
    return packages


# Python has no Ed25519 of its own; only who makes or checks signatures needs it.
OTHER_PACKAGES = {"verify.py": {"cryptography"}, "countersign.py": {"cryptography"}}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_votes_imports_only_itself_and_the_standard_library(module: Path) -> None:
    packages = imported_packages(module.read_text(encoding="utf-8"))

    assert packages - sys.stdlib_module_names - {"votes"} == OTHER_PACKAGES.get(module.name, set())


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import json, flask.views\ndef f():\n    from sqlalchemy.orm import Session\n"

    assert imported_packages(source) == {"json", "flask", "sqlalchemy"}
    assert {"tally.py", "receipt.py"} <= {module.name for module in MODULES}
