"""Pages of `docs/` that tests make: a page that is not what the code says makes its test fail."""

import os
from pathlib import Path


def compare(page: Path, made: str) -> None:
    """Raises AssertionError where the page says something else; with WRITE_DOCS set it is written
    instead."""
    if os.environ.get("WRITE_DOCS"):
        page.write_text(made, encoding="utf-8")
    assert page.is_file(), f"{page.name} is missing: run its test with WRITE_DOCS=1"
    assert page.read_text(encoding="utf-8") == made, f"{page.name}: run its test with WRITE_DOCS=1"
