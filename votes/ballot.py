"""Priority ballots: what a voter marked, and when that is a valid ballot."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from votes.errors import VotingError
from votes.scheme import BallotScheme


class Mark(NamedTuple):
    """`weight` points given to the matter with the id `matter`."""

    weight: int
    matter: str


@dataclass(frozen=True)
class PriorityBallot:
    """The marks of one voter, always in canonical order: weight descending, then matter id.

    Ballots with the same marks are therefore equal and give the same receipt, in whatever order
    the marks came in. Use `of` for marks that nobody has checked yet.
    """

    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        in_order = sorted(self.marks, key=lambda mark: (-mark.weight, mark.matter))
        object.__setattr__(self, "marks", tuple(in_order))

    @classmethod
    def of(cls, marks: Iterable[Mark], scheme: BallotScheme, listed: Collection[str]) -> Self:
        """The ballot with these marks, if they obey R2 of the 5-3-1 rules.

        `listed` holds the ids of the matters on the frozen list. Slots may stay empty; no marks
        at all make a valid blank ballot. Raises `VotingError` with code `unknown_weight`,
        `slot_overfilled`, `matter_not_listed` or `matter_repeated`.
        """
        marks = tuple(marks)
        picks_left = {slot.weight: slot.picks for slot in scheme.slots}
        marked: set[str] = set()
        for weight, matter in marks:
            # True equals 1 and 5.0 equals 5, but only an int has one spelling in the receipt.
            if type(weight) is not int or weight not in picks_left:
                raise VotingError("unknown_weight", "The ballot has no such slot.", weight=weight)
            if picks_left[weight] == 0:
                raise VotingError("slot_overfilled", "The slot has too many marks.", weight=weight)
            if matter not in listed:
                raise VotingError(
                    "matter_not_listed", "The matter is not on the frozen list.", matter=matter
                )
            if matter in marked:
                raise VotingError("matter_repeated", "The matter is marked twice.", matter=matter)
            picks_left[weight] -= 1
            marked.add(matter)
        return cls(marks)

    @property
    def is_blank(self) -> bool:
        """Whether the ballot marks nothing; it still counts as returned."""
        return not self.marks
