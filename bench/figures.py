"""Measured figures, and the arithmetic on them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of one round.

    `part` is the part of the benchmark; `subject` is who or what was measured; `size` is what was
    varied (workers, ballots, sessions); `measure` names the value and its unit.
    """

    part: str
    engine: str
    subject: str
    size: int
    round: int
    measure: str
    value: float


class Figures:
    """All figures of a run."""

    def __init__(self, figures: Iterable[Figure] = ()) -> None:
        self.all = list(figures)

    def values(
        self, part: str, engine: str, subject: str, size: int, measure: str
    ) -> dict[int, float]:
        """The values of one measure by round; empty where it was not measured."""
        wanted = (part, engine, subject, size, measure)
        return {
            each.round: each.value
            for each in self.all
            if (each.part, each.engine, each.subject, each.size, each.measure) == wanted
        }

    def median(self, part: str, engine: str, subject: str, size: int, measure: str) -> float | None:
        """The median over the rounds; None where it was not measured."""
        found = self.values(part, engine, subject, size, measure)
        return statistics.median(found.values()) if found else None

    def sizes(self, part: str, subject: str, measure: str) -> list[int]:
        """Every size for which the measure is there, ascending."""
        return sorted(
            {
                each.size
                for each in self.all
                if (each.part, each.subject, each.measure) == (part, subject, measure)
            }
        )

    def total(self, measures: Iterable[str]) -> float:
        """The sum of these measures over everything."""
        names = set(measures)
        return sum(each.value for each in self.all if each.measure in names)


def ratio(ours: dict[int, float], theirs: dict[int, float]) -> float | None:
    """The median of the ratios of each round, so that what slows a whole round falls on both;
    None where no round has both."""
    both = [ours[round_] / theirs[round_] for round_ in ours if theirs.get(round_)]
    return statistics.median(both) if both else None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; `share` is 0.5 for the median. Raises ValueError for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]
