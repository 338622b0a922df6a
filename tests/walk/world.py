"""Where a walk takes place: compounds of two communities under one street office, people in every
role, and time that goes on with each step."""

import io
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import select

from app.compounds.models import Community, Compound, Subdistrict
from app.finaliser.rounds import Rounds
from app.kit.clock import local_date
from app.kit.extensions import db
from app.people.models import Appointment, Relation, Residence, ResidenceState, Role
from app.people.office_codes import make_code
from tests.cast import Cast, Person, Place
from tests.operations import PHOTO
from tests.test_who_may_do_what import OFFICES
from tests.wechat_standin import Control

START = datetime.fromisoformat("2026-03-02T09:00:17+08:00")
# How many people live in each compound: enough for a breakdown in the first, too few in the last.
RESIDENTS = {"home": 13, "neighbour": 5, "third": 3, "bamboo": 11}
# Where most of it happens: the host list of three gives each of them a turn, the last is alone.
BUSY = (3, 1, 1, 3)
TOKEN_LIVES = timedelta(minutes=12)
LEVELS = ("compound", "community", "subdistrict")


@dataclass(frozen=True)
class Ground:
    """A compound and the places above it."""

    compound: Place
    community: Place
    subdistrict: Place

    def at(self, level: str) -> Place:
        place: Place = getattr(self, level)
        return place


class Clock:
    """Python's clock and the database's; it goes on by what a step takes."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller, self.now = traveller, START

    def advance(self, by: timedelta) -> None:
        self.now += by
        self._traveller.move_to(self.now)


@contextmanager
def travelling() -> Iterator[Clock]:
    """Time begins at START and stands still but for what is advanced (and what work takes)."""
    with time_machine.travel(START, tick=True) as traveller:
        yield Clock(traveller)


@dataclass
class Memory:
    """What people know that the application does not tell: keys, slips in their hands, codes."""

    keys: dict[UUID, Ed25519PrivateKey] = field(default_factory=dict)
    slips: dict[UUID, tuple[UUID, list[dict[str, Any]]]] = field(default_factory=dict)
    refresh_tokens: list[str] = field(default_factory=list)
    numbers: int = 0

    def next(self) -> int:
        self.numbers += 1
        return self.numbers


class World:
    """The places and people of a walk, as the rows say now."""

    def __init__(self, app: Flask, wechat: Control, clock: Clock, seed: int) -> None:
        self.app, self.wechat, self.clock = app, wechat, clock
        self.chance = random.Random(seed)
        self.memory = Memory()
        self.cast = Cast(app)
        self.people: dict[UUID, Person] = {}
        self.is_tidy = False  # nobody says anything ugly, or sends anything back
        self._minted: dict[UUID, datetime] = {}
        self.grounds = self._make_places()
        for name, ground in zip(RESIDENTS, self.grounds.values(), strict=True):
            self._settle(ground.compound, RESIDENTS[name])
        self._appoint_everybody()
        self._rounds = Rounds(app)
        self.read_people()

    def _make_places(self) -> dict[UUID, Ground]:
        cast = self.cast
        other, bamboo = cast.other_community()
        grounds = [
            *(Ground(each, cast.community, cast.subdistrict) for each in _homes(cast)),
            Ground(bamboo, other, cast.subdistrict),
        ]
        for ground in grounds:
            for number in range(101, 109):
                cast.unit(ground.compound, f"{number}")
        return {ground.compound.id: ground for ground in grounds}

    def _settle(self, compound: Place, number: int) -> None:
        for i in range(number):
            relation = Relation.TENANT if i % 4 == 3 else Relation.OWNER
            person = self.cast.resident(compound, name=f"居民{i}", relation=relation)
            self.remember(person)

    def _appoint_everybody(self) -> None:
        placed: set[tuple[str, UUID]] = set()
        for ground in self.grounds.values():
            for role, level in OFFICES.items():
                place = ground.at(level)
                if (role, place.id) not in placed:
                    placed.add((role, place.id))
                    self.remember(self.cast.officer(Role(role), place, level=level))
        home, neighbour, *_ = (ground.compound for ground in self.grounds.values())
        for role in ("BRANCH_SECRETARY", "GRID_WORKER", "SEATED_MEMBER", "BUILDING_HEAD"):
            self.remember(self.cast.officer(Role(role), home))
        for role in ("SUBDISTRICT_OFFICER", "DEPARTMENT"):
            self.remember(self.cast.officer(Role(role), level="subdistrict"))
        one, other = list(self.people.values())[:2]
        # Two offices at once, and a secretary who lives in another compound.
        self.cast.appoint(one, Role.GRID_WORKER, home)
        self.cast.appoint(one, Role.RESIDENT_REP, home)
        self.cast.appoint(other, Role.BRANCH_SECRETARY, neighbour)

    # People

    def remember(self, person: Person) -> Person:
        self.people[person.id] = person
        self._minted[person.id] = self.clock.now
        return person

    def read_people(self) -> None:
        """Who lives and holds an office where, today."""
        today = local_date(datetime.now(UTC))
        with self.app.app_context():
            homes = select(Residence.resident_id, Residence.compound_id).where(
                Residence.state == ResidenceState.VERIFIED
            )
            offices = select(Appointment).where(Appointment.is_held(today))
            found = db.session.execute(homes.order_by(Residence.id)).all()
            self.homes = {row[0]: row[1] for row in found}
            self._offices = [
                (row.resident_id, row.role, row.compound_id, row.community_id, row.subdistrict_id)
                for row in db.session.scalars(offices.order_by(Appointment.id))
            ]
            db.session.rollback()

    def residents(self, compound: Place) -> list[Person]:
        """Those who live there."""
        here = (id_ for id_, home in self.homes.items() if home == compound.id)
        return [self.people[id_] for id_ in here if id_ in self.people]

    def holders(self, role: str, compound: Place) -> list[Person]:
        """Those whose office of this name reaches the compound."""
        ground = self.grounds[compound.id]
        reach = (ground.compound.id, ground.community.id, ground.subdistrict.id)
        ids = dict.fromkeys(
            id_
            for id_, held, *places in self._offices
            if held == role and any(place in reach for place in places)
        )
        return [self.people[id_] for id_ in ids if id_ in self.people]

    def holders_at(self, role: str, place_id: UUID) -> list[UUID]:
        """Those who hold the office in this very place."""
        return [id_ for id_, held, *places in self._offices if held == role and place_id in places]

    def vacancies(self) -> list[tuple[str, str, Place]]:
        """Offices that nobody holds: role, level and place."""
        found = {
            (role, level, ground.at(level))
            for ground in self.grounds.values()
            for role, level in OFFICES.items()
            if not self.holders_at(role, ground.at(level).id)
        }
        return sorted(found, key=lambda each: (each[0], str(each[2].id)))

    def logged_in(self, person: Person) -> Person:
        """The person with a token that is good now."""
        if self.clock.now - self._minted[person.id] > TOKEN_LIVES:
            person = self.remember(self.cast.logged_in_anew(person))
        return self.people[person.id]

    def log_in_anew(self, person: Person) -> None:
        """With another token, since this one has ended."""
        self.remember(self.cast.logged_in_anew(person))

    def newcomer(self, openid: str, resident_id: UUID, token: str) -> Person:
        """Somebody who has just logged in for the first time, or anew."""
        client = self.app.test_client()
        return self.remember(Person(resident_id, openid, client, token))

    # What people bring

    def photo(self, by: Person, compound: Place) -> str | None:
        """The id of a photo that this person uploads; none where they may not."""
        person = self.logged_in(by)
        data = {"file": (io.BytesIO(PHOTO), f"{self.memory.next()}.png")}
        answer = person.post(f"/compounds/{compound.id}/attachments", data=data)
        return str(answer.json["id"]) if answer.status_code == 201 else None

    def office_code(self, level: str, place: Place, role: str) -> str:
        """What an operator hands over where nobody can appoint anybody."""
        model = {"compound": Compound, "community": Community, "subdistrict": Subdistrict}[level]
        with self.app.app_context():
            session = db.session()
            code = make_code(
                session,
                session.get_one(model, place.id),
                Role(role),
                until=None,
                at=datetime.now(UTC),
            )
            session.commit()
        return code

    # Time

    def wait(self, by: timedelta) -> None:
        """Let time go on, and forget what was tried and could not be moved before."""
        self.clock.advance(by)
        self.app.extensions["due"]._tried._known.clear()
        self.read_people()

    def finalise(self) -> set[str]:
        """A round of the finaliser; the codes of what failed in it."""
        with self.app.app_context():
            return self._rounds.run()

    def by_id(self, id_: UUID | str) -> Person | None:
        return self.people.get(UUID(str(id_)))


def _homes(cast: Cast) -> tuple[Place, ...]:
    return cast.home, cast.neighbour, cast.third


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are sent: ids as text."""
    return {name: str(v) if isinstance(v, UUID) else v for name, v in values.items()}


def renamed(person: Person, **changes: Any) -> Person:
    return replace(person, **changes)
