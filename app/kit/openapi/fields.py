"""What apispec does not tell of a field by itself: its words, and its enum by name.

Both functions are attribute functions of apispec: they get the field and what is known so far
(`ret`), and return what is to be merged into it.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any

import marshmallow as ma

from app.kit.openapi.words import FIELDS, add, words_for_field, words_of_enum

# Names of enums in the document where the class alone would say too little there.
ENUM_NAMES: Mapping[str, str] = {
    "About": "StoryThing",
    "Answer": "VoteAnswer",
    "Change": "ChangeKind",
    "Channel": "BallotChannel",
    "Colour": "RatingColour",
    "ListState": "RatingListState",
    "Mode": "VotingMode",
    "Opinion": "VersionOpinion",
    "Outcome": "SelectionOutcome",
    "Step": "StoryStep",
}
# Choices that are no enum of ours, or only a part of one, by schema and field.
CHOICE_NAMES: Mapping[str, str] = {
    "ContentArgs.size": "ContentSize",
    "Part.op": "PartOp",
    "ReportPlace.kind": "PlaceKind",
    "ReportRow.outcome": "RegisterRowOutcome",
    "RotationChange.verb": "RotationVerb",
    "ScreenArgs.outcome": "ScreeningOutcome",
    "TakenFollowUpArgs.channel": "TakenChannel",
}


def name_enum(converter: Any, field: ma.fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A reference to the named enum of the field's choices, so that clients get a type of it."""
    choices = choices_of(field)
    if not choices:
        return {}
    name = enum_name(field, choices)
    if name not in converter.spec.components.schemas:
        values = [plain(choice) for choice in choices]
        described = {"type": "string", "enum": values, **words_of_enum(name, choices)}
        converter.spec.components.schema(name, described)
    for key in ("type", "format", "enum"):
        ret.pop(key, None)
    reference = {"$ref": f"#/components/schemas/{name}"}
    return {"anyOf": [reference, {"type": "null"}]} if field.allow_none else reference


def choices_of(field: ma.fields.Field[Any]) -> list[Any]:
    """The values that a field of a closed list takes; none for any other field."""
    offers = [v.choices for v in field.validators if isinstance(v, ma.validate.OneOf)]
    if isinstance(field, ma.fields.Enum):
        kind: type[Enum] = field.enum
        offers.append(list(kind))
    first = offers[0] if offers else ()
    return [each for each in first if each is not None and all(each in offer for offer in offers)]


def enum_name(field: ma.fields.Field[Any], choices: list[Any]) -> str:
    """The name of the field's enum in the document; clients name their types after it."""
    kind = type(choices[0])
    if issubclass(kind, StrEnum) and len(choices) == len(kind):
        return ENUM_NAMES.get(kind.__name__, kind.__name__)
    owner = type(field.parent).__name__.removesuffix("Schema")
    place = f"{owner}.{field.name}"
    return CHOICE_NAMES.get(place, f"{owner}{str(field.name).title().replace('_', '')}")


def plain(value: Any) -> Any:
    """The value as JSON writes it."""
    return value.value if isinstance(value, Enum) else value


def describe(converter: Any, field: ma.fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """What the field is, whether it may be left out, and what null means there."""
    owner = type(field.parent)
    text = words_for_field(owner, field.data_key or f"{field.name}")
    if text is None or not issubclass(owner, ma.Schema):
        return {}
    is_asked = owner.__name__.endswith("Args")
    told = _with_default(text, field) if is_asked else _with_null(text, field)
    # A named enum has words of its own; those for a name like `state` would only repeat them.
    repeats = told == FIELDS.get(f"{field.name}") and "$ref" in ret and choices_of(field)
    return {} if repeats else {"description": told}


def _with_default(text: str, field: ma.fields.Field[Any]) -> str:
    """The description of a field that a client sends."""
    default = None if callable(field.load_default) else plain(field.load_default)
    if field.required:
        return add(text, "可为 null", "may be null") if field.allow_none else text
    if default in (ma.missing, None, ""):
        return add(text, "可不填", "optional")
    value = str(default).lower() if isinstance(default, bool) else f"{default}"
    return add(text, f"不填为 {value}", f"{value} if left out")


def _with_null(text: str, field: ma.fields.Field[Any]) -> str:
    """The description of a field that a client reads."""
    if not field.allow_none or "null" in text:
        return text
    if f"{field.name}".endswith(("_at", "_on")):
        return add(text, "未到为 null", "null until then")
    return add(text, "没有为 null", "null if none")
