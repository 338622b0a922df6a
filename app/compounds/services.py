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
from app.compounds.names import plain_name
from app.compounds.register_file import RegisterFileError, RegisterRow, read_register
from app.errors import DomainError, Refused

Node = TypeVar("Node", Building, Entrance, Unit)


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
    register = _Register(session, compound, local_date(at))
    register_import = RegisterImport(
        compound_id=compound.id,
        imported_by_id=by_id,
        imported_at=at,
        sha256=hashlib.sha256(data).hexdigest(),
        report=[register.take_in(row) for row in file.rows],
    )
    session.add(register_import)
    session.flush()
    record(session, register_import, "import", at=at, actor_id=by_id, compound_id=compound.id)
    return register_import


class _Register:
    """The living nodes of a compound by name, to which rows are added."""

    def __init__(self, session: Session, compound: Compound, today: date) -> None:
        self._session, self._compound_id, self._today = session, compound.id, today
        self._buildings = {node.name: node for node in self._living(Building)}
        self._entrances = {(node.building_id, node.name): node for node in self._living(Entrance)}
        self._units = {(node.entrance_id, node.name): node for node in self._living(Unit)}

    def take_in(self, row: RegisterRow) -> dict[str, Any]:
        """Add or correct one unit; its entry in the report."""
        names = [plain_name(name) for name in (row.building, row.entrance, row.unit)]
        entrance = self._entrance(self._building(names[0]), names[1])
        outcome = self._unit(entrance, names[2], row.area_centi_m2)
        return {"line": row.line, "unit": "".join(names), "outcome": outcome}

    def _building(self, name: str) -> Building:
        if name not in self._buildings:
            building = Building(compound_id=self._compound_id, name=name, since=self._today)
            self._buildings[name] = self._added(building)
        return self._buildings[name]

    def _entrance(self, building: Building, name: str) -> Entrance:
        key = (building.id, name)
        if key not in self._entrances:
            entrance = Entrance(
                compound_id=self._compound_id,
                building_id=building.id,
                name=name,
                since=self._today,
            )
            self._entrances[key] = self._added(entrance)
        return self._entrances[key]

    def _unit(self, entrance: Entrance, name: str, area_centi_m2: int) -> str:
        unit = self._units.get((entrance.id, name))
        if unit is None:
            unit = Unit(
                compound_id=self._compound_id,
                entrance_id=entrance.id,
                name=name,
                area_centi_m2=area_centi_m2,
                since=self._today,
            )
            self._session.add(unit)
            return "added"
        if unit.area_centi_m2 == area_centi_m2:
            return "unchanged"
        unit.area_centi_m2 = area_centi_m2
        return "corrected"

    def _added(self, node: Node) -> Node:
        self._session.add(node)
        self._session.flush()  # its children need its id
        return node

    def _living(self, kind: type[Node]) -> Iterable[Node]:
        return self._session.scalars(
            select(kind).where(kind.compound_id == self._compound_id, kind.until.is_(None))
        )
