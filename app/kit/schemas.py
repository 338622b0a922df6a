"""What schemas are made of: fields of our own, and what an answer shows of a thing.

    class RatingListSchema(AnswerSchema):
        shown = columns(RatingList, "id community_id period state drafted_at final_at")

Types, enums and what may be empty come from the model or the class; what is told otherwise stands
beside it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from enum import StrEnum
from string import hexdigits
from types import NoneType, UnionType
from typing import Any, ClassVar, NamedTuple, get_args, get_type_hints
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Boolean, Column, Date, Enum, Integer, LargeBinary, String, Uuid, inspect
from sqlalchemy.orm import DeclarativeBase, Mapper

from app.kit.clock import written
from app.kit.orm import UTCDateTime

FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs without a shape


def _is_visible(character: str) -> bool:
    return character not in FILLERS and unicodedata.category(character)[0] in "LNPSM"


class Text(ma.fields.String):
    """Text that a person typed: trimmed, not blank, at most `max_length` code points.

    Control characters, those that turn the direction of what follows, and lone surrogates are
    refused: neither database stores them all, and no reader is served by them. Line breaks are
    allowed where `multiline` is.
    """

    _NOT_TEXT = re.compile(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
    )
    _NOT_ONE_LINE = re.compile(r"[\t\n\u2028\u2029]")

    def __init__(self, *, max_length: int, multiline: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("validate", ma.validate.Length(max=max_length))
        super().__init__(**kwargs)
        self._multiline = multiline

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).replace("\r\n", "\n").strip()
        if not any(map(_is_visible, text)):
            raise ma.ValidationError("Must not be blank.")
        if self._NOT_TEXT.search(text) or (not self._multiline and self._NOT_ONE_LINE.search(text)):
            raise ma.ValidationError("Contains characters that are not text.")
        return text


class Matches(ma.validate.Regexp):
    """Whether a whole text has the form of a pattern that Python and ECMA 262 read alike."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"^(?:{pattern})$")
        self._whole = re.compile(pattern)

    def __call__(self, value: str) -> str:  # type: ignore[override]  # never for bytes
        # Python's `$` lets a line break follow, which ECMA's does not.
        if not self._whole.fullmatch(value):
            raise ma.ValidationError("String does not match expected pattern.")
        return value


class Id(ma.fields.UUID):
    """A UUID written as a string."""


class Instant(ma.fields.AwareDateTime):
    """An RFC 3339 instant with an offset, in whole seconds; written on the compound's clock."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or len(value) < len("2026-03-12T00:00Z"):
            raise self.make_error("invalid", input=value, obj_type="datetime")
        instant: datetime = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= instant.year <= 2199:
            raise ma.ValidationError("The year must be between 2000 and 2199.")
        return instant.replace(microsecond=0)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else written(value)


class AnyOf(ma.fields.List[StrEnum]):
    """In the query of a list: rows with this value, or with any of several where the name is
    repeated. Without it all rows, and an empty list."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        kwargs.setdefault("load_default", list)
        limit = ma.validate.Length(max=len(kind))
        super().__init__(ma.fields.Enum(kind, by_value=True), validate=limit, **kwargs)


class Hex(ma.fields.Field[bytes]):
    """Bytes written in lower-case hexadecimal."""

    default_error_messages = {"invalid": "String does not match expected pattern."}

    def __init__(self, *, length: int, **kwargs: Any) -> None:
        kwargs["metadata"] = {
            "type": "string",
            "pattern": f"^[0-9a-f]{{{2 * length}}}$",
            "digits": 2 * length,
            **kwargs.get("metadata", {}),
        }
        super().__init__(**kwargs)
        self._digits = 2 * length

    def _serialize(self, value: bytes | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.hex()

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bytes:
        # bytes.fromhex alone would pass over spaces, and the nonce would be shorter than promised.
        if (
            not isinstance(value, str)
            or len(value) != self._digits
            or not set(value) <= set(hexdigits)
        ):
            raise self.make_error("invalid")
        return bytes.fromhex(value)


_FIELDS: dict[type, type[ma.fields.Field[Any]]] = {
    Uuid: Id,
    UTCDateTime: Instant,
    Boolean: ma.fields.Boolean,
    Integer: ma.fields.Integer,
    Date: ma.fields.Date,
    String: ma.fields.String,
}
_FIELDS_OF_HINTS: dict[type, type[ma.fields.Field[Any]]] = {
    UUID: Id,
    datetime: Instant,
    bool: ma.fields.Boolean,
    int: ma.fields.Integer,
    date: ma.fields.Date,
    str: ma.fields.String,
}


class Shown(NamedTuple):
    """What an answer shows of a thing; `of` is how what is answered leads to the thing, empty where
    it is the thing itself."""

    kind: type
    names: tuple[str, ...]
    of: str

    def fields(self) -> Iterator[tuple[str, ma.fields.Field[Any]]]:
        """A field for each name. Raises KeyError for what says nothing of its type."""
        for name in self.names:
            field = _field_of(self.kind, name)
            field.attribute = f"{self.of}.{name}" if self.of else None
            yield name, field


class Alike(NamedTuple):
    """Fields that are told in the same way."""

    names: tuple[str, ...]
    make: Callable[[], ma.fields.Field[Any]]

    def fields(self) -> Iterator[tuple[str, ma.fields.Field[Any]]]:
        """A field of its own for each name."""
        return ((name, self.make()) for name in self.names)


def columns(model: type[DeclarativeBase], names: str, *, of: str = "") -> Shown:
    """The columns of these names, and annotated properties, with spaces between them."""
    return Shown(model, tuple(names.split()), of)


def attributes(kind: type, names: str, *, of: str = "") -> Shown:
    """The same of a class that is no table: its fields and properties, by their annotations."""
    return Shown(kind, tuple(names.split()), of)


def alike(names: str, make: Callable[[], ma.fields.Field[Any]]) -> Alike:
    """A field for each of these names, made in the same way."""
    return Alike(tuple(names.split()), make)


def _field_of(kind: type, name: str) -> ma.fields.Field[Any]:
    mapper: Mapper[Any] | None = inspect(kind, raiseerr=False)
    if mapper is not None and name in mapper.columns:
        return field_of(mapper.columns[name])
    attribute = getattr(kind, name, None)
    if isinstance(attribute, property):
        return _field_of_hint(get_type_hints(attribute.fget)["return"])
    return _field_of_hint(get_type_hints(kind)[name])


def _field_of_hint(hint: Any) -> ma.fields.Field[Any]:
    """How a value of this annotation is told. Raises KeyError or ValueError for one that is told
    in no one way."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    told: dict[str, Any] = {"required": True, "allow_none": NoneType in kinds}
    (kind,) = (each for each in kinds if each is not NoneType)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ma.fields.Enum(kind, by_value=True, **told)
    return _FIELDS_OF_HINTS[kind](**told)


def field_of(column: Column[Any]) -> ma.fields.Field[Any]:
    """How a column is told. Raises TypeError for a type that is told in no one way."""
    told: dict[str, Any] = {"required": True, "allow_none": bool(column.nullable)}
    if isinstance(column.type, Enum) and column.type.enum_class is not None:
        return ma.fields.Enum(column.type.enum_class, by_value=True, **told)
    if isinstance(column.type, LargeBinary) and column.type.length is not None:
        return Hex(length=column.type.length, **told)
    for kind, field in _FIELDS.items():
        if isinstance(column.type, kind):
            return field(**told)
    raise TypeError(f"{column} is told in no one way")


class _WithGroups(ma.schema.SchemaMeta):
    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        groups = [each for each in attrs.values() if isinstance(each, Shown | Alike)]
        fields = {name: field for each in groups for name, field in each.fields()}
        return super().__new__(mcs, name, bases, {**fields, **attrs})


class Schema(ma.Schema, metaclass=_WithGroups):
    """A schema that refuses what it does not know."""

    class Meta:
        unknown = ma.RAISE
        ordered = True


class AnswerSchema(Schema):
    """What goes out: every field is always there, but for those named in `SOMETIMES`."""

    SOMETIMES: ClassVar[str] = ""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        field_obj.required = field_name not in self.SOMETIMES.split()
