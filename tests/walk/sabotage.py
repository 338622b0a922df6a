"""One protection taken away at a time: variants of the application on which a walk must go red."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from sqlalchemy.orm import Session

from app.board import posting
from app.evaluations.results import Result
from app.kit.words import Words
from app.matters import services as matters
from app.works.orders.models import ORDER_MOVES, OrderState


class Sabotage(NamedTuple):
    """How it is done, and how the fault begins that a walk must find."""

    doing: Callable[[], AbstractContextManager[Any]]
    fault: str
    steps: int
    drains: int = 0


@contextmanager
def no_way_out() -> Iterator[None]:
    """What is handed in as done is neither checked nor sent back."""
    with patch.dict(ORDER_MOVES, {OrderState.SUBMITTED: frozenset()}):
        yield


@contextmanager
def default_doer() -> Iterator[None]:
    """Whoever carries an order out, the board says that the property firm does."""
    honest = posting.Notice.words

    def words(notice: posting.Notice, told: Any) -> tuple[Words, Words]:
        title, text = honest(notice, told)
        return title, Words(re.sub(r"承办：[^（，。]+", "承办：物业", text.zh), text.en)

    with patch.object(posting.Notice, "words", words):
        yield


@contextmanager
def grades_of_few() -> Iterator[None]:
    """What people think is told to everybody, however few they are."""
    with patch.object(Result, "is_told", lambda *args, **kwargs: True):
        yield


@contextmanager
def silent_screening() -> Iterator[None]:
    """The log is not told what became of a matter."""
    honest = matters.record_move

    def record(session: Session, thing: Any, verb: str, *args: Any, **kwargs: Any) -> None:
        if verb == "screen":
            thing.stay()
        else:
            honest(session, thing, verb, *args, **kwargs)

    with patch.object(matters, "record_move", record):
        yield


@contextmanager
def unforeseen_error() -> Iterator[None]:
    """Supporting a matter meets what nobody thought of."""
    with patch.object(matters, "endorse", side_effect=LookupError):
        yield


SABOTAGES = {
    "no_way_out": Sabotage(no_way_out, "stuck: order SUBMITTED", 45, 2),
    "default_doer": Sabotage(default_doer, "board: ORDER_ASSIGNED: it names another doer", 150),
    "grades_of_few": Sabotage(grades_of_few, "cells: ", 45, 2),
    "silent_screening": Sabotage(silent_screening, "state faults", 45),
    "unforeseen_error": Sabotage(unforeseen_error, "5xx PUT /matters/{matter_id}/endorsement", 60),
}
