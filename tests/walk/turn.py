"""One turn of a walk: an operation, what it is about, who does it, and what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.kit.clock import local
from app.kit.extensions import db
from tests.cast import Person
from tests.walk.things import Thing, Things
from tests.walk.world import Ground, World

T = TypeVar("T")


class NotNow(Exception):
    """There is nothing sensible to say just now."""


@dataclass
class Turn:
    """What is tried; `actor` is chosen after the thing, and says what `Said` makes up."""

    world: World
    things: Things
    operation: str
    ground: Ground
    thing: Thing | None = None
    ids: dict[str, Any] = field(default_factory=dict)
    actor: Person | None = None

    @property
    def chance(self) -> Random:
        return self.world.chance

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    @property
    def home(self) -> str:
        return str(self.ground.compound.id)

    @property
    def about(self) -> Thing:
        """What the address names."""
        if self.thing is None:
            raise NotNow
        return self.thing

    @property
    def by(self) -> Person:
        if self.actor is None:
            raise NotNow
        return self.actor

    def pick(self, choices: Sequence[T]) -> T:
        """One of these. Raises NotNow where there is none."""
        if not choices:
            raise NotNow
        return self.chance.choice(choices)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def here(self, kind: str, *states: str) -> list[Thing]:
        """Things of this kind in the compound, in one of these states."""
        return [
            each
            for each in self.things[kind]
            if each.compound_id == self.ground.compound.id and (not states or each.state in states)
        ]

    def of_session(self, kind: str, *states: str) -> list[Thing]:
        """Those that belong to the session that the address names."""
        session_id = UUID(str(self.ids["session_id"]))
        return [each for each in self.here(kind, *states) if each.of == session_id]

    def rows(self, query: Any) -> list[Any]:
        """What a query finds: whole rows where it asks for columns, things where it asks for one
        model."""
        with self.world.app.app_context():
            found = db.session.execute(query).all()
            db.session.rollback()
        return [row[0] if len(row) == 1 else tuple(row) for row in found]

    def photo(self, share: float = 1.0) -> list[str]:
        """Ids of photos that the actor brings along, or none."""
        if not self.happens(share):
            return []
        photo = self.world.photo(self.by, self.ground.compound)
        return [] if photo is None else [photo]

    def get(self, path: str, by: Person | None = None) -> Any:
        """What somebody reads there. Raises NotNow where they read nothing."""
        answer = self.world.logged_in(by or self.by).get(path)
        if answer.status_code != 200:
            raise NotNow
        return answer.json

    def day(self, least: int, most: int) -> str:
        """A day from now on."""
        return f"{local(self.now + timedelta(days=self.chance.randint(least, most))):%Y-%m-%d}"

    def words(self) -> str:
        """Something to say, never twice the same."""
        return f"{self.chance.choice(WORDS)}{self.world.memory.next()}"


WORDS = (
    "先从三号楼做起",
    "请物业一起看现场",
    "与居民商量后再定",
    "要通知每一户",
    "已约好时间上门",
    "月底前办完",
)

Body = Callable[[Turn], dict[str, Any]]
Who = Callable[[Turn], list[Person]]
BODIES: dict[str, Body] = {}
WHO: dict[str, Who] = {}
# Operations that many people do at once, each for themselves.
CROWDS: dict[str, float] = {}


def says(*operations: str, who: Who | None = None, crowd: float = 0.0) -> Callable[[Body], Body]:
    """What is sent with these operations; `who` does them where the role alone does not say, and
    a `crowd` is the share of those who may that do it in one step."""

    def register(body: Body) -> Body:
        for operation in operations:
            BODIES[operation] = body
            if who is not None:
                WHO[operation] = who
            if crowd:
                CROWDS[operation] = crowd
        return body

    return register


def json(**body: Any) -> dict[str, Any]:
    return {"json": {name: value for name, value in body.items() if value is not ...}}


def people(turn: Turn, ids: Sequence[UUID | None]) -> list[Person]:
    """These people, as far as the walk knows them."""
    found = (turn.world.by_id(id_) for id_ in ids if id_ is not None)
    return [person for person in found if person is not None]


def column(turn: Turn, attribute: Any, thing: Thing | None = None) -> Any:
    """A column of the row that the turn is about."""
    model = attribute.class_
    rows = turn.rows(select(attribute).where(model.id == (thing or turn.about).id))
    return turn.pick(rows)
