"""How much of counted answers is told, so that nobody's answer can be guessed from them."""

from typing import NamedTuple

from app.evaluations.limits import MIN_FOR_BREAKDOWN
from app.evaluations.outcome import Figures


class Result(NamedTuple):
    """The result of an evaluation: how many of each grade only where ten or more answered.

    Of these `online` came by phone: were they fewer than ten, whoever counted the paper could
    take it away from the whole.
    """

    figures: Figures
    online: int | None = None

    @property
    def breakdown(self) -> Figures | None:
        """How many of each grade, where that may be told."""
        is_told = self.figures.answers >= MIN_FOR_BREAKDOWN and (
            not self.online or self.online >= MIN_FOR_BREAKDOWN
        )
        return self.figures if is_told else None
