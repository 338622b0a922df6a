"""Shapes: what data read from JSON must look like before anything is computed from it.

A shape is called with a value and tells where the value departs from it: None for nowhere, "" for
the value itself, a path such as ".rows[3].rank" for a place inside. It looks no deeper than its
own parts, so that the nesting of hostile data does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TypeAlias

Shape: TypeAlias = Callable[[object], str | None]

_HERE = ""
# Some Pythons read 24:00 as the midnight that follows; it would be a second spelling.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
)


def whole(most: int) -> Shape:
    """A whole number from 0 to `most`; neither true nor 1.0 is one."""
    return lambda value: _here_unless(type(value) is int and 0 <= value <= most)


def text(value: object) -> str | None:
    """A string that UTF-8 can hold: no half of a surrogate pair."""
    if not isinstance(value, str):
        return _HERE
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return _HERE
    return None


def flag(value: object) -> str | None:
    """True or false."""
    return _here_unless(isinstance(value, bool))


def instant(value: object) -> str | None:
    """A moment in UTC to the microsecond, always 27 characters: 2026-03-18T16:00:00.000000Z."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return _HERE
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return _HERE
    return None


def matching(pattern: str) -> Shape:
    """A string that matches the regular expression as a whole."""
    matches = re.compile(pattern).fullmatch
    return lambda value: _here_unless(isinstance(value, str) and matches(value) is not None)


def hexadecimal(length: int) -> Shape:
    """`length` bytes as lower-case hexadecimal digits."""
    return matching(f"[0-9a-f]{{{2 * length}}}")


def one_of(words: Collection[str]) -> Shape:
    """One of these strings."""
    return lambda value: _here_unless(isinstance(value, str) and value in words)


def either(*shapes: Shape) -> Shape:
    """What at least one of the shapes accepts."""
    return lambda value: _here_unless(any(shape(value) is None for shape in shapes))


def null(value: object) -> str | None:
    """Null."""
    return _here_unless(value is None)


def list_of(shape: Shape) -> Shape:
    """A list whose entries all have the shape."""

    def check(value: object) -> str | None:
        if not isinstance(value, list):
            return _HERE
        for index, entry in enumerate(value):
            if (wrong := shape(entry)) is not None:
                return f"[{index}]{wrong}"
        return None

    return check


def pair(first: Shape, second: Shape) -> Shape:
    """A list of exactly two entries of these shapes."""

    def check(value: object) -> str | None:
        if not isinstance(value, list) or len(value) != 2:
            return _HERE
        if (wrong := first(value[0])) is not None:
            return f"[0]{wrong}"
        if (wrong := second(value[1])) is not None:
            return f"[1]{wrong}"
        return None

    return check


def members(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with all of the required members, perhaps the optional ones, and no others."""
    known = {**required, **(optional or {})}

    def check(value: object) -> str | None:
        if not isinstance(value, dict):
            return _HERE
        for name in required:
            if name not in value:
                return f".{name}"
        for name, member in value.items():
            if name not in known:
                return _HERE
            if (wrong := known[name](member)) is not None:
                return f".{name}{wrong}"
        return None

    return check


def table(pattern: str, shape: Shape) -> Shape:
    """An object with any members whose names match the pattern and whose values have the shape."""
    matches = re.compile(pattern).fullmatch

    def check(value: object) -> str | None:
        if not isinstance(value, dict):
            return _HERE
        for name, member in value.items():
            if matches(name) is None:
                return _HERE
            if (wrong := shape(member)) is not None:
                return f".{name}{wrong}"
        return None

    return check


def _here_unless(fits: bool) -> str | None:
    return None if fits else _HERE
