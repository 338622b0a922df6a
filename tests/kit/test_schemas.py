"""An answer's fields from a model's columns, or from the annotations of a class."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import SimpleNamespace
from uuid import UUID

import marshmallow as ma
import pytest
from sqlalchemy import JSON, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.orm import UTCDateTime, enum_type
from app.kit.schemas import AnswerSchema, Hex, Id, Instant, Schema, alike, attributes, columns


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
    key: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    @property
    def label(self) -> str | None:
        return f"第{self.name}" if self.name else None


@dataclass(frozen=True)
class Cell:
    value: int | None
    text: str
    day: date
    at: datetime
    owner: UUID
    colour: Colour
    parts: list[int]

    @property
    def is_empty(self) -> bool:
        return self.value is None


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


def test_bytes_of_a_fixed_length_and_annotated_properties_are_told_too():
    schema = type("Told", (Schema,), {"shown": columns(Row, "key label")})()
    assert isinstance(schema.fields["key"], Hex)
    assert schema.fields["label"].allow_none
    row = Row(name="甲", key=bytes(32))
    assert schema.dump(row) == {"key": "00" * 32, "label": "第甲"}


def test_types_of_a_class_come_from_its_annotations():
    class CellSchema(Schema):
        shown = attributes(Cell, "value text day at owner colour is_empty", of="cell")

    fields = CellSchema().fields
    assert {name: type(field) for name, field in fields.items()} == {
        "value": ma.fields.Integer,
        "text": ma.fields.String,
        "day": ma.fields.Date,
        "at": Instant,
        "owner": Id,
        "colour": ma.fields.Enum,
        "is_empty": ma.fields.Boolean,
    }
    assert {name for name, field in fields.items() if field.allow_none} == {"value"}
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    cell = Cell(None, "–", date(2026, 3, 1), moment, UUID(int=7), Colour.RED, [])
    assert CellSchema(only=["value", "is_empty"]).dump(SimpleNamespace(cell=cell)) == {
        "value": None,
        "is_empty": True,
    }


@pytest.mark.parametrize("name", ["nothing", "parts"])
def test_what_is_told_in_no_one_way_is_refused_when_the_schema_is_made(name: str):
    with pytest.raises(KeyError):
        type("Bad", (Schema,), {"shown": attributes(Cell, name)})


def test_all_of_an_answer_is_there_but_for_what_is_not_always():
    class PartSchema(AnswerSchema):
        SOMETIMES = "next"

        counts = alike("yes no next", ma.fields.Integer)

    class WholeSchema(PartSchema):
        text = ma.fields.String()

    assert PartSchema().fields["yes"] is not PartSchema().fields["no"]
    required = {name for name, field in WholeSchema().fields.items() if field.required}
    assert required == {"yes", "no", "text"}
