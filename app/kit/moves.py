"""One mechanism for states: lock, check, move, log.

A model declares its table of moves and its name in words; its verbs call `_move`. A service begins,
asks its rules, calls the verb and logs it:

    at = begin_move(session, order)
    order.accept(at)
    record_move(session, order, "accept", by, at)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit import locks
from app.kit.audit import record
from app.kit.clock import read_database_clock
from app.kit.errors import WrongState
from app.kit.orm import Base, HasId

_STAYED = object()


class HasMoves(HasId, Base):
    """A row with a state. `MOVES` are the states that follow each state, `CALLED` is what the row
    is called in a refusal, in Chinese and in English."""

    __abstract__ = True

    MOVES: ClassVar[Mapping[Any, frozenset[Any]]]
    CALLED: ClassVar[tuple[str, str]]

    is_logged = False  # whether the log was told of a move since this was last set

    if TYPE_CHECKING:
        state: Any
        _left: Any
    else:
        _left = _STAYED  # what the log has not been told yet: None where the row is new

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._left = None

    @property
    def held_ids(self) -> Sequence[UUID]:
        """What is held alone for a move, in the order in which all moves hold such things."""
        return (self.id,)

    @property
    def state_words(self) -> tuple[str, str]:
        """What a refusal says of the row, in Chinese and in English."""
        zh, en = self.CALLED
        return f"{zh}的状态是“{self.state.zh}”", f"{en} is in the state “{self.state.en}”"

    def require_state(self, *states: StrEnum) -> None:
        """Raises WrongState unless the row is in one of these states."""
        if self.state not in states:
            raise self.wrong_state()

    def wrong_state(self) -> WrongState:
        """The refusal of what cannot be done in the present state."""
        zh, en = self.state_words
        return WrongState(zh=zh, en=en)

    def _move(self, to: StrEnum) -> None:
        if to not in self.MOVES[self.state]:
            raise self.wrong_state()
        if self._left is _STAYED:  # of two moves at once the log is told where they began
            self._left = self.state
        self.state = to

    def stay(self) -> None:
        """Forget a move that was never logged, since it was rolled back."""
        self._left = _STAYED

    def take_left(self) -> StrEnum | None:
        """The state that the row has left since this was asked before: its own one where it has
        not moved, None where it is new."""
        left: StrEnum | None = self.state if self._left is _STAYED else self._left
        self.stay()
        return left


def begin_move(session: Session, thing: HasMoves) -> datetime:
    """Hold the row alone, read it again, and answer the database's time for the move."""
    for held_id in thing.held_ids:
        locks.hold_alone(session, held_id)
    session.refresh(thing)
    thing.stay()
    return read_database_clock(session)


def record_move(
    session: Session,
    thing: HasMoves,
    verb: str,
    by: HasId | None,
    at: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Log what was done to the row: from the state that it left just now, if any. `by` is empty
    where the clock did it."""
    thing.is_logged = True
    left, state = thing.take_left(), thing.state
    record(session, thing, verb, by, at, from_state=left, to_state=state, reason=reason)
