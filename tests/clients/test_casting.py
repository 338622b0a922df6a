"""A client for TypeScript and one for Python, generated from the document, each cast a ballot."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.agenda.models import Channel, RollEntry
from tests.clients.conftest import made, run

HERE = Path(__file__).parent
PACKAGE = "yueyuetan_client"
# One ballot came in from the one resident: it was sent twice, and a blind change was refused.
CAST = {
    "version": 1,
    "same_receipt": True,
    "commitment": True,
    "promise": True,
    "returned": 1,
    "roll": 1,
}


def compile_typescript(folder: Path) -> "subprocess.CompletedProcess[str]":
    return run(["node_modules/.bin/tsc", "--project", folder], folder)


@pytest.fixture(scope="session")
def typescript(
    document: Path, node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the generated types and the program, compiled in strict mode."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("cast.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, folder)
    (folder / "node_modules").symlink_to(node_modules)
    made(run(["node_modules/.bin/openapi-typescript", document, "-o", "schema.d.ts"], folder))
    made(compile_typescript(folder))
    return folder


@pytest.fixture(scope="session")
def python(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated package and the program."""
    folder = tmp_path_factory.mktemp("python")
    shutil.copy(HERE / "cast.py", folder)
    generator = Path(sys.executable).with_name("openapi-python-client")
    command = [generator, "generate", "--path", document, "--meta", "none", "--fail-on-warning"]
    command += ["--output-path", PACKAGE, "--config", HERE / "python.yaml"]
    made(run(command, folder))
    return folder


def test_typescript_client_casts_a_ballot(
    typescript: Path, vote: Callable[..., dict[str, Any]], rows: Session
):
    assert vote(["node", "cast.js"], typescript) == CAST
    assert [entry.channel for entry in rows.query(RollEntry)] == [Channel.PHONE]


def test_python_client_casts_a_ballot(
    python: Path, vote: Callable[..., dict[str, Any]], rows: Session
):
    assert vote([sys.executable, "cast.py"], python) == CAST
    assert [entry.channel for entry in rows.query(RollEntry)] == [Channel.PHONE]


def test_python_client_has_types(python: Path, root: Path):
    cache = root / ".mypy_cache" / "clients"
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "cast.py", PACKAGE]
    assert "Success" in made(run(command, python))


@pytest.mark.parametrize("field", ["expected_version", "nonce"])
def test_strict_mode_notices_a_field_that_must_be_sent(
    typescript: Path, tmp_path: Path, field: str
):
    """What the types were while the document told defaults."""
    shutil.copytree(typescript, tmp_path, symlinks=True, dirs_exist_ok=True)
    types = tmp_path / "schema.d.ts"
    text = types.read_text()
    assert f"{field}?:" in text
    types.write_text(text.replace(f"{field}?:", f"{field}:"))
    result = compile_typescript(tmp_path)
    assert result.returncode != 0
    assert f" {field}: " in result.stdout
