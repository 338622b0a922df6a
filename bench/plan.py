"""How much is measured."""

from dataclasses import dataclass

from tests import databases


@dataclass(frozen=True)
class Plan:
    """Sizes and rounds of a run; the default takes about a quarter of an hour on two cores.

    `seconds` is what a round of casts is to take, `voters` the most casts that it has. `closing`
    holds numbers of ballots with how often each is closed.
    """

    engines: tuple[str, ...] = databases.ENGINES
    workers: tuple[int, ...] = (2, 1, 4)
    rounds: int = 5
    side_rounds: int = 3  # at other numbers of workers than the first
    seconds: float = 3.0
    voters: int = 8_000
    warm_up: int = 200
    connections: int = 32
    ballots: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    sessions: tuple[int, ...] = (10, 1_000, 100_000)
    compounds: tuple[int, ...] = (10, 1_000, 10_000)
    growth_rounds: int = 5
    growth_casts: int = 100
    growth_reads: int = 10
    reads: int = 600
    closing: tuple[tuple[int, int], ...] = ((1_000, 3), (10_000, 3), (100_000, 2))

    def rounds_with(self, workers: int) -> int:
        """How many rounds there are with so many workers."""
        return self.rounds if workers == self.workers[0] else self.side_rounds


QUICK = Plan(
    workers=(2, 1),
    rounds=3,
    side_rounds=1,
    seconds=0.7,
    voters=2_000,
    warm_up=100,
    ballots=(1_000, 10_000),
    sessions=(10, 1_000),
    compounds=(10, 100),
    growth_rounds=3,
    growth_casts=40,
    growth_reads=5,
    reads=150,
    closing=((1_000, 1), (10_000, 1)),
)
