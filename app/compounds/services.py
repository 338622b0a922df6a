"""Taking a register file in: all of its rows, or none."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.compounds.models import Building, Compound, Entrance, RegisterImport, Unit
from app.compounds.names import plain_name
from app.compounds.reading import register_in_child
from app.compounds.refusals import RegisterRefused, UnreadableRegister
from app.compounds.register_file import RefusedRow, RegisterFile, RegisterRow
from app.confined.calls import Confined
from app.kit.audit import record
from app.kit.clock import local_date
from app.kit.errors import Refused
from app.kit.orm import Base, new_id, table_of
from app.kit.spreadsheets.values import UnreadableFile


class Line(NamedTuple):
    """One unit of a file by its plain names: line, building, entrance, unit, area."""

    number: int
    building: str
    entrance: str
    unit: str
    area_centi_m2: int


@dataclass(frozen=True)
class Register:
    """A register file that can be taken in whole."""

    sha256: str
    lines: tuple[Line, ...]


def read_units(confined: Confined, data: bytes, filename: str) -> Register:
    """The units of a file, read in a child: before anything is locked, since it takes seconds.

    Raises UnreadableRegister, RegisterRefused with every refused row, TooComplex, TookTooLong,
    Busy.
    """
    try:
        file = register_in_child(confined, data, filename)
    except UnreadableFile as error:
        raise UnreadableRegister(
            zh=error.zh, en=error.en, errors=[Refused("file", error.code, error.zh, error.en)]
        ) from error
    if file.refused:
        raise _refusal(file)
    return Register(hashlib.sha256(data).hexdigest(), tuple(map(_line, file.rows)))


def import_register(
    session: Session, compound: Compound, register: Register, *, by_id: UUID | None, at: datetime
) -> RegisterImport:
    """Add or correct the units that the file names; units it does not name stay as they are.

    Returns the import with its report, one entry for each row: `{"line", "unit", "outcome"}`,
    outcome `added`, `corrected` (another area) or `unchanged`. On SQLite nobody else writes until
    the caller commits, so rows go in by the thousand.
    """
    # Two files at once would add the same building twice.
    session.scalars(
        select(Compound.id).where(Compound.id == compound.id).with_for_update(key_share=True)
    ).one()
    changes = _Changes(session, compound.id, local_date(at))
    report = [changes.take_in(line) for line in register.lines]
    changes.write()
    register_import = RegisterImport(
        compound_id=compound.id,
        imported_by_id=by_id,
        imported_at=at,
        sha256=register.sha256,
        report=report,
    )
    session.add(register_import)
    session.flush()
    record(session, register_import, "import", by_id, at)
    return register_import


def _line(row: RegisterRow) -> Line:
    building, entrance, unit = map(plain_name, (row.building, row.entrance, row.unit))
    return Line(row.line, building, entrance, unit, row.area_centi_m2)


def _refusal(file: RegisterFile) -> RegisterRefused:
    return RegisterRefused(
        zh=f"{len(file.rows)} 行可用，{len(file.refused)} 行有误",
        en=f"{len(file.rows)} rows are valid, {len(file.refused)} are not",
        errors=[Refused(_place(row), row.code, row.zh, row.en) for row in file.refused],
    )


def _place(row: RefusedRow) -> str:
    return f"line {row.line}" + (f", {row.column}" if row.column else "")


class _Changes:
    """What a register adds to the living nodes of a compound, and what it corrects; written in one
    statement for each table."""

    def __init__(self, session: Session, compound_id: UUID, today: date) -> None:
        self._session, self._compound_id = session, compound_id
        self._common = {"compound_id": compound_id, "since": today}
        self._buildings = {(name,): id_ for id_, name in self._living(Building)}
        self._entrances = {(p, name): id_ for id_, name, p in self._living(Entrance, "building_id")}
        self._units = {
            (parent, name): (id_, area)
            for id_, name, parent, area in self._living(Unit, "entrance_id", "area_centi_m2")
        }
        self._added: dict[type[Base], list[dict[str, Any]]] = {
            Building: [],
            Entrance: [],
            Unit: [],
        }
        self._corrected: list[dict[str, Any]] = []

    def take_in(self, line: Line) -> dict[str, Any]:
        """Add or correct one unit; its entry in the report."""
        building_id = self._buildings.get((line.building,)) or self._add(
            Building, self._buildings, (line.building,), name=line.building
        )
        entrance_id = self._entrances.get((building_id, line.entrance)) or self._add(
            Entrance,
            self._entrances,
            (building_id, line.entrance),
            building_id=building_id,
            name=line.entrance,
        )
        names = f"{line.building}{line.entrance}{line.unit}"
        outcome = self._unit(entrance_id, line.unit, line.area_centi_m2)
        return {"line": line.number, "unit": names, "outcome": outcome}

    def write(self) -> None:
        """Every change, children after their parents."""
        for kind, rows in self._added.items():
            if rows:
                self._session.execute(table_of(kind).insert(), rows)
        if self._corrected:
            units = table_of(Unit)
            corrected = units.update().where(units.c.id == bindparam("unit_id"))
            self._session.execute(corrected, self._corrected)

    def _unit(self, entrance_id: UUID, name: str, area_centi_m2: int) -> str:
        unit = self._units.get((entrance_id, name))
        if unit is None:
            row = {"entrance_id": entrance_id, "name": name, "area_centi_m2": area_centi_m2}
            self._added[Unit].append({"id": new_id(), **self._common, **row})
            return "added"
        unit_id, area = unit
        if area == area_centi_m2:
            return "unchanged"
        self._corrected.append({"unit_id": unit_id, "area_centi_m2": area_centi_m2})
        return "corrected"

    def _add(
        self, kind: type[Base], known: dict[Any, UUID], key: tuple[Any, ...], **row: Any
    ) -> UUID:
        known[key] = new_id()
        self._added[kind].append({"id": known[key], **self._common, **row})
        return known[key]

    def _living(self, kind: type[Base], *columns: str) -> Any:
        table = table_of(kind)
        wanted = (table.c[column] for column in ("id", "name", *columns))
        query = select(*wanted).where(
            table.c.compound_id == self._compound_id, table.c.until.is_(None)
        )
        return self._session.execute(query)
