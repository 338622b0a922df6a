"""Every single alteration of a bundle: each value changed, each member and entry taken away,
doubled, or exchanged with its neighbour."""

from collections.abc import Iterator
from typing import Any

from votes.bundle import check_format
from votes.errors import VotingError


def alterations(value: Any) -> Iterator[Any]:
    """Every value that differs from this one in a single place."""
    if isinstance(value, dict):
        yield from altered_object(value)
    elif isinstance(value, list):
        yield from altered_list(value)
    else:
        yield from altered_plain(value)


def altered_object(value: dict[str, Any]) -> Iterator[Any]:
    yield from ([], None, {**value, "more": 0})
    for name, member in value.items():
        others = {other: kept for other, kept in value.items() if other != name}
        yield others
        yield {**others, f"{name}x": member}
        for altered in alterations(member):
            yield {**value, name: altered}


def altered_list(value: list[Any]) -> Iterator[Any]:
    yield from ({}, None, [*value, 0])
    for index, entry in enumerate(value):
        before, after = value[:index], value[index + 1 :]
        yield before + after
        yield [*before, entry, entry, *after]
        if after and after[0] != entry:
            yield [*before, after[0], entry, *after[1:]]
        for altered in alterations(entry):
            yield [*before, altered, *after]


def altered_plain(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield from (not value, int(value), None)
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value or -1, float(value), str(value), True, None)
    elif isinstance(value, str):
        other = "1" if value[:1] == "0" else "0"
        yield from (other + value[1:], value[:-1], value + " ", value.upper() + "A", "", 0, None)
    else:
        yield from (0, "", False, "0" * 64, "0" * 128)


def has_the_format(data: object) -> bool:
    """Whether a bundle can be read so far that it can be sealed."""
    try:
        check_format(data)
    except VotingError:
        return False
    return True
