"""The tree of places. Nodes appear and end over time, so each carries the days of its life."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.orm import Base, HasId, unique_where


class Dated:
    """A node's life: from `since` (inclusive) until `until` (exclusive; empty while it lasts)."""

    since: Mapped[date]
    until: Mapped[date | None]


def _one_live(name: str, *columns: str) -> Index:
    """At most one living node with these values; ended ones may repeat them."""
    return unique_where(name, *columns, where="until IS NULL")


class Subdistrict(HasId, Dated, Base):
    """街道: the street office."""

    __tablename__ = "subdistricts"

    name: Mapped[str] = mapped_column(String(80))


class Community(HasId, Dated, Base):
    """社区: the area of a residents' committee; about five compounds."""

    __tablename__ = "communities"
    __table_args__ = (_one_live("uq_communities_live_name", "subdistrict_id", "name"),)

    subdistrict_id: Mapped[UUID] = mapped_column(ForeignKey("subdistricts.id"))
    name: Mapped[str] = mapped_column(String(80))
    subdistrict: Mapped[Subdistrict] = relationship(lazy="joined", innerjoin=True)


class Compound(HasId, Dated, Base):
    """小区: where a session is held."""

    __tablename__ = "compounds"
    __table_args__ = (_one_live("uq_compounds_live_name", "community_id", "name"),)

    community_id: Mapped[UUID] = mapped_column(ForeignKey("communities.id"))
    name: Mapped[str] = mapped_column(String(80))
    community: Mapped[Community] = relationship(lazy="joined", innerjoin=True)

    @property
    def subdistrict_id(self) -> UUID:
        return self.community.subdistrict_id


class Building(HasId, Dated, Base):
    """楼栋."""

    __tablename__ = "buildings"
    __table_args__ = (_one_live("uq_buildings_live_name", "compound_id", "name"),)

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    name: Mapped[str] = mapped_column(String(40))


class Entrance(HasId, Dated, Base):
    """单元: a stairwell of a building."""

    __tablename__ = "entrances"
    __table_args__ = (_one_live("uq_entrances_live_name", "building_id", "name"),)

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    building_id: Mapped[UUID] = mapped_column(ForeignKey("buildings.id"))
    name: Mapped[str] = mapped_column(String(40))
    building: Mapped[Building] = relationship(lazy="joined", innerjoin=True)


class Unit(HasId, Dated, Base):
    """专有部分: one registrable exclusive part; its area in hundredths of a square metre."""

    __tablename__ = "units"
    __table_args__ = (
        _one_live("uq_units_live_name", "entrance_id", "name"),
        Index(None, "compound_id"),
        CheckConstraint("area_centi_m2 > 0", name="area_is_positive"),
    )

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"))
    entrance_id: Mapped[UUID] = mapped_column(ForeignKey("entrances.id"))
    name: Mapped[str] = mapped_column(String(40))
    area_centi_m2: Mapped[int] = mapped_column(BigInteger)
    entrance: Mapped[Entrance] = relationship(lazy="joined", innerjoin=True)

    @property
    def address(self) -> str:
        """As a neighbour says it, e.g. `3栋2单元1502`."""
        return f"{self.entrance.building.name}{self.entrance.name}{self.name}"


class RegisterImport(HasId, Base):
    """One register file that was taken in, with the report of its rows."""

    __tablename__ = "register_imports"

    compound_id: Mapped[UUID] = mapped_column(ForeignKey("compounds.id"), index=True)
    imported_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents.id"))
    imported_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    report: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
