"""The people and places of the tests: the same few characters everywhere.

`Cast(app)` puts 云桥社区 with three compounds into the database. People are made on demand and
speak to the API with a token of their own:

    secretary = cast.secretary()
    secretary.post(f"/compounds/{cast.home.id}/sessions", {...})
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.compounds.models import Building, Community, Compound, Entrance, Subdistrict, Unit
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from app.people.models import (
    Appointment,
    Relation,
    Residence,
    ResidenceState,
    Resident,
    Role,
)
from app.people.tokens import start_family

LONG_AGO = date(2020, 1, 1)
BORN = date(1980, 5, 17)


@dataclass(frozen=True)
class Place:
    """An id and a name, detached from any session."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Person:
    """A resident with a client that carries their token."""

    id: UUID
    openid: str
    client: FlaskClient
    token: str

    def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        """Call the API at `path` below its prefix with this person's token."""
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        if body is not None:
            kwargs["json"] = body
        return self.client.open(PREFIX + path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.call("PUT", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("DELETE", path, **kwargs)


class Cast:
    """Places and people, written straight into the rows that the API reads."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._numbers = count(1)
        with app.app_context():
            subdistrict = Subdistrict(name="云桥街道", since=LONG_AGO)
            community = Community(name="云桥社区", subdistrict=subdistrict, since=LONG_AGO)
            compounds = [
                Compound(name=name, community=community, since=LONG_AGO)
                for name in ("香樟苑小区", "桂花苑小区", "梅园小区")
            ]
            db.session.add_all(compounds)
            db.session.commit()
            self.subdistrict = Place(subdistrict.id, subdistrict.name)
            self.community = Place(community.id, community.name)
            self.home, self.neighbour, self.third = (Place(c.id, c.name) for c in compounds)

    def other_community(self) -> tuple[Place, Place]:
        """Another community of the subdistrict with one compound."""
        with self.app.app_context():
            community = Community(
                name=f"第{next(self._numbers)}社区",
                subdistrict_id=self.subdistrict.id,
                since=LONG_AGO,
            )
            compound = Compound(name="竹园小区", community=community, since=LONG_AGO)
            db.session.add(compound)
            db.session.commit()
            return Place(community.id, community.name), Place(compound.id, compound.name)

    def other_subdistrict(self) -> tuple[Place, Place]:
        """A community with one compound, under another street office."""
        with self.app.app_context():
            subdistrict = Subdistrict(name=f"第{next(self._numbers)}街道", since=LONG_AGO)
            community = Community(name="河畔社区", subdistrict=subdistrict, since=LONG_AGO)
            compound = Compound(name="柳园小区", community=community, since=LONG_AGO)
            db.session.add(compound)
            db.session.commit()
            return Place(community.id, community.name), Place(compound.id, compound.name)

    def visitor(self, name: str = "过客", born: date | None = BORN) -> Person:
        """Somebody logged in who lives and works nowhere here."""
        with self._committing() as session:
            return self._log_in(session, self._newcomer(session, name, born))

    def logged_in_anew(self, person: Person) -> Person:
        """The same person with a new token, since an access token lives a quarter of an hour."""
        with self._committing() as session:
            resident = session.get_one(Resident, person.id)
            tokens = start_family(session, resident, datetime.now(UTC))
            return replace(person, token=tokens.access_token)

    def resident(
        self,
        compound: Place | None = None,
        *,
        name: str = "王小明",
        born: date | None = BORN,
        relation: Relation = Relation.OWNER,
    ) -> Person:
        """A verified resident of the compound (香樟苑 unless told otherwise)."""
        with self._committing() as session:
            person = self._log_in(session, self._newcomer(session, name, born))
            self._settle(session, person.id, compound or self.home, relation)
            return person

    def settle(self, person: Person, compound: Place, relation: Relation = Relation.OWNER) -> None:
        """Give a person a verified residence, in a new unit."""
        with self._committing() as session:
            self._settle(session, person.id, compound, relation)

    def unit(
        self, compound: Place, name: str, building: str = "3栋", entrance: str = "2单元"
    ) -> UUID:
        """A unit of the register, made with its building and entrance where they are missing."""
        with self._committing() as session:
            return self._unit(session, compound, name, building, entrance)

    def appoint(
        self,
        person: Person,
        role: Role,
        place: Place | None = None,
        *,
        level: str = "compound",
        since: date = LONG_AGO,
        until: date | None = None,
    ) -> UUID:
        """Give a person an office; `level` is compound, community or subdistrict."""
        with self._committing() as session:
            return self._appoint(session, person.id, role, place, level, since, until)

    def officer(self, role: Role, place: Place | None = None, level: str = "compound") -> Person:
        """Somebody who lives elsewhere and holds this office."""
        with self._committing() as session:
            person = self._log_in(session, self._newcomer(session, role.value, BORN))
            self._appoint(session, person.id, role, place, level)
            return person

    # One commit a person, however much comes with them: there are thousands in a run.

    @contextmanager
    def _committing(self) -> Iterator[Session]:
        with self.app.app_context():
            yield db.session()
            db.session.commit()

    def _newcomer(self, session: Session, name: str, born: date | None) -> Resident:
        resident = Resident(
            openid=f"o-test-{next(self._numbers)}",
            name=name,
            birth_date=born,
            joined_at=datetime.now(UTC),
        )
        session.add(resident)
        session.flush()
        return resident

    def _log_in(self, session: Session, resident: Resident) -> Person:
        tokens = start_family(session, resident, datetime.now(UTC))
        client = self.app.test_client()
        return Person(resident.id, resident.openid, client, tokens.access_token)

    def _settle(
        self, session: Session, resident_id: UUID, compound: Place, relation: Relation
    ) -> None:
        unit_id = self._unit(session, compound, f"{1000 + next(self._numbers)}", "3栋", "2单元")
        now = datetime.now(UTC)
        session.add(
            Residence(
                resident_id=resident_id,
                compound_id=compound.id,
                unit_id=unit_id,
                relation=relation,
                state=ResidenceState.VERIFIED,
                claimed_at=now,
                decided_at=now,
            )
        )

    def _unit(
        self, session: Session, compound: Place, name: str, building: str, entrance: str
    ) -> UUID:
        house = session.scalar(
            select(Building).where(Building.compound_id == compound.id, Building.name == building)
        ) or Building(compound_id=compound.id, name=building, since=LONG_AGO)
        session.add(house)
        session.flush()
        door = session.scalar(
            select(Entrance).where(Entrance.building_id == house.id, Entrance.name == entrance)
        ) or Entrance(compound_id=compound.id, building_id=house.id, name=entrance, since=LONG_AGO)
        session.add(door)
        session.flush()
        unit = Unit(
            compound_id=compound.id,
            entrance_id=door.id,
            name=name,
            area_centi_m2=8850,
            since=LONG_AGO,
        )
        session.add(unit)
        session.flush()
        return unit.id

    def _appoint(
        self,
        session: Session,
        resident_id: UUID,
        role: Role,
        place: Place | None,
        level: str,
        since: date = LONG_AGO,
        until: date | None = None,
    ) -> UUID:
        default = {
            "compound": self.home,
            "community": self.community,
            "subdistrict": self.subdistrict,
        }
        appointment = Appointment(
            resident_id=resident_id,
            role=role,
            since=since,
            until=until,
            **{f"{level}_id": (place or default[level]).id},
        )
        session.add(appointment)
        session.flush()
        return appointment.id

    def secretary(self, compound: Place | None = None) -> Person:
        """The branch secretary of a compound."""
        return self.officer(Role.BRANCH_SECRETARY, compound)

    def community_secretary(self) -> Person:
        return self.officer(Role.COMMUNITY_SECRETARY, level="community")

    # The steps of a session, by the API.

    def matters(
        self,
        secretary: Person,
        raiser: Person,
        titles: Sequence[str],
        compound: Place | None = None,
    ) -> list[str]:
        """Raise matters and list them; their ids in order."""
        path = f"/compounds/{(compound or self.home).id}/matters"
        ids = []
        for title in titles:
            body = {"title": title, "body": "说明", "category": "OTHER"}
            answer = raiser.post(path, body)
            assert answer.status_code == 201, answer.text
            ids.append(answer.json["id"])
            answer = secretary.post(f"/matters/{ids[-1]}/screen", {"outcome": "LISTED"})
            assert answer.status_code == 200, answer.text
        return ids

    def session(
        self, secretary: Person, compound: Place | None = None, **changes: Any
    ) -> dict[str, Any]:
        """A draft that opens in an hour and closes in a week."""
        now = datetime.now(UTC)
        body = {
            "period": f"{now:%Y-%m}",
            "mode": "OPEN",
            "place": "党群服务站",
            "voting_opens_at": (now + timedelta(hours=1)).isoformat(),
            "voting_closes_at": (now + timedelta(days=7)).isoformat(),
            "round_table_at": (now + timedelta(days=14)).isoformat(),
            **changes,
        }
        answer = secretary.post(f"/compounds/{(compound or self.home).id}/sessions", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    def open_session(
        self,
        secretary: Person,
        raiser: Person,
        titles: Sequence[str] = ("停车", "路灯", "积水"),
        **changes: Any,
    ) -> tuple[dict[str, Any], list[str]]:
        """A session in which voting is open, and the ids of its matters in order."""
        agenda_session = self.session(secretary, **changes)
        path = f"/sessions/{agenda_session['id']}"
        assert secretary.post(f"{path}/start-collecting").status_code == 200
        self.matters(secretary, raiser, titles)
        assert secretary.post(f"{path}/freeze-list").status_code == 200
        answer = secretary.post(f"{path}/open-voting")
        assert answer.status_code == 200, answer.text
        return answer.json, [matter["id"] for matter in answer.json["matters"]]


def ballot(*matters: str | None) -> dict[str, Any]:
    """A ballot that gives 5, 3 and 1 points to these matters; None leaves a slot empty."""
    return {
        "marks": [
            {"weight": weight, "matter_id": matter}
            for weight, matter in zip((5, 3, 1), matters, strict=False)
            if matter is not None
        ]
    }


def stored(app: Flask, statement: Any) -> Any:
    """What a query finds, seen from outside any request."""
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        return session.scalars(statement).all()
