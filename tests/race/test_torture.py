"""A few rounds of the torture (`make torture` plays its rows at full size), and some mutants: what
takes a protection away must be noticed in a few rounds too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from torture.__main__ import play
from torture.all_rows import ROWS
from torture.ground import Arena
from torture.report import NOT_PLAYED, Line, as_text, merged, read, write
from torture.rows import Mutant, Row

# `make torture` plays the others.
HERE = ("1", "2", "4", "5", "6", "7")
TOO_SLOW = ("locked-sqlite",)  # waits ten seconds, again and again
MUTANTS_HERE = {
    ("closing", "key_share", "postgresql"),
    ("retries", "forget_nonce", "sqlite"),
    ("killed-postgresql", "asynchronous_commit", "postgresql"),
    ("sqlite-writers", "no_busy_timeout", "sqlite"),
    ("stopped", "acknowledge_anyway", "postgresql"),
}


def chosen() -> Iterator[Any]:
    for row in ROWS:
        if row.number not in HERE or row.name in TOO_SLOW:
            continue
        for engine in row.engines:
            yield pytest.param(row, engine, None, id=f"{row.number}-{row.name}-{engine}")
            for mutant in row.mutants:
                if (row.name, mutant.sabotage, engine) in MUTANTS_HERE:
                    name = f"{row.number}-{row.name}-{mutant.sabotage}-{engine}"
                    yield pytest.param(row, engine, mutant, id=name)


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with Arena() as arena:
        yield arena


@pytest.mark.parametrize(("row", "engine", "mutant"), list(chosen()))
def test_few_rounds(arena: Arena, row: Row, engine: str, mutant: Mutant | None):
    line = play(arena, row, engine, row.short if mutant is None else row.mutant, mutant)
    if line.verdict == NOT_PLAYED:
        pytest.skip(line.note_en)
    assert line.is_as_it_must_be, line


def line(**changes: Any) -> Line:
    values: dict[str, Any] = {
        **{"row": "5", "name": "killed", "engine": "sqlite", "sabotage": ""},
        **{"zh": "被杀", "en": "killed", "unit": "轮 rounds", "wanted": 50, "rounds": 50},
        **{"lost": 0, "doubled": 0, "other": 0, "verdict": "holds", "seconds": 1.5},
        **{"date": "2026-03-01", "commit": "abc", "note_zh": "", "note_en": ""},
    }
    return Line(**{**values, **changes})


def test_newer_lines_take_the_place_of_older_ones(tmp_path: Path):
    first = [line(), line(row="16"), line(sabotage="mutant", verdict="red", lost=3)]
    write(merged([], first), tmp_path)
    found = read(tmp_path / "torture.csv")
    assert [(each.row, each.sabotage) for each in found] == [("5", ""), ("5", "mutant"), ("16", "")]
    again = line(rounds=60, commit="def")
    assert again in merged(found, [again])
    assert len(merged(found, [again])) == 3


@pytest.mark.parametrize("verdict", ["FAULTS", "NOT NOTICED", "NOT HELD"])
def test_what_is_wrong_is_told(verdict: str):
    text = as_text([line(), line(sabotage="mutant", verdict=verdict)])
    assert f"{verdict}**" in text
    assert "1 lines are wrong" in text
    assert "All as it must be" in as_text([line()])
