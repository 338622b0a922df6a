"""What the page for newcomers names is there."""

import re
from importlib import import_module

import pytest

from tests.databases import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:app/|tests/)?[a-z_]+/[a-z_/]*(?:\.py)?)`", TEXT)))
NAMES = {
    "app.people.guards": ["allow", "obtain"],
    "app.kit.moves": ["begin_move", "record_move"],
    "app.works.orders.assigning": ["require_doer", "accept_order"],
    "app.works.orders.models": ["WorkOrder", "ORDER_MOVES"],
    "app.works.orders.schemas": ["OrderSchema"],
}


def test_page_names_places():
    assert len(PATHS) > 10


@pytest.mark.parametrize("path", PATHS)
def test_place_is_there(path: str):
    assert any((ROOT / top / path).exists() for top in ("", "app"))


@pytest.mark.parametrize(("module", "names"), NAMES.items())
def test_what_a_write_goes_through_is_there(module: str, names: list[str]):
    found = import_module(module)
    for name in names:
        assert hasattr(found, name)
        assert name in TEXT or name == "accept_order"
