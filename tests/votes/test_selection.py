import json
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.errors import VotingError
from votes.selection import (
    Mode,
    Outcome,
    ParticipationRule,
    SelectionRule,
    Share,
    Turnout,
    min_supporters,
    required_participation,
    select,
)
from votes.tally import RankedMatter

NOON = datetime(2026, 3, 18, 4, tzinfo=UTC)
SELECTED, DEFERRED, SKIPPED = Outcome.SELECTED, Outcome.DEFERRED, Outcome.SKIPPED


def ranking(*supporters: int) -> tuple[RankedMatter, ...]:
    """A ranking of the matters A, B, C... whose supporters all gave one point."""
    return tuple(
        RankedMatter(
            rank=place,
            matter=chr(ord("A") + place - 1),
            number=place,
            counts=(0, 0, n),
            score=n,
            supporters=n,
            endorsements=0,
            raised_at=NOON,
            decided_by=None,
        )
        for place, n in enumerate(supporters, start=1)
    )


@pytest.mark.parametrize(
    ("mode", "roll", "required"),
    [
        (Mode.OPEN, 0, 1),
        (Mode.OPEN, 1, 1),
        (Mode.OPEN, 2, 1),
        (Mode.OPEN, 3, 2),
        (Mode.OPEN, 25, 13),
        (Mode.OPEN, 38, 19),
        (Mode.OPEN, 39, 20),
        (Mode.OPEN, 40, 20),
        (Mode.OPEN, 41, 20),
        (Mode.OPEN, 200, 20),
        (Mode.OPEN, 201, 21),
        (Mode.OPEN, 210, 21),
        (Mode.OPEN, 211, 22),
        (Mode.OPEN, 300, 30),
        (Mode.ROSTER, 0, 1),
        (Mode.ROSTER, 1, 1),
        (Mode.ROSTER, 2, 2),
        (Mode.ROSTER, 3, 2),
        (Mode.ROSTER, 24, 13),
        (Mode.ROSTER, 25, 13),
    ],
)
def test_required_participation_table(mode: Mode, roll: int, required: int) -> None:
    assert required_participation(ParticipationRule(), mode, roll) == required


def test_required_participation_of_another_rule() -> None:
    rule = ParticipationRule(
        roster_share=Share(2, 3), open_share=Share(1, 5), open_floor=3, open_cap=Share(1, 1)
    )

    assert required_participation(rule, Mode.ROSTER, 24) == 17
    assert required_participation(rule, Mode.OPEN, 51) == 11
    assert required_participation(rule, Mode.OPEN, 10) == 3
    assert required_participation(rule, Mode.OPEN, 2) == 2


@given(st.integers(1, 10**30))
def test_required_participation_is_the_smallest_number_that_is_enough(roll: int) -> None:
    roster = required_participation(ParticipationRule(), Mode.ROSTER, roll)
    by_fractions = min(max(20, ceil(Fraction(roll, 10))), ceil(Fraction(roll, 2)))

    assert Fraction(roster, roll) > Fraction(1, 2) >= Fraction(roster - 1, roll)
    assert required_participation(ParticipationRule(), Mode.OPEN, roll) == by_fractions <= roll


@pytest.mark.parametrize(("returned", "sufficient"), [(12, False), (13, True), (14, True)])
def test_turnout_is_sufficient_from_the_required_number_on(returned: int, sufficient: bool) -> None:
    turnout = Turnout(roll=24, returned=returned, blank=0, required=13)

    assert turnout.is_sufficient is sufficient


@pytest.mark.parametrize("mode", Mode)
def test_turnout_of_an_empty_roll_is_never_sufficient(mode: Mode) -> None:
    required = required_participation(ParticipationRule(), mode, roll=0)

    assert not Turnout(roll=0, returned=0, blank=0, required=required).is_sufficient


@pytest.mark.parametrize(
    ("returned", "needed"),
    [(0, 2), (1, 2), (10, 2), (20, 2), (21, 3), (30, 3), (31, 4), (10_000, 1_000)],
)
def test_min_supporters_table(returned: int, needed: int) -> None:
    assert min_supporters(SelectionRule(), returned) == needed


@pytest.mark.parametrize(
    ("supporters", "returned", "ended", "consultative", "outcomes"),
    [
        ((), 10, "", False, []),
        ((9, 8, 7, 6), 20, "", False, [SELECTED, SELECTED, SELECTED, DEFERRED]),
        ((9, 8), 20, "", False, [SELECTED, SELECTED]),
        # Too few supporters: passed over, those below may still be taken.
        ((9, 2, 8, 3, 4), 30, "", False, [SELECTED, DEFERRED, SELECTED, SELECTED, DEFERRED]),
        ((3, 2, 1), 20, "", False, [SELECTED, SELECTED, DEFERRED]),
        ((3, 3, 2), 21, "", False, [SELECTED, SELECTED, DEFERRED]),
        ((1, 1, 0), 3, "", False, [DEFERRED, DEFERRED, DEFERRED]),
        # Ended during voting: skipped, and the place goes to the next one.
        ((9, 8, 7, 6), 20, "A", False, [SKIPPED, SELECTED, SELECTED, SELECTED]),
        ((9, 8, 7, 6, 5), 20, "BE", False, [SELECTED, SKIPPED, SELECTED, SELECTED, SKIPPED]),
        ((9, 8), 20, "AB", False, [SKIPPED, SKIPPED]),
        ((9, 8, 7), 20, "", True, [SELECTED, DEFERRED, DEFERRED]),
        ((9, 8, 7), 20, "A", True, [SKIPPED, SELECTED, DEFERRED]),
        ((1, 0), 1, "", True, [DEFERRED, DEFERRED]),
    ],
)
def test_select_table(
    supporters: tuple[int, ...],
    returned: int,
    ended: str,
    consultative: bool,
    outcomes: list[Outcome],
) -> None:
    ranked = ranking(*supporters)

    selected = select(SelectionRule(), ranked, returned, frozenset(ended), consultative)

    assert list(selected) == [row.matter for row in ranked]
    assert list(selected.values()) == outcomes


def test_matter_without_points_is_never_selected() -> None:
    rule = SelectionRule(supporters_floor=0)

    assert select(rule, ranking(1, 0), returned=0) == {"A": SELECTED, "B": DEFERRED}


def test_limits_are_those_of_the_rule() -> None:
    rule = SelectionRule(limit=1, consultative_limit=0)

    assert select(rule, ranking(5, 4), 9) == {"A": SELECTED, "B": DEFERRED}
    assert select(rule, ranking(5, 4), 9, consultative=True) == {"A": DEFERRED, "B": DEFERRED}


def test_rules_restore_what_went_through_json() -> None:
    participation = ParticipationRule(Share(2, 3), Share(1, 7), 11, Share(3, 4))
    selection = SelectionRule(5, 2, 4, Share(1, 8))

    assert (
        ParticipationRule.from_data(json.loads(json.dumps(participation.to_data())))
        == participation
    )
    assert SelectionRule.from_data(json.loads(json.dumps(selection.to_data()))) == selection


def test_to_data_of_the_defaults() -> None:
    assert ParticipationRule().to_data() == {
        "roster_share": {"numerator": 1, "denominator": 2},
        "open_share": {"numerator": 1, "denominator": 10},
        "open_floor": 20,
        "open_cap": {"numerator": 1, "denominator": 2},
    }
    assert SelectionRule().to_data() == {
        "limit": 3,
        "consultative_limit": 1,
        "supporters_floor": 2,
        "supporters_share": {"numerator": 1, "denominator": 10},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"open_floor": -1},
        {"open_floor": True},
        {"open_floor": 2.0},
        {"open_floor": None},
        {"open_share": 0.1},
        {"open_share": {"numerator": 1}},
        {"open_share": {"numerator": 0, "denominator": 10}},
        {"open_share": {"numerator": 3, "denominator": 2}},
        {"open_share": {"numerator": 1, "denominator": "2"}},
        {"roster_share": {"numerator": -1, "denominator": 2}},
        {"open_cap": None},
    ],
)
def test_participation_rule_refuses_bad_numbers(change: dict[str, Any]) -> None:
    with pytest.raises(VotingError) as refusal:
        ParticipationRule.from_data({**ParticipationRule().to_data(), **change})

    assert refusal.value.code == "invalid_rule"


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 0},
        {"limit": "3"},
        {"consultative_limit": -1},
        {"supporters_floor": -1},
        {"supporters_share": [1, 10]},
    ],
)
def test_selection_rule_refuses_bad_numbers(change: dict[str, Any]) -> None:
    with pytest.raises(VotingError) as refusal:
        SelectionRule.from_data({**SelectionRule().to_data(), **change})

    assert refusal.value.code == "invalid_rule"


@pytest.mark.parametrize("rule", [ParticipationRule, SelectionRule])
def test_snapshot_with_a_number_missing_is_refused(
    rule: type[ParticipationRule] | type[SelectionRule],
) -> None:
    for name in rule().to_data():
        data = rule().to_data()
        del data[name]
        with pytest.raises(VotingError) as refusal:
            rule.from_data(data)
        assert refusal.value.code == "invalid_rule"
