"""What linters of OpenAPI say of the document, by their own recommended rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import run

HERE = Path(__file__).parent
EMPTY = '{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {}}}}'
# What is read without asking for anything has nothing to refuse.
KNOWN = {("operation-4xx-response", "#/paths/~1api~1v1~1operator-key/get/responses")}


def redocly(node_modules: Path, document: Path) -> list[dict[str, Any]]:
    program = node_modules / ".bin" / "redocly"
    config = HERE / "redocly.yaml"
    result = run([program, "lint", "--config", config, "--format=json", document], document.parent)
    problems: list[dict[str, Any]] = json.loads(result.stdout)["problems"]
    return problems


def spectral(node_modules: Path, document: Path) -> list[dict[str, Any]]:
    program = node_modules / ".bin" / "spectral"
    command = [program, "lint", "--ruleset", HERE / "spectral.yaml", "--format=json", "--quiet"]
    result = run([*command, document], document.parent)
    found: list[dict[str, Any]] = json.loads(result.stdout.partition("\nNo results")[0] or "[]")
    return found


def test_redocly_finds_no_error(node_modules: Path, document: Path):
    problems = redocly(node_modules, document)
    assert [each["message"] for each in problems if each["severity"] == "error"] == []
    assert {(each["ruleId"], each["location"][0]["pointer"]) for each in problems} <= KNOWN


def test_spectral_finds_nothing(node_modules: Path, document: Path):
    assert [(each["code"], each["path"]) for each in spectral(node_modules, document)] == []


@pytest.mark.parametrize("lint", [redocly, spectral])
def test_a_poor_document_is_found_out(node_modules: Path, tmp_path: Path, lint: Any):
    poor = tmp_path / "openapi.json"
    poor.write_text(EMPTY)
    assert lint(node_modules, poor)


def test_lock_names_no_registry(root: Path):
    """Packages come from the registry that whoever runs this has, and are what the hashes say."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = [each for name, each in lock["packages"].items() if name]
    assert all("resolved" not in each for each in packages)
    assert all(each["integrity"].startswith("sha512-") for each in packages)
    named = lock["packages"][""]["devDependencies"].values()
    assert all(version[0].isdigit() for version in named)
