"""Small numbers: how much of what people said is told (domain notes, section 14, and R9).

What is a fact about an order - contacted, solved, in time - is public at any number. What people
think is told to everybody from ten people on, and to officers below that; to nobody where it could
be taken away from what somebody else knows.
"""

from typing import NamedTuple

from app.evaluations.limits import LEAST_PEOPLE
from app.evaluations.outcome import Figures, Rate


def is_told(people: int, *, online: int | None = None, to_officer: bool = False) -> bool:
    """Whether it may be told how many of so many people said what.

    Of these `online` answered by phone, the others on paper: were those by phone fewer than ten,
    whoever counted the paper could take it away from the whole. Of nobody there is nothing to hide.
    """
    if online is not None and 0 < online < min(LEAST_PEOPLE, people):
        return False
    return people == 0 or people >= LEAST_PEOPLE or to_officer


class Told(NamedTuple):
    """What is told of a result; what is not told is empty."""

    answers: int | None
    satisfaction: Rate | None = None
    solved_rate: Rate | None = None
    breakdown: Figures | None = None


class Result(NamedTuple):
    """Counted answers by so many people. How many answered a round is public, as its term is; how
    many of the few who may answer about an order did so would tell what each of them said."""

    figures: Figures
    people: int
    online: int | None = None
    is_of_a_round: bool = True

    def is_told(self, *, to_officer: bool = False) -> bool:
        """Whether it may be told how many said what."""
        return is_told(self.people, online=self.online, to_officer=to_officer)

    def told(self, *, to_officer: bool = False) -> Told:
        """As much of it as may be told."""
        figures = self.figures
        if not self.is_told(to_officer=to_officer):
            return Told(figures.answers if self.is_of_a_round else None)
        return Told(figures.answers, figures.satisfaction, figures.solved_rate, figures)
