"""Ballot schemes: how many matters a voter may mark, and what each mark is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Self

from votes.errors import VotingError


@dataclass(frozen=True)
class Slot:
    """`picks` marks on a ballot that are worth `weight` points each."""

    weight: int
    picks: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            # Not isinstance: a bool is an int to Python, but not to a reader of the snapshot.
            if type(value) is not int or value < 1:
                raise VotingError(
                    "invalid_scheme", f"A slot's {name} is a positive whole number.", value=value
                )


@dataclass(frozen=True)
class BallotScheme:
    """The slots of a ballot, heaviest first.

    Raises `VotingError` with code `invalid_scheme` unless there is at least one slot and the
    weights strictly descend.
    """

    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        if not self.slots:
            raise VotingError("invalid_scheme", "A scheme has at least one slot.")
        if list(self.weights) != sorted(set(self.weights), reverse=True):
            raise VotingError(
                "invalid_scheme",
                "The weights of a scheme strictly descend.",
                weights=list(self.weights),
            )

    @property
    def weights(self) -> tuple[int, ...]:
        """The weights of the slots, heaviest first."""
        return tuple(slot.weight for slot in self.slots)

    @classmethod
    def from_data(cls, data: Iterable[Mapping[str, int]]) -> Self:
        """The scheme that `to_data` wrote; `VotingError` with code `invalid_scheme` for others."""
        try:
            return cls(tuple(Slot(**slot) for slot in data))
        except TypeError as error:
            raise VotingError(
                "invalid_scheme", "A scheme is a list of objects with weight and picks."
            ) from error

    def to_data(self) -> list[dict[str, int]]:
        """The scheme as plain data, such as `[{"weight": 5, "picks": 1}, ...]`."""
        return [asdict(slot) for slot in self.slots]


FIVE_THREE_ONE = BallotScheme((Slot(5, 1), Slot(3, 1), Slot(1, 1)))
