"""Every enum that people meet says what its members are called, and no sentence prints a code."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes
from sqlalchemy import Enum

from app.kit.errors import DomainError
from app.kit.moves import HasMoves
from app.kit.orm import Base
from app.kit.words import FILTERS, Worded
from tests.checks import CODE
from tests.databases import ROOT

CHINESE = re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
# What an operator or a program meets, never whoever reads a page, a notice or a refusal.
NOT_FOR_READERS = {
    "DayKind",
    "HeadFault",
    "OperatorKeyState",
    "Part",
    "Purpose",
    "Schema",
    "Use",
}
FOR_OPERATORS = {"backup", "commands", "finaliser", "health", "starting.py", "operator.py"}


def kinds_of(parent: type[Any]) -> Iterator[type[Any]]:
    for kind in parent.__subclasses__():
        if kind.__module__.startswith(("app.", "votes.")):
            yield kind
        yield from kinds_of(kind)


KINDS = sorted({kind for kind in kinds_of(StrEnum) if len(kind)}, key=lambda kind: kind.__name__)
WORDED = [kind for kind in KINDS if issubclass(kind, Worded)]
# Names under which a row has an enum: what is printed by such a name alone is a code.
NAMES = {
    column.name
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Enum) and column.type.enum_class in WORDED
} - {"satisfaction"}  # a rate has that name too


def test_every_enum_has_words():
    assert {kind.__name__ for kind in KINDS if kind not in WORDED} == NOT_FOR_READERS
    assert len(WORDED) > 40


def test_member_without_words_is_no_member():
    with pytest.raises((TypeError, RuntimeError)):  # Python 3.11 wraps what happens there
        Worded("Kind", {"PUSH": "PUSH"})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", WORDED, ids=lambda kind: kind.__name__)
def test_every_member_has_its_own_words_in_both_languages(kind: type[Worded]):
    for member in kind:
        assert CHINESE.search(member.zh), member
        assert LETTERS.search(member.en), member
        assert not CHINESE.search(member.en), member
        assert not CODE.search(member.zh), member
    assert len({member.zh for member in kind}) == len({member.en for member in kind}) == len(kind)


@pytest.mark.parametrize("model", HasMoves.__subclasses__(), ids=lambda model: model.__name__)
def test_refusal_of_a_state_says_it_in_words(model: type[HasMoves]):
    for state in model.MOVES:
        refusal = model(state=state).wrong_state()
        assert not CODE.search(f"{refusal.detail_zh} {refusal.detail_en}")
        assert CHINESE.search(refusal.detail_zh or "")


def test_no_refusal_prints_a_code():
    for kind in kinds_of(DomainError):
        assert not CODE.search(kind.zh), kind


def sentences() -> Iterator[tuple[str, ast.JoinedStr]]:
    """Every sentence in Chinese or English into which the application puts a value."""
    for path in (ROOT / "app").rglob("*.py"):
        if FOR_OPERATORS.isdisjoint(path.parts):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    words = "".join(
                        each.value for each in node.values if isinstance(each, ast.Constant)
                    )
                    if CHINESE.search(words) or re.search("[A-Za-z]+ [A-Za-z]+ ", words):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def last_name(node: Any) -> str:
    """`state` of `order.state`, and of `order.state.value`."""
    if isinstance(node, ast.Attribute | nodes.Getattr):
        name: str = node.attr
        inner = node.value if isinstance(node, ast.Attribute) else node.node
        return last_name(inner) if name == "value" else name
    if isinstance(node, ast.Name):
        return node.id
    return node.name if isinstance(node, nodes.Name) else ""


def test_no_sentence_prints_an_enum_by_its_code():
    found = list(sentences())
    assert len(found) > 100
    bare = [
        (place, last_name(value.value))
        for place, sentence in found
        for value in sentence.values
        if isinstance(value, ast.FormattedValue)
        and value.conversion != ord("r")  # for whoever reads the trace of a mistake of ours
        and last_name(value.value) in NAMES
    ]
    assert bare == []


TEXTS = sorted(
    path
    for path in (ROOT / "app").rglob("*")
    if path.parent.name in ("notices", "templates") and path.suffix in (".txt", ".html")
)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_text_prints_an_enum_by_its_code(path: Path):
    environment = Environment(autoescape=True)
    environment.filters |= FILTERS
    tree = environment.parse(path.read_text(encoding="utf-8"))
    printed = [node for output in tree.find_all(nodes.Output) for node in output.nodes]
    assert [last_name(node) for node in printed if last_name(node) in NAMES] == []
