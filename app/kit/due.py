"""One register of what the clock moves.

A feature declares what is due and how it moves (`Due`). Before a request whose address names
something, all that is due in the same compound is moved, for reads and writes, details and lists
alike: one question asks for all of it. What nobody touches `flask finalise` moves.

One thing that cannot be moved is told in the log and passed over; it stops neither the others nor
the request. Nor does a request wait long for whoever moves the same thing just then.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, current_app, request
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.kit import clock
from app.kit.errors import DomainError
from app.kit.extensions import db
from app.kit.orm import UTCDateTime
from app.kit.prepared import Prepared
from app.kit.remembered import Remembered

log = logging.getLogger(__name__)

NOW: ColumnElement[Any] = bindparam("now", type_=UTCDateTime())
ID: ColumnElement[Any] = bindparam("id", type_=Uuid())
# The compound in which lies what an address names by its `ID`; a query where there are several.
Home = ColumnElement[UUID] | Select[UUID]

LONGEST_WAIT = "200ms"
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code for a wait that was too long
TRIED_AGAIN_AFTER_S = 10
MANY_FAILURES = 1024


@dataclass(frozen=True)
class Due:
    """What the clock moves of one kind.

    `is_due` says by `NOW` which rows of the model it has reached; where that may say too much,
    `confirm` picks from their ids. `move` makes the move if it is due by the database's clock, and
    does not commit. `zh` and `en` say how many were moved.
    """

    name: str
    model: type[Any]
    is_due: ColumnElement[bool]
    move: Callable[[Session, Any], None]
    zh: str
    en: str
    confirm: Callable[[Session, Sequence[UUID]], Sequence[UUID]] | None = None

    def find(self, session: Session) -> list[UUID]:
        """The ids of all that is due anywhere, oldest first."""
        query = select(self.model.id).where(self.is_due).order_by(self.model.id)
        return self._confirmed(session, session.scalars(query, {"now": clock.now()}).all())

    def move_one(self, session: Session, thing_id: UUID) -> None:
        """Move one of them and commit."""
        self.move(session, session.get_one(self.model, thing_id))
        session.commit()

    def _confirmed(self, session: Session, ids: Sequence[UUID]) -> list[UUID]:
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
        self._failed: Remembered[UUID, bool] = Remembered(MANY_FAILURES, TRIED_AGAIN_AFTER_S)

    def follow(self, session: Session, args: Mapping[str, Any]) -> None:
        """Move what is due where the parameters of an address point to."""
        named = self._named(args)
        if named is None:
            return
        name, id_ = named
        for due, ids in self._find(session, name, id_):
            for thing_id in ids:
                self.move_in_passing(session, due, thing_id)

    def _named(self, args: Mapping[str, Any]) -> tuple[str, UUID] | None:
        if "place_id" in args:
            return args["kind"], args["place_id"]
        return next(((name, args[name]) for name in args if name in self._homes), None)

    def _find(self, session: Session, name: str, id_: UUID) -> Iterator[tuple[Due, Sequence[UUID]]]:
        connection = session.connection()
        question = self._question(name, connection.dialect.name)
        found: dict[str, list[UUID]] = {}
        for row in question.execute(connection, {"id": id_, "now": clock.now()}).all():
            kind, thing_id = tuple(row)
            # As the driver gives it: on SQLite an id is text.
            found.setdefault(kind, []).append(UUID(str(thing_id)))
        for kind, due in self._dues.items():
            if kind in found:
                yield due, due._confirmed(session, sorted(found[kind]))

    def _question(self, name: str, dialect: str) -> Prepared:
        place = (name, dialect)
        if place not in self._questions:
            home = self._homes[name]
            parts = (
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
        """Move one of them within somebody's request, and commit."""
        if self._failed.get(thing_id):
            return
        # A reading request may hold a transaction that cannot write; begin a new one.
        session.rollback()
        try:
            if session.get_bind().dialect.name == "postgresql":
                session.execute(select(func.set_config("lock_timeout", LONGEST_WAIT, true())))
            due.move_one(session, thing_id)
        except Exception as error:  # whatever it is, who asks sees the thing as it was
            session.rollback()
            if getattr(getattr(error, "orig", None), "sqlstate", None) == LOCK_NOT_AVAILABLE:
                return
            self._failed.put(thing_id, True)
            what = error.code if isinstance(error, DomainError) else type(error).__name__
            log.critical("%s %s cannot be moved: %s", due.name, thing_id, what)


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
