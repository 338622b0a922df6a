import random
from collections import Counter

from votelib.component.rankscore import SequenceBased
from votelib.convert import RankedToPositionalVotes

from tests.votes.worked_example import BALLOTS, CANDIDATES, EXPECTED, TITLES
from votes.ballot import Mark, PriorityBallot
from votes.scheme import FIVE_THREE_ONE
from votes.tally import count, rank

POSITIONAL = RankedToPositionalVotes(SequenceBased([5, 3, 1]))


def positions(ballot: PriorityBallot) -> tuple[frozenset[str], ...]:
    """The ballot as votelib ranks: three positions, each a set so that it can be empty."""
    return tuple(
        frozenset(mark.matter for mark in ballot.marks if mark.weight == weight)
        for weight in (5, 3, 1)
    )


def votelib_totals(ballots: list[PriorityBallot]) -> dict[str, int]:
    return {
        matter: total
        for matter, total in POSITIONAL.convert(Counter(map(positions, ballots))).items()
        if total
    }


def our_totals(ballots: list[PriorityBallot]) -> dict[str, int]:
    ranked = rank(FIVE_THREE_ONE, CANDIDATES, count(ballots))
    return {row.matter: row.score for row in ranked if row.score}


def test_totals_equal_votelib_on_the_worked_example() -> None:
    assert votelib_totals(list(BALLOTS)) == {matter: score for matter, _, score, _, _ in EXPECTED}


def test_totals_equal_votelib_over_ten_thousand_generated_ballots() -> None:
    chance = random.Random(2026)
    ballots = []
    for _ in range(10_000):
        weights = chance.sample((5, 3, 1), chance.randrange(4))
        # Uneven on purpose: with even chances all totals would lie close together.
        matters = chance.sample(sorted(TITLES)[: chance.randrange(3, 11)], len(weights))
        marks = [Mark(weight, matter) for weight, matter in zip(weights, matters, strict=True)]
        ballots.append(PriorityBallot.of(marks, FIVE_THREE_ONE, TITLES.keys()))

    assert {len(ballot.marks) for ballot in ballots} == {0, 1, 2, 3}
    assert our_totals(ballots) == votelib_totals(ballots)
    for start in range(0, 10_000, 100):
        some = ballots[start : start + 100]
        assert our_totals(some) == votelib_totals(some)
