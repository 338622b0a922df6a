"""What the measured rates carry: an evening of a city, and of a country.

The assumptions stand here once; `docs/scale.md` explains them.
"""

from dataclasses import dataclass

RESIDENTS = 1_500  # adults of a compound
TURNOUT = 0.4
HOURS = 3
PEAK = 3  # how far the busiest minutes lie above the mean


@dataclass(frozen=True)
class Evening:
    """All compounds of an area vote in one evening."""

    zh: str
    en: str
    compounds: int

    @property
    def ballots(self) -> int:
        return round(self.compounds * RESIDENTS * TURNOUT)

    @property
    def mean_rate(self) -> float:
        """Casts a second over the evening."""
        return self.ballots / (HOURS * 3600)

    @property
    def peak_rate(self) -> float:
        """Casts a second in the busiest minutes."""
        return self.mean_rate * PEAK

    def machines(self, rate: float) -> float:
        """How many machines of this rate the busiest minutes fill."""
        return self.peak_rate / rate


CITY = Evening("一座城市", "a city", 1_539)
COUNTRY = Evening("一个国家", "a country", 300_000)
EVENINGS = (CITY, COUNTRY)
