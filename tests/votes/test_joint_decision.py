from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.errors import VotingError
from votes.joint_decision import (
    ITEMS,
    JointOutcome,
    OwnersFigures,
    decide_jointly,
    explain_joint_decision,
    is_special,
    is_valid,
)

PASSED, NOT_PASSED, INVALID = JointOutcome
LIFT, ORDINARY = 7, 9
SMALL, LARGE = 8850, 9550  # hundredths of a square metre
ALL, OWNERS = 8 * SMALL + 8 * LARGE, 15


def entrance(part: tuple[int, int], yes: tuple[int, int], heads: tuple[int, int]) -> OwnersFigures:
    """3栋2单元 of the worked example: small and large units that take part and say yes, heads."""
    area_part, area_yes = (small * SMALL + large * LARGE for small, large in (part, yes))
    return OwnersFigures(ALL, area_part, area_yes, OWNERS, *heads)


LIFT_VOTE = entrance((7, 7), (6, 5), (13, 10))


def test_figures_of_the_worked_example():
    assert ALL == 147200
    assert (LIFT_VOTE.area_part, LIFT_VOTE.area_yes) == (128800, 100850)
    assert LIFT_VOTE.area_part - LIFT_VOTE.area_yes == 27950


@pytest.mark.parametrize(
    ("item", "figures", "outcome"),
    [
        pytest.param(LIFT, LIFT_VOTE, PASSED, id="worked example"),
        pytest.param(
            LIFT,
            entrance((7, 7), (6, 4), (13, 9)),
            NOT_PASSED,
            id="one 95.50 yes turned to abstain",
        ),
        pytest.param(
            LIFT, entrance((6, 4), (6, 4), (10, 10)), INVALID, id="heads exactly 2/3, area 62.0%"
        ),
        pytest.param(
            LIFT, entrance((3, 8), (3, 8), (10, 10)), PASSED, id="heads exactly 2/3, area 69.9%"
        ),
        pytest.param(LIFT, entrance((6, 6), (4, 5), (12, 9)), PASSED, id="heads exactly 3/4"),
        pytest.param(
            LIFT, entrance((6, 6), (5, 4), (12, 9)), NOT_PASSED, id="heads 3/4, area short of it"
        ),
        pytest.param(
            ORDINARY, entrance((6, 6), (3, 3), (12, 6)), NOT_PASSED, id="exactly half of both"
        ),
        pytest.param(ORDINARY, entrance((6, 6), (3, 4), (12, 7)), PASSED, id="more than half"),
        pytest.param(
            ORDINARY, OwnersFigures(99, 90, 45, 9, 9, 5), NOT_PASSED, id="heads alone over half"
        ),
        pytest.param(
            ORDINARY, OwnersFigures(99, 90, 46, 9, 8, 4), NOT_PASSED, id="area alone over half"
        ),
        # Section 6, W11; areas are not published, so each head has the same one.
        pytest.param(
            ORDINARY,
            OwnersFigures(2261, 1147, 995, 2261, 1147, 995),
            INVALID,
            id="W11 strict: 50.73% took part",
        ),
        pytest.param(
            ORDINARY,
            OwnersFigures(2261, 2218, 2066, 2261, 2218, 2066),
            PASSED,
            id="W11 as the court had it",
        ),
    ],
)
def test_outcome(item: int, figures: OwnersFigures, outcome: JointOutcome):
    assert decide_jointly(item, figures) is outcome


def test_figures_of_the_variants():
    """As the notes print them, in square metres."""
    areas = [
        entrance((6, 4), (0, 0), (10, 0)).area_part,
        entrance((3, 8), (0, 0), (10, 0)).area_part,
        entrance((6, 6), (4, 5), (12, 9)).area_yes,
        entrance((6, 6), (5, 4), (12, 9)).area_yes,
        entrance((6, 6), (3, 3), (12, 6)).area_yes,
        entrance((7, 7), (6, 4), (13, 9)).area_yes,
    ]
    assert areas == [91300, 102950, 83150, 82450, 55200, 91300]


@pytest.mark.parametrize("item", sorted(ITEMS))
def test_special_items(item: int):
    assert is_special(item) is (item in {6, 7, 8})
    # 2/3 of those taking part is enough for ordinary items alone.
    two_thirds = OwnersFigures(300, 300, 200, 300, 300, 200)
    assert decide_jointly(item, two_thirds) is (NOT_PASSED if item in {6, 7, 8} else PASSED)


@pytest.mark.parametrize("item", [0, 10, -1])
def test_other_items_are_unknown(item: int):
    with pytest.raises(VotingError) as caught:
        decide_jointly(item, LIFT_VOTE)
    assert caught.value.code == "unknown_item"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"area_all": 0}, "invalid_count"),
        ({"heads_all": 0}, "invalid_count"),
        ({"heads_part": -1}, "invalid_count"),
        ({"area_yes": 1.5}, "invalid_count"),
        ({"heads_yes": True}, "invalid_count"),
        ({"area_yes": 0}, "invalid_count"),
        ({"heads_yes": 0}, "invalid_count"),
        ({"area_part": 147201}, "part_exceeds_all"),
        ({"heads_part": 16}, "part_exceeds_all"),
        ({"area_yes": 128801}, "yes_exceeds_part"),
        ({"heads_yes": 14}, "yes_exceeds_part"),
    ],
)
def test_figures_that_cannot_be(changes: dict[str, Any], code: str):
    with pytest.raises(VotingError) as caught:
        replace(LIFT_VOTE, **changes)
    assert caught.value.code == code


@st.composite
def figures(draw: st.DrawFn) -> OwnersFigures:
    """Any figures that can be, near the thresholds as often as far from them."""
    values = []
    for _ in ("area", "heads"):
        whole = draw(st.integers(1, 10**12))
        part = draw(st.integers(max(1, whole // 2), whole))
        values.append((whole, part, draw(st.integers(max(1, part // 2), part))))
    (a, ap, ay), (h, hp, hy) = values
    return OwnersFigures(a, ap, ay, h, hp, hy)


@given(figures())
def test_agrees_with_exact_fractions(vote: OwnersFigures):
    shares = [(vote.area_part, vote.area_all), (vote.heads_part, vote.heads_all)]
    valid = all(Fraction(part, whole) >= Fraction(2, 3) for part, whole in shares)
    assert is_valid(vote) is valid
    yes = [Fraction(vote.area_yes, vote.area_part), Fraction(vote.heads_yes, vote.heads_part)]
    for item, passed in (
        (LIFT, all(share >= Fraction(3, 4) for share in yes)),
        (ORDINARY, all(share > Fraction(1, 2) for share in yes)),
    ):
        expected = (PASSED if passed else NOT_PASSED) if valid else INVALID
        assert decide_jointly(item, vote) is expected


def test_explanation_gives_the_figures():
    why = explain_joint_decision(LIFT, LIFT_VOTE)
    assert why.zh == (
        "全体业主15人、1,472.00平方米，参与表决13人、1,288.00平方米；两项都须达到三分之二以上，已达到。\n"
        "赞成10人、1,008.50平方米；两项都须占参与表决的四分之三以上，通过。"
    )
    assert "13 with 1,288.00 m²" in why.en
    assert why.en.endswith("three quarters or more of both; passed.")


def test_explanation_of_a_void_vote_ends_there():
    why = explain_joint_decision(LIFT, entrance((6, 4), (6, 4), (10, 10)))
    assert why.zh.endswith("未达到，表决无效。")
    assert "\n" not in why.zh + why.en


def test_explanation_says_what_the_outcome_is():
    votes = [LIFT_VOTE, entrance((6, 6), (3, 3), (12, 6))]
    for item, vote in product((LIFT, ORDINARY), votes):
        passed = decide_jointly(item, vote) is PASSED
        assert explain_joint_decision(item, vote).zh.endswith(
            "，通过。" if passed else "，未通过。"
        )
