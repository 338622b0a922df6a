import random
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.scheme import FIVE_THREE_ONE, BallotScheme, Slot
from votes.tally import Candidate, PickCounts, RankedMatter, count, rank

EARLY = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATE = EARLY + timedelta(microseconds=1)
LISTED = tuple(f"M{number:02d}" for number in range(1, 7))
CANDIDATES = tuple(Candidate(matter, number, 0, EARLY) for number, matter in enumerate(LISTED))


def candidate(
    matter: str, number: int, endorsements: int = 0, raised_at: datetime = EARLY
) -> Candidate:
    return Candidate(matter, number, endorsements, raised_at)


def counts_of(**rows: tuple[int, int, int]) -> PickCounts:
    return {
        Mark(weight, matter): n
        for matter, row in rows.items()
        for weight, n in zip((5, 3, 1), row, strict=True)
    }


def order_of(ranked: tuple[RankedMatter, ...]) -> list[tuple[str, str | None]]:
    return [(row.matter, row.decided_by) for row in ranked]


def random_ballot(chance: random.Random) -> PriorityBallot:
    """A valid 5-3-1 ballot; about one slot in four stays empty."""
    matters = chance.sample(LISTED, 3)
    marks = [
        Mark(weight, matter)
        for weight, matter in zip((5, 3, 1), matters, strict=True)
        if chance.random() < 0.75
    ]
    return PriorityBallot.of(marks, FIVE_THREE_ONE, LISTED)


many_ballots = st.builds(
    lambda seed, n: [random_ballot(random.Random(f"{seed}/{i}")) for i in range(n)],
    st.integers(0, 2**32),
    st.integers(0, 40),
)


def test_count_adds_up_equal_marks() -> None:
    first = PriorityBallot((Mark(5, "M01"), Mark(3, "M02")))
    second = PriorityBallot((Mark(5, "M01"), Mark(3, "M03")))

    assert count([first, second]) == {
        Mark(5, "M01"): 2,
        Mark(3, "M02"): 1,
        Mark(3, "M03"): 1,
    }


def test_count_of_blank_ballots_is_empty() -> None:
    assert count([]) == {}
    assert count([PriorityBallot(), PriorityBallot()]) == {}


def test_rank_describes_a_row() -> None:
    only = candidate("M07", 7, endorsements=4)

    assert rank(FIVE_THREE_ONE, [only], counts_of(M07=(2, 1, 3))) == (
        RankedMatter(
            rank=1,
            matter="M07",
            number=7,
            counts=(2, 1, 3),
            score=16,
            supporters=6,
            endorsements=4,
            raised_at=EARLY,
            decided_by=None,
        ),
    )


def test_rank_of_nothing_is_empty() -> None:
    assert rank(FIVE_THREE_ONE, [], {}) == ()


def test_matter_without_marks_is_ranked_with_zero() -> None:
    (row,) = rank(FIVE_THREE_ONE, [candidate("A", 1)], {})

    assert (row.counts, row.score, row.supporters) == ((0, 0, 0), 0, 0)


@pytest.mark.parametrize(
    ("counts", "second", "first", "rule"),
    [
        # Each rule decides against all the rules after it.
        (
            counts_of(A=(0, 1, 0), B=(0, 0, 4)),
            candidate("A", 1, 9, EARLY),
            candidate("B", 2, 0, LATE),
            "score",
        ),
        (
            counts_of(A=(0, 1, 2), B=(1, 0, 0)),
            candidate("A", 1, 9, EARLY),
            candidate("B", 2, 0, LATE),
            "n5",
        ),
        (
            counts_of(A=(1, 0, 3), B=(1, 1, 0)),
            candidate("A", 1, 9, EARLY),
            candidate("B", 2, 0, LATE),
            "n3",
        ),
        (
            counts_of(A=(1, 1, 1), B=(1, 1, 1)),
            candidate("A", 1, 0, EARLY),
            candidate("B", 2, 1, LATE),
            "endorsements",
        ),
        ({}, candidate("A", 1, 3, LATE), candidate("B", 2, 3, EARLY), "raised_at"),
        ({}, candidate("A", 2, 3, EARLY), candidate("B", 1, 3, EARLY), "number"),
        (
            {},
            candidate("A", 10, 3, EARLY),
            candidate("B", 9, 3, EARLY.astimezone(timezone(timedelta(hours=8)))),
            "number",
        ),
    ],
)
def test_order_is_decided_by_the_first_rule_that_differs(
    counts: PickCounts, second: Candidate, first: Candidate, rule: str
) -> None:
    expected = [("B", rule), ("A", None)]

    assert order_of(rank(FIVE_THREE_ONE, [second, first], counts)) == expected
    assert order_of(rank(FIVE_THREE_ONE, [first, second], counts)) == expected


def test_each_row_is_compared_with_the_next_one() -> None:
    ranked = rank(
        FIVE_THREE_ONE,
        [candidate("A", 1), candidate("B", 2), candidate("C", 3), candidate("D", 4)],
        counts_of(A=(1, 0, 0), B=(0, 1, 2), C=(0, 1, 2), D=(0, 0, 1)),
    )

    assert order_of(ranked) == [("A", "n5"), ("B", "number"), ("C", "score"), ("D", None)]
    assert [row.rank for row in ranked] == [1, 2, 3, 4]


def test_other_schemes_name_their_own_weights() -> None:
    scheme = BallotScheme((Slot(10, 2), Slot(4, 3), Slot(2, 1)))
    counts = {Mark(10, "A"): 1, Mark(4, "B"): 2, Mark(2, "B"): 1}

    assert order_of(rank(scheme, [candidate("B", 1), candidate("A", 2)], counts)) == [
        ("A", "n10"),
        ("B", None),
    ]


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({Mark(2, "A"): 1}, "unknown_weight"),
        ({Mark(5, "B"): 1}, "matter_not_listed"),
        ({Mark(5, "B"): 0}, "matter_not_listed"),
    ],
)
def test_counts_that_belong_to_nothing_are_refused(counts: PickCounts, code: str) -> None:
    with pytest.raises(VotingError) as refusal:
        rank(FIVE_THREE_ONE, [candidate("A", 1)], counts)

    assert refusal.value.code == code


@pytest.mark.parametrize("twin", [candidate("A", 2), candidate("B", 1), candidate("A", 1)])
def test_candidates_that_share_an_id_or_number_are_refused(twin: Candidate) -> None:
    with pytest.raises(VotingError) as refusal:
        rank(FIVE_THREE_ONE, [candidate("A", 1), twin], {})

    assert refusal.value.code == "matter_repeated"


@given(many_ballots)
def test_scores_add_up_to_the_weights_of_all_marks(ballots: list[PriorityBallot]) -> None:
    ranked = rank(FIVE_THREE_ONE, CANDIDATES, count(ballots))

    marks = [mark for ballot in ballots for mark in ballot.marks]
    assert sum(row.score for row in ranked) == sum(mark.weight for mark in marks)
    assert sum(row.supporters for row in ranked) == len(marks)


@given(many_ballots, st.randoms(use_true_random=False))
def test_order_of_ballots_and_candidates_changes_nothing(
    ballots: list[PriorityBallot], chance: random.Random
) -> None:
    shuffled_ballots = chance.sample(ballots, len(ballots))
    shuffled_candidates = chance.sample(CANDIDATES, len(CANDIDATES))

    assert rank(FIVE_THREE_ONE, shuffled_candidates, count(shuffled_ballots)) == rank(
        FIVE_THREE_ONE, CANDIDATES, count(ballots)
    )


@given(many_ballots)
def test_blank_ballots_change_nothing(ballots: list[PriorityBallot]) -> None:
    assert count([PriorityBallot(), *ballots, PriorityBallot()]) == count(ballots)


def stands_above(
    a: Candidate, b: Candidate, ballots: list[PriorityBallot], weights: tuple[int, ...] = (5, 3, 1)
) -> tuple[bool, str]:
    """R5 of the 5-3-1 rules, read off the ballots rule by rule: whether a wins, and by what."""

    def received(matter: str, weight: int) -> int:
        return [mark for ballot in ballots for mark in ballot.marks].count(Mark(weight, matter))

    score_a = sum(weight * received(a.matter, weight) for weight in weights)
    score_b = sum(weight * received(b.matter, weight) for weight in weights)
    if score_a != score_b:
        return score_a > score_b, "score"
    for weight in weights:
        if received(a.matter, weight) != received(b.matter, weight):
            return received(a.matter, weight) > received(b.matter, weight), f"n{weight}"
    if a.endorsements != b.endorsements:
        return a.endorsements > b.endorsements, "endorsements"
    if a.raised_at != b.raised_at:
        return a.raised_at < b.raised_at, "raised_at"
    return a.number < b.number, "number"


def test_ten_thousand_generated_ballots_are_ranked_as_by_the_oracle() -> None:
    chance = random.Random(5310)
    decided: Counter[str | None] = Counter()
    for _ in range(2_000):
        ballots = [random_ballot(chance) for _ in range(5)]
        candidates = {
            matter: candidate(matter, number, chance.randrange(2), chance.choice((EARLY, LATE)))
            for number, matter in enumerate(LISTED, start=1)
        }

        ranked = rank(FIVE_THREE_ONE, candidates.values(), count(ballots))

        for row, below in pairwise(ranked):
            assert stands_above(candidates[row.matter], candidates[below.matter], ballots) == (
                True,
                row.decided_by,
            )
            decided[row.decided_by] += 1

    assert set(decided) == {"score", "n5", "n3", "endorsements", "raised_at", "number"}
