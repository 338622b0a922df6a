"""`docs/states.md` is what the code does: no state sticks, whoever has left."""

from typing import Any

import pytest
from flask import Flask

from app.kit.moves import HasMoves
from app.kit.web.api import PREFIX
from app.people.models import Role
from app.works.orders.models import WorkOrder
from app.works.whistles.models import Whistle
from tests import test_who_may_do_what, test_writes_by_state
from tests.conventions.test_writes_by_state import WRITES as VERSION_WRITES
from tests.databases import ROOT
from tests.docs import states
from tests.docs.generated import compare
from tests.docs.states import Way, machines, moves_of, names_for, render, views, way_of
from tests.operations import template
from tests.works.test_writes_by_state import ORDERS, WHISTLES

PAGE = ROOT / "docs" / "states.md"
MOVES = [
    pytest.param(model, state, to, id=f"{model.__name__}-{state}-{to}")
    for model in machines()
    for state, to in moves_of(model)
]
STATES = [
    pytest.param(model, state, id=f"{model.__name__}-{state}")
    for model in machines()
    for state, targets in model.MOVES.items()
    if targets
]


def ways_out(app: Flask, model: type[HasMoves], state: Any) -> list[Way]:
    """All that leads out of a state; what only repeats it leads nowhere."""
    others = [to for to in model.MOVES[state] if to != state]
    return [way_of(app, name) for to in others for name in names_for(model, state, to)]


def test_page_is_not_stale(application: Flask):
    compare(PAGE, render(application))


@pytest.mark.parametrize(("model", "state", "to"), MOVES)
def test_every_move_is_made_by_something_that_is_there(
    application: Flask, model: type[HasMoves], state: Any, to: Any
):
    names = names_for(model, state, to)
    assert names
    for name in names:
        way = way_of(application, name)
        assert way.is_clock or way.roles


def test_nothing_is_written_down_that_no_move_is():
    for model, ways in states.WAYS.items():
        possible = {key for state, to in moves_of(model) for key in (f"{to}", f"{state} > {to}")}
        assert set(ways) <= possible
        for to in (key for key in ways if " > " not in key):  # each is looked up by some move
            froms = [state for state, target in moves_of(model) if target == to]
            assert any(f"{state} > {to}" not in ways for state in froms), (model, to)


@pytest.mark.parametrize(("model", "state"), STATES)
def test_every_state_is_left_when_everybody_concerned_has_gone(
    application: Flask, model: type[HasMoves], state: Any
):
    assert any(way.outlives_everybody for way in ways_out(application, model, state))


@pytest.mark.parametrize(
    ("model", "state", "key", "without"),
    [
        (WorkOrder, "ACCEPTED", "ASSIGNED", "accept_order"),
        (WorkOrder, "RETURNED", "ASSIGNED", "accept_order"),
        (Whistle, "SIGNED", "COLLECTED", "report_in"),
    ],
)
def test_state_that_only_those_named_could_leave_is_seen(
    application: Flask,
    monkeypatch: pytest.MonkeyPatch,
    model: type[HasMoves],
    state: str,
    key: str,
    without: str,
):
    """The control of the test above: without the way that was added for it, a state sticks."""
    monkeypatch.setitem(states.WAYS, model, {**states.WAYS[model], key: without})
    assert not any(way.outlives_everybody for way in ways_out(application, model, state))


def test_every_office_has_somebody_who_gives_it():
    by_code = {role for offices in states.OFFICES_OF.values() for role in offices}
    assert all(givers or role in by_code for role, givers in states.appointers().items())
    assert set(states.appointers()) == set(Role) - states.NO_OFFICES


def operation_of(app: Flask, name: str) -> str:
    """The operation of this id as the table of who may do what writes it."""
    endpoint = next(each for each in app.view_functions if each.rpartition(".")[2] == name)
    (rule,) = app.url_map.iter_rules(endpoint)
    (method,) = rule.methods - {"HEAD", "OPTIONS"}
    return f"{method} {template(rule.rule).removeprefix(PREFIX)}"


def named() -> set[str]:
    return {
        name
        for ways in states.WAYS.values()
        for names in ways.values()
        for name in names.split()
        if not name.startswith(states.CLOCK)
    }


@pytest.mark.parametrize("name", sorted(named()))
def test_roles_are_those_of_the_table_of_who_may_do_what(application: Flask, name: str):
    """That table tries each operation as everybody; a kind of thing may narrow the roles."""
    operation = operation_of(application, name)
    assert not operation.startswith("GET ")
    may = test_who_may_do_what.API[operation]
    assert isinstance(may, frozenset)
    allowed = {role.value for role in views(application)[name].rule.roles}
    assert {who for who in may if who != test_who_may_do_what.MINOR} <= allowed


def tried(app: Flask, table: dict[str, Any], path: str) -> set[tuple[str, str, str]]:
    """What a table of writes tries over HTTP, as (operation, from, to); `path` leads to a write."""
    ids = {operation_of(app, name): name for name in named()}
    return {
        (ids[operation], f"{state}", f"{to}")
        for write, allowed in table.items()
        if (operation := f"POST {path}/{write}") in ids
        for state, to in allowed.items()
        if state != to
    }


def told(model: type[HasMoves], operations: set[str]) -> set[tuple[str, str, str]]:
    return {
        (name, f"{state}", f"{to}")
        for state, to in moves_of(model)
        if state != to
        for name in names_for(model, state, to)
        if name in operations
    }


@pytest.mark.parametrize(
    ("kind", "table", "path"),
    [
        ("WorkOrder", ORDERS, "/orders/{order_id}"),
        ("Whistle", WHISTLES, "/whistles/{whistle_id}"),
        ("ConventionVersion", VERSION_WRITES, "/convention-versions/{version_id}"),
        ("AgendaSession", test_writes_by_state.SESSION_WRITES, "/sessions/{session_id}"),
    ],
)
def test_moves_are_those_that_are_tried(application: Flask, kind: str, table: Any, path: str):
    """Each operation moves from the states, and to the states, that the tests of all writes in all
    states find; of those tables nothing is left out here."""
    model = next(each for each in machines() if each.__name__ == kind)
    found = tried(application, table, path)
    assert found
    assert found <= told(model, {name for name, _, _ in found})
