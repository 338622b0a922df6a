"""What becomes of a judged matter, and how shares are printed: whole numbers only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evaluations.outcome import Figures, OutcomeRule, Rate, Verdict, judge
from app.evaluations.rates import Rates, Work, rates_of


@pytest.mark.parametrize(
    ("numerator", "denominator", "printed"),
    [
        (7, 8, "7/8 = 87.5%"),
        (6, 8, "6/8 = 75.0%"),
        (47, 52, "47/52 = 90.4%"),
        (0, 3, "0/3 = 0.0%"),
        (3, 3, "3/3 = 100.0%"),
        (2, 3, "2/3 = 66.7%"),
        (1, 2000, "1/2000 = 0.1%"),  # 0.05 is rounded up
        (1, 2001, "1/2001 = 0.0%"),
        (0, 0, "–"),
    ],
)
def test_rate_is_printed_with_both_numbers(numerator: int, denominator: int, printed: str):
    assert str(Rate(numerator, denominator)) == printed


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 3), (4, 3), (1, 0)])
def test_rate_is_a_part_of_a_whole(numerator: int, denominator: int):
    with pytest.raises(ValueError, match="is no part of"):
        Rate(numerator, denominator)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_percent_is_the_nearest_tenth(part: int, rest: int):
    whole = part + rest
    tenths = int(Rate(part, whole).percent.removesuffix("%").replace(".", ""))
    # |tenths/1000 - part/whole| <= 1/2000, and half of that is rounded up
    assert -whole < 2 * (tenths * whole - 1000 * part) <= whole


CLOSED, REOPENED = Verdict


@pytest.mark.parametrize(
    ("figures", "raiser", "verdict", "words"),
    [
        (Figures(), False, CLOSED, "没有人作答"),
        (Figures(), True, REOPENED, "回访时，提出人认为没有解决"),
        (Figures(4, 0, 0, 4, 0), False, CLOSED, "4/4 = 100.0%"),
        (Figures(4, 0, 0, 4, 0), True, REOPENED, "回访时，提出人认为没有解决"),
        (Figures(4, 0, 0, 2, 2), False, CLOSED, "2/4 = 50.0%"),  # half is not more than half
        (Figures(5, 0, 0, 2, 3), False, REOPENED, "未解决 3/5，超过 1/2"),
        (Figures(4, 0, 2, 6, 0), False, CLOSED, "4/6 = 66.7%"),  # a third is not more than it
        (Figures(3, 1, 3, 7, 0), False, REOPENED, "不满意 3/7，超过 1/3"),
        (Figures(0, 1, 2, 1, 2), True, REOPENED, "回访时，提出人认为没有解决；未解决 2/3"),
    ],
)
def test_outcome_of_a_matter(figures: Figures, raiser: bool, verdict: Verdict, words: str):
    judgement = judge(OutcomeRule(), figures, raiser_says_unsolved=raiser)
    assert judgement.verdict is verdict
    assert words in judgement.why.zh


def test_rates_leave_out_what_nobody_said():
    assert rates_of([]) == Rates(Rate(0, 0), Rate(0, 0), Rate(0, 0), Rate(0, 0))
    works = [
        Work(is_responded=True, is_in_time=None, is_solved=None, is_pleasing=None),
        Work(is_responded=False, is_in_time=True, is_solved=True, is_pleasing=False),
    ]
    assert rates_of(works) == Rates(Rate(1, 2), Rate(1, 1), Rate(0, 1), Rate(1, 1), people=1)
