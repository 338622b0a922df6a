"""An answer's fields from a model's columns."""

from datetime import UTC, date, datetime
from enum import StrEnum
from types import SimpleNamespace
from uuid import UUID

import marshmallow as ma
import pytest
from sqlalchemy import JSON, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.orm import UTCDateTime, enum_type
from app.kit.schemas import Id, Instant, Schema, columns


class Colour(StrEnum):
    RED = "RED"


class Rows(DeclarativeBase):
    metadata = MetaData()


class Row(Rows):
    __tablename__ = "rows"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    count: Mapped[int | None]
    is_open: Mapped[bool]
    day: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    colour: Mapped[Colour] = mapped_column(enum_type(Colour, "colour"))
    data: Mapped[object] = mapped_column(JSON)


class RowSchema(Schema):
    shown = columns(Row, "id name count is_open day at colour")
    length = ma.fields.Integer(required=True)


class NestedRowSchema(Schema):
    shown = columns(Row, "name count", of="row")
    name = ma.fields.String(attribute="other")


ROW = Row(
    id=UUID(int=7),
    name="甲",
    count=None,
    is_open=True,
    day=date(2026, 3, 1),
    at=datetime(2026, 3, 1, tzinfo=UTC),
    colour=Colour.RED,
)


def test_types_and_what_may_be_empty_come_from_the_model():
    fields = RowSchema().fields
    assert {name: type(field) for name, field in fields.items()} == {
        "id": Id,
        "name": ma.fields.String,
        "count": ma.fields.Integer,
        "is_open": ma.fields.Boolean,
        "day": ma.fields.Date,
        "at": Instant,
        "colour": ma.fields.Enum,
        "length": ma.fields.Integer,
    }
    assert all(field.required for field in fields.values())
    assert {name for name, field in fields.items() if field.allow_none} == {"count", "day"}


def test_columns_are_told_as_written_by_hand():
    assert RowSchema(exclude=["length"]).dump(ROW) == {
        "id": str(UUID(int=7)),
        "name": "甲",
        "count": None,
        "is_open": True,
        "day": "2026-03-01",
        "at": "2026-03-01T08:00:00+08:00",
        "colour": "RED",
    }


def test_columns_of_a_row_beside_and_a_field_that_takes_the_place_of_one():
    seen = SimpleNamespace(row=ROW, other="乙")
    assert NestedRowSchema().dump(seen) == {"name": "乙", "count": None}


@pytest.mark.parametrize(("name", "error"), [("nothing", KeyError), ("data", TypeError)])
def test_what_is_no_plain_column_is_refused_when_the_schema_is_made(
    name: str, error: type[Exception]
):
    with pytest.raises(error):
        type("Bad", (Schema,), {"shown": columns(Row, name)})
