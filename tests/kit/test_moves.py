"""Every model with states x every two of its states: what moves, and what the log says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.kit import moves
from app.kit.audit import AuditEntry
from app.kit.errors import WrongState
from app.kit.moves import HasMoves, begin_move, record_move
from app.kit.orm import Base, table_of
from app.matters.models import Matter, MatterState

MODELS = HasMoves.__subclasses__()
AT = datetime(2026, 3, 1, tzinfo=UTC)


def pairs() -> Iterator[Any]:
    for model in MODELS:
        for origin in model.MOVES:
            for target in model.MOVES:
                yield pytest.param(model, origin, target, id=f"{model.__name__}-{origin}-{target}")


def loaded(model: type[HasMoves], state: StrEnum) -> HasMoves:
    """A row as it comes from the database."""
    thing = model(id=uuid4(), state=state)
    thing.stay()
    return thing


def logged(thing: HasMoves) -> tuple[str | None, str | None]:
    """From which state to which one the log says that the row went."""
    session = Session()
    record_move(session, thing, "verb", None, AT)
    (entry,) = [each for each in session.new if isinstance(each, AuditEntry)]
    return entry.from_state, entry.to_state


def test_every_table_with_a_state_has_moves():
    have_states = {table.name for table in Base.metadata.sorted_tables if "state" in table.columns}
    assert {table_of(model).name for model in MODELS} == have_states
    for model in MODELS:
        (column,) = [each for each in table_of(model).columns if each.name == "state"]
        states = column.type.enums  # type: ignore[attr-defined]
        assert sorted(states) == sorted(model.MOVES)


@pytest.mark.parametrize(("model", "origin", "target"), list(pairs()))
def test_row_moves_as_its_table_says_and_the_log_says_from_where(
    model: type[HasMoves], origin: StrEnum, target: StrEnum
):
    thing = loaded(model, origin)
    if target in model.MOVES[origin]:
        thing._move(target)
        assert thing.state is target
        assert logged(thing) == (origin, target)
    else:
        with pytest.raises(WrongState) as refused:
            thing._move(target)
        assert (refused.value.detail_zh, refused.value.detail_en) == thing.state_words
        assert thing.state is origin
    # What is done without a move stands in the log with the state in which it was done.
    assert logged(thing) == (thing.state, thing.state)


@pytest.mark.parametrize("model", MODELS)
def test_new_row_comes_from_no_state(model: type[HasMoves]):
    state = next(iter(model.MOVES))
    thing = model(id=uuid4(), state=state)
    assert logged(thing) == (None, state)
    assert logged(thing) == (state, state)


@pytest.mark.parametrize("model", MODELS)
def test_moves_that_are_logged_together_are_told_from_their_beginning(model: type[HasMoves]):
    for first, seconds in model.MOVES.items():
        for second in seconds:
            for third in model.MOVES[second]:
                for thing, origin in (
                    (loaded(model, first), first),
                    (model(id=uuid4(), state=first), None),
                ):
                    thing._move(second)
                    thing._move(third)
                    assert logged(thing) == (origin, third)


def test_move_that_was_rolled_back_is_not_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moves, "read_database_clock", lambda session: AT)
    thing = loaded(Matter, MatterState.DONE)
    thing._move(MatterState.EVALUATED)
    thing.state = MatterState.DONE  # as it is read again
    begin_move(cast(Session, Quiet()), thing)
    assert logged(thing) == (MatterState.DONE, MatterState.DONE)


class Quiet:
    """A session that reads nothing again."""

    def refresh(self, thing: HasMoves) -> None: ...

    def get_bind(self) -> Any:
        return create_engine("sqlite://")


@pytest.mark.parametrize("model", MODELS)
def test_required_state_is_told_in_words(model: type[HasMoves]):
    states = list(model.MOVES)
    for state in states:
        loaded(model, state).require_state(*states)
        with pytest.raises(WrongState):
            loaded(model, state).require_state(*(each for each in states if each is not state))
