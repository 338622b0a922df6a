import random
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.scheme import FIVE_THREE_ONE, BallotScheme, Slot

LISTED = tuple(f"M{number:02d}" for number in range(1, 8))
MANY_PICKS = BallotScheme((Slot(5, 2), Slot(3, 3), Slot(1, 1)))


def marks(*pairs: tuple[Any, str]) -> list[Mark]:
    return [Mark(weight, matter) for weight, matter in pairs]


@st.composite
def valid_marks(draw: st.DrawFn) -> list[Mark]:
    """Marks of a valid 5-3-1 ballot in any order, with any slots left empty."""
    weights = draw(st.lists(st.sampled_from((5, 3, 1)), unique=True))
    matters = draw(
        st.lists(st.sampled_from(LISTED), unique=True, min_size=len(weights), max_size=len(weights))
    )
    return [Mark(weight, matter) for weight, matter in zip(weights, matters, strict=True)]


def refusal_of(given_marks: Sequence[Mark], scheme: BallotScheme = FIVE_THREE_ONE) -> VotingError:
    with pytest.raises(VotingError) as refusal:
        PriorityBallot.of(given_marks, scheme, LISTED)
    return refusal.value


@pytest.mark.parametrize(
    "given_marks",
    [
        marks(),
        marks((5, "M01")),
        marks((1, "M01")),
        marks((5, "M01"), (1, "M02")),
        marks((3, "M01"), (1, "M02")),
        marks((5, "M07"), (3, "M02"), (1, "M01")),
    ],
)
def test_of_accepts_any_slots_left_empty(given_marks: list[Mark]) -> None:
    assert PriorityBallot.of(given_marks, FIVE_THREE_ONE, LISTED).marks == tuple(given_marks)


def test_blank_ballot_is_valid_and_says_so() -> None:
    assert PriorityBallot.of([], FIVE_THREE_ONE, LISTED).is_blank
    assert not PriorityBallot.of(marks((1, "M01")), FIVE_THREE_ONE, LISTED).is_blank


def test_order_of_marks_does_not_matter() -> None:
    given_marks = marks((5, "M03"), (5, "M01"), (3, "M02"), (1, "M04"))
    in_order = tuple(marks((5, "M01"), (5, "M03"), (3, "M02"), (1, "M04")))

    ballots = {PriorityBallot.of(order, MANY_PICKS, LISTED) for order in permutations(given_marks)}

    assert ballots == {PriorityBallot(in_order)}
    assert PriorityBallot(tuple(reversed(given_marks))).marks == in_order


@pytest.mark.parametrize(
    ("given_marks", "code", "details"),
    [
        (marks((4, "M01")), "unknown_weight", {"weight": 4}),
        (marks((0, "M01")), "unknown_weight", {"weight": 0}),
        (marks((-5, "M01")), "unknown_weight", {"weight": -5}),
        (marks((True, "M01")), "unknown_weight", {"weight": True}),
        (marks((5.0, "M01")), "unknown_weight", {"weight": 5.0}),
        (marks(("5", "M01")), "unknown_weight", {"weight": "5"}),
        (marks(([5], "M01")), "unknown_weight", {"weight": [5]}),
        (marks((5, "M01"), (5, "M02")), "slot_overfilled", {"weight": 5}),
        (marks((5, "M01"), (3, "M08")), "matter_not_listed", {"matter": "M08"}),
        (marks((5, "")), "matter_not_listed", {"matter": ""}),
        (marks((5, "m01")), "matter_not_listed", {"matter": "m01"}),
        (marks((5, "M01"), (3, "M01")), "matter_repeated", {"matter": "M01"}),
        (marks((5, "M01"), (3, "M02"), (1, "M01")), "matter_repeated", {"matter": "M01"}),
    ],
)
def test_of_refuses_bad_marks(given_marks: list[Mark], code: str, details: dict[str, Any]) -> None:
    refusal = refusal_of(given_marks)

    assert (refusal.code, refusal.details) == (code, details)
    assert str(refusal) == refusal.message


def test_slot_with_several_picks_is_filled_to_its_number() -> None:
    full = marks((5, "M01"), (5, "M02"), (3, "M03"), (3, "M04"), (3, "M05"), (1, "M06"))

    assert len(PriorityBallot.of(full, MANY_PICKS, LISTED).marks) == 6
    assert refusal_of([*full, Mark(3, "M07")], MANY_PICKS).code == "slot_overfilled"
    assert refusal_of(marks((5, "M01"), (5, "M01")), MANY_PICKS).code == "matter_repeated"


def test_any_matter_is_foreign_to_an_empty_list() -> None:
    with pytest.raises(VotingError) as refusal:
        PriorityBallot.of(marks((5, "M01")), FIVE_THREE_ONE, ())

    assert refusal.value.code == "matter_not_listed"


@given(valid_marks(), st.data())
def test_repeated_matter_is_always_refused(given_marks: list[Mark], data: st.DataObject) -> None:
    free = [weight for weight in (5, 3, 1) if weight not in {mark.weight for mark in given_marks}]
    assume(given_marks and free)
    again = Mark(data.draw(st.sampled_from(free)), data.draw(st.sampled_from(given_marks)).matter)

    assert refusal_of([*given_marks, again]).code == "matter_repeated"


@given(valid_marks(), st.text(max_size=8), st.data())
def test_foreign_matter_is_always_refused(
    given_marks: list[Mark], foreign: str, data: st.DataObject
) -> None:
    assume(given_marks and foreign not in LISTED)
    place = data.draw(st.integers(0, len(given_marks) - 1))
    given_marks[place] = Mark(given_marks[place].weight, foreign)

    assert refusal_of(given_marks).code == "matter_not_listed"


@given(valid_marks(), st.integers().filter(lambda weight: weight not in (5, 3, 1)), st.data())
def test_wrong_weight_is_always_refused(
    given_marks: list[Mark], wrong: int, data: st.DataObject
) -> None:
    assume(given_marks)
    place = data.draw(st.integers(0, len(given_marks) - 1))
    given_marks[place] = Mark(wrong, given_marks[place].matter)

    assert refusal_of(given_marks).code == "unknown_weight"


@given(valid_marks())
def test_valid_marks_are_always_accepted(given_marks: list[Mark]) -> None:
    assert sorted(PriorityBallot.of(given_marks, FIVE_THREE_ONE, LISTED).marks) == sorted(
        given_marks
    )


def is_valid_by_oracle(given_marks: Sequence[Mark]) -> bool:
    """R2 of the 5-3-1 rules in other words: a partial, injective map from 5, 3, 1 to the list."""
    weights = [weight for weight, _ in given_marks]
    matters = [matter for _, matter in given_marks]
    return (
        all(any(weight is known for known in (5, 3, 1)) for weight in weights)
        and len(weights) == len(set(weights))
        and len(matters) == len(set(matters))
        and set(matters) <= set(LISTED)
    )


def test_ten_thousand_generated_ballots_are_judged_as_by_the_oracle() -> None:
    chance = random.Random(531)
    weights = (5, 5, 3, 3, 1, 1, 2, True)
    matters = (*LISTED, "M08", "")
    judged = {True: 0, False: 0}
    for _ in range(10_000):
        drawn = [
            Mark(chance.choice(weights), chance.choice(matters)) for _ in range(chance.randrange(5))
        ]
        try:
            PriorityBallot.of(drawn, FIVE_THREE_ONE, LISTED)
            accepted = True
        except VotingError:
            accepted = False
        assert accepted == is_valid_by_oracle(drawn), drawn
        judged[accepted] += 1

    assert min(judged.values()) > 1_000
