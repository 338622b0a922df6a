"""One register of what the clock moves.

A feature declares what is due and how it moves (`Due`). Before a request whose address names
something, all that is due in the same compound is moved, for reads and writes, details and lists
alike: one question asks for all of it. What nobody touches `flask finalise` moves.

One thing that cannot be moved is told in the log and passed over; it stops neither the others nor
the request. Nor does a request wait long for whoever holds the same thing just then, or move more
than a few.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, current_app, request
from sqlalchemy import ColumnElement, Select, Uuid, bindparam, literal_column, select, union_all
from sqlalchemy.orm import Session, aliased

from app.kit import clock, locks
from app.kit.errors import DomainError
from app.kit.extensions import db
from app.kit.moves import HasMoves
from app.kit.orm import UTCDateTime
from app.kit.prepared import Prepared
from app.kit.remembered import Remembered

log = logging.getLogger(__name__)

NOW: ColumnElement[Any] = bindparam("now", type_=UTCDateTime())
ID: ColumnElement[Any] = bindparam("id", type_=Uuid())
# The compound in which lies what an address names by its `ID`; a query where there are several.
Home = ColumnElement[UUID] | Select[UUID]

TRIED_AGAIN_AFTER_S = 10
MANY_TRIED = 1024
MOST_IN_PASSING = 20


@dataclass(frozen=True)
class Due:
    """What the clock moves of one kind.

    `is_due` says by `NOW` which rows of the model it has reached; where that may say too much,
    `confirm` picks from their ids. `move` makes the move if it is due by the database's clock, logs
    it, and does not commit. `zh` and `en` are how the finaliser says how many it moved.
    """

    name: str
    model: type[HasMoves]
    is_due: ColumnElement[bool]
    move: Callable[[Session, Any], None]
    zh: str = ""
    en: str = ""
    confirm: Callable[[Session, Sequence[UUID]], Sequence[UUID]] | None = None

    def find(self, session: Session) -> list[UUID]:
        """The ids of all that is due anywhere, oldest first."""
        query = select(self.model.id).where(self.is_due).order_by(self.model.id)
        return self.confirmed(session, session.scalars(query, {"now": clock.now()}).all())

    def move_one(self, session: Session, thing_id: UUID) -> bool:
        """Move one of them and commit; whether it did move."""
        thing = session.get_one(self.model, thing_id)
        thing.is_logged = False
        self.move(session, thing)
        has_moved = thing.is_logged
        session.commit()
        return has_moved

    def confirmed(self, session: Session, ids: Sequence[UUID]) -> list[UUID]:
        """Those of these ids that are to be moved."""
        return list(self.confirm(session, ids) if ids and self.confirm else ids)


class Register:
    """All that the clock moves, in the order in which it moves, and where it is looked for.

    `homes` tells by the name of an address's parameter in which compound lies what it names; of a
    place `place_id`, the kind of place stands for that name. Addresses with other parameters name
    nothing that follows the clock. `compounds` is the table of compounds, for what lies in a
    community.
    """

    def __init__(
        self, dues: Sequence[Due], homes: Mapping[str, Home], compounds: type[Any]
    ) -> None:
        self._dues = {due.name: due for due in dues}
        self._homes, self._compounds = homes, compounds
        self._questions: dict[tuple[str, str], Prepared] = {}
        self._tried: Remembered[tuple[str, UUID], bool] = Remembered(
            MANY_TRIED, TRIED_AGAIN_AFTER_S
        )

    def follow(self, session: Session, args: Mapping[str, Any]) -> None:
        """Move what is due where the parameters of an address point to."""
        named = self._named(args)
        if named is None:
            return
        name, id_ = named
        left = MOST_IN_PASSING
        for due, ids in self._ask(session, name, id_):
            confirmed: list[UUID] = []
            with self._passing_over(session, due.name):
                confirmed = due.confirmed(session, ids)[:left]
            left -= len(confirmed)
            for thing_id in confirmed:
                self.move_in_passing(session, due, thing_id)

    def _named(self, args: Mapping[str, Any]) -> tuple[str, UUID] | None:
        if "place_id" in args:
            return args["kind"], args["place_id"]
        return next(((name, args[name]) for name in args if name in self._homes), None)

    def _ask(self, session: Session, name: str, id_: UUID) -> list[tuple[Due, list[UUID]]]:
        """What is due there and was not tried just now, in the order in which it moves."""
        connection = session.connection()
        question = self._question(name, connection.dialect.name)
        found: dict[str, list[UUID]] = {}
        rows = question.execute(connection, {"id": id_, "now": clock.now()}).all()
        if not rows:  # as nearly always
            return []
        for row in rows:
            kind, thing_id = tuple(row)
            # As the driver gives it: on SQLite an id is text.
            found.setdefault(kind, []).append(UUID(str(thing_id)))
        new = (
            (due, sorted(id_ for id_ in found.get(kind, ()) if not self._tried.get((kind, id_))))
            for kind, due in self._dues.items()
        )
        return [(due, ids) for due, ids in new if ids]

    def _question(self, name: str, dialect: str) -> Prepared:
        place = (name, dialect)
        if place not in self._questions:
            home = self._homes[name]
            parts: Iterator[Any] = (
                select(literal_column(f"'{due.name}'"), due.model.id).where(
                    due.is_due, self._lies_in(due.model, home)
                )
                for due in self._dues.values()
            )
            self._questions[place] = Prepared(union_all(*parts), dialect)
        return self._questions[place]

    def _lies_in(self, model: type[Any], home: Home) -> ColumnElement[bool]:
        if hasattr(model, "compound_id"):
            return _is_one_of(model.compound_id, home)
        compounds = self._compounds
        query = select(compounds.community_id).where(_is_one_of(compounds.id, home))
        found: ColumnElement[bool] = model.community_id.in_(query)
        return found

    def move_in_passing(self, session: Session, due: Due, thing_id: UUID) -> None:
        """Move one of them within somebody's request, and commit. Where it did not move it is left
        alone for a while."""
        has_moved = False
        with self._passing_over(session, due.name, thing_id):
            locks.begin_briefly(session)
            has_moved = due.move_one(session, thing_id)
        if not has_moved:
            self._tried.put((due.name, thing_id), True)

    @contextmanager
    def _passing_over(self, session: Session, *what: object) -> Iterator[None]:
        """Whatever goes wrong in the block, who asks sees the things as they were."""
        try:
            yield
        except Exception as error:
            session.rollback()
            if not locks.is_held_by_another(error):
                why = error.code if isinstance(error, DomainError) else type(error).__name__
                log.critical("%s cannot be moved: %s", " ".join(map(str, what)), why)


def _is_one_of(column: Any, home: Home) -> ColumnElement[bool]:
    is_one: ColumnElement[bool] = column.in_(home) if isinstance(home, Select) else column == home
    return is_one


def home_of(model: type[Any]) -> ColumnElement[UUID]:
    """The compound of the row of this model whose id an address names."""
    it = aliased(model)  # the question may be about other rows of the same model
    home: ColumnElement[UUID] = select(it.compound_id).where(it.id == ID).scalar_subquery()
    return home


def move_now(due: Due, thing_id: UUID) -> None:
    """Move this one, if it is due; what goes wrong is told in the log."""
    register: Register = current_app.extensions["due"]
    register.move_in_passing(db.session(), due, thing_id)


def init_app(app: Flask, register: Register, ask_themselves: frozenset[str]) -> None:
    """Move what is due before each request, but for endpoints that ask themselves."""
    app.extensions["due"] = register

    def follow_before_request() -> None:
        if request.view_args and request.endpoint not in ask_themselves:
            register.follow(db.session(), request.view_args)

    app.before_request(follow_before_request)


def follow(**args: UUID) -> None:
    """Move what is due where these parameters of an address point to, for who asks by itself."""
    register: Register = current_app.extensions["due"]
    register.follow(db.session(), args)
