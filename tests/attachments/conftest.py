"""The store's folder, empty at the beginning of each test."""

import shutil
from pathlib import Path

import pytest
from flask import Flask


@pytest.fixture
def folder(app: Flask) -> Path:
    root: Path = app.extensions["settings"].attachment_folder
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    return root


def files_in(folder: Path) -> set[str]:
    """Every file below the folder, by its path from there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
