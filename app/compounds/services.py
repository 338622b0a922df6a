"""Taking a register file in: all of its rows, or none."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import record
from app.clock import local_date
from app.compounds.models import Building, Compound, Entrance, RegisterImport, Unit
from app.compounds.register_file import RegisterFileError, RegisterRow, read_register
from app.errors import DomainError, Refused

Node = TypeVar("Node", Building, Entrance)


class UnreadableRegister(DomainError):
    status, code = 422, "unreadable_register"
    zh, en = "读不懂这份房屋登记册", "The register file cannot be read"


class RegisterRefused(DomainError):
    status, code = 422, "register_refused"
    zh, en = "登记册有错误,一行也没有导入", "The register has errors; no row was taken in"


def import_register(
    session: Session,
    compound: Compound,
    data: bytes,
    filename: str,
    *,
    by_id: UUID | None,
    at: datetime,
) -> RegisterImport:
    """Add or correct the units that the file names; units it does not name stay as they are.

    Returns the import with its report, one entry for each row: `{"line", "unit", "outcome"}`,
    outcome `added`, `corrected` (another area) or `unchanged`. Raises UnreadableRegister, or
    RegisterRefused with every refused row.
    """
    try:
        file = read_register(data, filename)
    except RegisterFileError as error:
        raise UnreadableRegister(
            zh=error.zh, en=error.en, errors=[Refused("file", error.code, error.zh, error.en)]
        ) from error
    if file.refused:
        raise RegisterRefused(
            zh=f"{len(file.rows)} 行可用,{len(file.refused)} 行有误",
            en=f"{len(file.rows)} rows are good, {len(file.refused)} are not",
            errors=[
                Refused(
                    f"line {r.line}" + (f", {r.column}" if r.column else ""), r.code, r.zh, r.en
                )
                for r in file.refused
            ],
        )
    # Two files at once would add the same building twice.
    session.scalars(
        select(Compound.id).where(Compound.id == compound.id).with_for_update(key_share=True)
    ).one()
    register_import = RegisterImport(
        compound_id=compound.id,
        imported_by_id=by_id,
        imported_at=at,
        sha256=hashlib.sha256(data).hexdigest(),
        report=_take_in(session, compound, file.rows, local_date(at)),
    )
    session.add(register_import)
    session.flush()
    record(session, register_import, "import", at=at, actor_id=by_id, compound_id=compound.id)
    return register_import


def _take_in(
    session: Session, compound: Compound, rows: Iterable[RegisterRow], today: date
) -> list[dict[str, Any]]:
    buildings = {b.name: b for b in _living(session, Building, compound)}
    entrances = {(e.building_id, e.name): e for e in _living(session, Entrance, compound)}
    units = {
        (unit.entrance_id, unit.name): unit
        for unit in session.scalars(
            select(Unit).where(Unit.compound_id == compound.id, Unit.until.is_(None))
        )
    }
    report = []
    for row in rows:
        building = buildings.get(row.building)
        if building is None:
            building = Building(compound_id=compound.id, name=row.building, since=today)
            session.add(building)
            session.flush([building])
            buildings[row.building] = building
        entrance = entrances.get((building.id, row.entrance))
        if entrance is None:
            entrance = Entrance(
                compound_id=compound.id, building_id=building.id, name=row.entrance, since=today
            )
            session.add(entrance)
            session.flush([entrance])
            entrances[building.id, row.entrance] = entrance
        unit = units.get((entrance.id, row.unit))
        if unit is None:
            unit = Unit(
                compound_id=compound.id,
                entrance_id=entrance.id,
                name=row.unit,
                area_centi_m2=row.area_centi_m2,
                since=today,
            )
            session.add(unit)
            units[entrance.id, row.unit] = unit
            outcome = "added"
        elif unit.area_centi_m2 != row.area_centi_m2:
            unit.area_centi_m2 = row.area_centi_m2
            outcome = "corrected"
        else:
            outcome = "unchanged"
        report.append(
            {
                "line": row.line,
                "unit": f"{row.building}{row.entrance}{row.unit}",
                "outcome": outcome,
            }
        )
    return report


def _living(session: Session, kind: type[Node], compound: Compound) -> Iterable[Node]:
    return session.scalars(
        select(kind).where(kind.compound_id == compound.id, kind.until.is_(None))
    )
