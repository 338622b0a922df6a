"""The tables that an operator recorded, and which tables hold now."""

from collections.abc import Mapping
from datetime import date, datetime

from flask import g, has_app_context
from sqlalchemy import JSON, CheckConstraint, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit.calendar.tables import SHIPPED, DayKind, HolidayYear
from app.kit.extensions import db
from app.kit.orm import Base, HasId


class HolidayTable(HasId, Base):
    """One year's holidays as an operator recorded them; it stands before a shipped table.

    `days` maps ISO dates to kinds.
    """

    __tablename__ = "holiday_tables"
    __table_args__ = (CheckConstraint("year BETWEEN 2000 AND 2199", name="year_is_credible"),)

    year: Mapped[int] = mapped_column(Integer, unique=True)
    days: Mapped[dict[str, str]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]


def read_tables(session: Session) -> Mapping[int, HolidayYear]:
    """The table of each year that has one: what was recorded, else what ships."""
    rows = session.execute(select(HolidayTable.year, HolidayTable.days))
    recorded = {
        year: {date.fromisoformat(day): DayKind(kind) for day, kind in days.items()}
        for year, days in rows
    }
    return {**SHIPPED, **recorded}


def current_tables() -> Mapping[int, HolidayYear]:
    """The tables that hold now; outside the application those that ship."""
    return read_tables(db.session()) if has_app_context() else SHIPPED


def shown_years() -> frozenset[int]:
    """Years with a table, read once in a request however many rows it shows."""
    if "holiday_years" not in g:
        g.holiday_years = frozenset(current_tables())
    years: frozenset[int] = g.holiday_years
    return years
