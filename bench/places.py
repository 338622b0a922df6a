"""A community with one compound, and rows written to tables in bulk."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from app.agenda.models import HostPlace
from app.compounds.models import Building, Community, Compound, Entrance, Unit
from app.kit.audit import NO_HASH, AuditEntry, AuditLink, link_hash
from app.kit.extensions import db
from app.kit.orm import Base, new_id, table_of
from app.people.models import (
    Appointment,
    Relation,
    Residence,
    ResidenceState,
    Resident,
    Role,
)

LONG_AGO = date(2010, 1, 1)
UNITS_A_BUILDING = 60


class Rows:
    """Rows of many tables, stored by one statement a table, parents first."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._blank: dict[str, dict[str, Any]] = {}

    def add(self, model: type[Base], **values: Any) -> UUID:
        """Note a row; what is left out has the column's default, or is empty. Its id, if any."""
        table = table_of(model)
        if table.name not in self._blank:
            self._blank[table.name] = {
                column.key: column.default.arg
                if isinstance(column.default, ScalarElementColumnDefault)
                else None
                for column in table.columns
            }
        blank = self._blank[table.name]
        if not values.keys() <= blank.keys():
            raise TypeError(f"{table.name} has no {values.keys() - blank.keys()}")
        row = {**blank, **values}
        if "id" in blank and row["id"] is None:
            row["id"] = new_id()
        self._rows[table.name].append(row)
        made: UUID = row.get("id")  # type: ignore[assignment]
        return made

    def of(self, model: type[Base]) -> list[dict[str, Any]]:
        """The rows of a table that were noted so far."""
        return self._rows[table_of(model).name]

    def count(self, model: type[Base]) -> int:
        return len(self._rows[table_of(model).name])

    def store(self, connection: Connection) -> None:
        """Insert everything that was noted."""
        for table in db.metadata.sorted_tables:
            if self._rows[table.name]:
                connection.execute(table.insert(), self._rows[table.name])


class Log:
    """The audit log of one place, chained as `app.kit.audit` does it at each commit; `place` names
    it by the column of an entry."""

    def __init__(self, rows: Rows, **place: UUID) -> None:
        self._rows, self._place = rows, place
        (self._chain_id,) = place.values()
        self._number, self._digest = 0, NO_HASH

    def note(
        self,
        thing: type[Base],
        thing_id: UUID,
        verb: str,
        at: datetime,
        by: UUID | None,
        to: Any,
        **more: UUID,
    ) -> None:
        """One more entry, and its link to those before; `more` are other columns of the entry."""
        values = {
            "id": new_id(),
            "at": at,
            "actor_id": by,
            **self._place,
            **more,
            "thing": thing.__tablename__,
            "thing_id": thing_id,
            "verb": verb,
            "to_state": None if to is None else str(to),
        }
        entry = AuditEntry(**values)
        self._number += 1
        self._digest = link_hash(self._chain_id, self._number, self._digest, entry)
        self._rows.add(AuditEntry, **values)
        self._rows.add(
            AuditLink,
            chain_id=self._chain_id,
            number=self._number,
            entry_id=entry.id,
            hash=self._digest,
        )


@dataclass(frozen=True)
class Place:
    """A compound, the one of its community, and those who live there."""

    subdistrict_id: UUID
    community_id: UUID
    compound_id: UUID
    name: str
    residents: list[UUID]


def settle(rows: Rows, subdistrict_id: UUID, name: str, households: int, reader: UUID) -> Place:
    """A compound with so many households; `reader` holds the offices that may read its lists."""
    community_id = rows.add(
        Community, subdistrict_id=subdistrict_id, name=f"{name}社区", since=LONG_AGO
    )
    compound_id = rows.add(Compound, community_id=community_id, name=f"{name}小区", since=LONG_AGO)
    for office in (Role.BRANCH_SECRETARY, Role.AUDITOR):
        rows.add(
            Appointment, resident_id=reader, role=office, compound_id=compound_id, since=LONG_AGO
        )
    rows.add(
        Appointment,
        resident_id=reader,
        role=Role.AUDITOR,
        community_id=community_id,
        since=LONG_AGO,
    )
    rows.add(
        HostPlace,
        compound_id=compound_id,
        community_id=community_id,
        waiting_since=datetime(2015, 1, 1, tzinfo=UTC),
        position=1,
    )
    place = Place(subdistrict_id, community_id, compound_id, f"{name}小区", [])
    place.residents.extend(_households(rows, place, households))
    return place


def _households(rows: Rows, place: Place, households: int) -> Iterator[UUID]:
    moved_in = datetime(2015, 1, 1, tzinfo=UTC)
    entrance_id = None
    for number in range(households):
        if number % UNITS_A_BUILDING == 0:
            name = f"{number // UNITS_A_BUILDING + 1}栋"
            building_id = rows.add(
                Building, compound_id=place.compound_id, name=name, since=LONG_AGO
            )
            entrance_id = rows.add(
                Entrance,
                compound_id=place.compound_id,
                building_id=building_id,
                name="1单元",
                since=LONG_AGO,
            )
        unit_id = rows.add(
            Unit,
            compound_id=place.compound_id,
            entrance_id=entrance_id,
            name=str(100 + number),
            area_centi_m2=8850,
            since=LONG_AGO,
        )
        at = moved_in + timedelta(days=number)
        resident_id = rows.add(
            Resident,
            openid=f"o-bench-{place.compound_id}-{number}",
            name="住户甲",
            birth_date=date(1970, 1, 1),
            joined_at=at,
        )
        rows.add(
            Residence,
            resident_id=resident_id,
            compound_id=place.compound_id,
            unit_id=unit_id,
            relation=Relation.OWNER,
            state=ResidenceState.VERIFIED,
            claimed_at=at,
            decided_at=at,
        )
        yield resident_id
