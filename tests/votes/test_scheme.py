import json
from typing import Any

import pytest

from votes.errors import VotingError
from votes.scheme import FIVE_THREE_ONE, BallotScheme, Slot

MANY_PICKS = BallotScheme((Slot(9, 5), Slot(4, 3), Slot(1, 1)))


def test_five_three_one_has_one_pick_for_each_weight() -> None:
    assert FIVE_THREE_ONE.weights == (5, 3, 1)
    assert [slot.picks for slot in FIVE_THREE_ONE.slots] == [1, 1, 1]


def test_to_data_is_the_published_snapshot() -> None:
    assert FIVE_THREE_ONE.to_data() == [
        {"weight": 5, "picks": 1},
        {"weight": 3, "picks": 1},
        {"weight": 1, "picks": 1},
    ]


@pytest.mark.parametrize("scheme", [FIVE_THREE_ONE, MANY_PICKS, BallotScheme((Slot(1, 1),))])
def test_from_data_restores_what_went_through_json(scheme: BallotScheme) -> None:
    assert BallotScheme.from_data(json.loads(json.dumps(scheme.to_data()))) == scheme


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"weight": 0, "picks": 1}],
        [{"weight": -5, "picks": 1}],
        [{"weight": 5, "picks": 0}],
        [{"weight": True, "picks": 1}],
        [{"weight": 5, "picks": True}],
        [{"weight": 5.0, "picks": 1}],
        [{"weight": "5", "picks": 1}],
        [{"weight": None, "picks": 1}],
        [{"weight": 3, "picks": 1}, {"weight": 5, "picks": 1}],
        [{"weight": 5, "picks": 1}, {"weight": 5, "picks": 1}],
        [{"weight": 5, "picks": 1}, {"weight": 1, "picks": 1}, {"weight": 3, "picks": 1}],
        [{"weight": 5}],
        [{"weight": 5, "picks": 1, "colour": "red"}],
        [5, 3, 1],
        {"weight": 5, "picks": 1},
        None,
    ],
)
def test_from_data_refuses_a_bad_scheme(data: Any) -> None:
    with pytest.raises(VotingError) as refusal:
        BallotScheme.from_data(data)

    assert refusal.value.code == "invalid_scheme"
