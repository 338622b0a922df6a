import json
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.errors import VotingError
from votes.explanation import Explanation
from votes.majority import (
    MajorityOutcome,
    MajorityRule,
    ResolutionVote,
    decide,
    explain_majority,
    required_present,
    required_yes,
)
from votes.selection import Share

PASSED, FAILED, NO_QUORUM = MajorityOutcome
HALVES = MajorityRule()
TWO_THIRDS_THEN_THREE_QUARTERS = MajorityRule(Share(2, 3), Share(3, 4))

people = st.integers(0, 10**30)


@st.composite
def votes(draw: st.DrawFn) -> ResolutionVote:
    """Any vote that can be: its numbers are added up, so that none is too large."""
    yes, no, abstain, unanswered, absent = (draw(people) for _ in range(5))
    present = yes + no + abstain + unanswered
    return ResolutionVote(present + absent, present, yes, no, abstain)


@st.composite
def rules(draw: st.DrawFn) -> MajorityRule:
    def share() -> Share:
        denominator = draw(st.integers(2, 100))
        return Share(draw(st.integers(1, denominator - 1)), denominator)

    return MajorityRule(share(), share())


def outcome_by_fractions(rule: MajorityRule, vote: ResolutionVote) -> MajorityOutcome:
    """The rule as it is written, with exact fractions instead of thresholds."""
    quorum = Fraction(rule.quorum_share.numerator, rule.quorum_share.denominator)
    majority = Fraction(rule.pass_share.numerator, rule.pass_share.denominator)
    if not vote.present > quorum * vote.roll:
        return NO_QUORUM
    return PASSED if vote.yes > majority * vote.present else FAILED


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        # The worked example: roll, present, yes, no, abstain.
        ((24, 21, 18, 2, 1), PASSED),
        ((24, 21, 19, 1, 1), PASSED),
        ((24, 21, 15, 4, 2), PASSED),
        ((24, 21, 10, 9, 2), FAILED),
        ((24, 21, 11, 10, 0), PASSED),
        ((24, 12, 12, 0, 0), NO_QUORUM),
        # The quorum: exactly half is not more than half, of an even and of an odd roll.
        ((24, 13, 7, 6, 0), PASSED),
        ((25, 12, 12, 0, 0), NO_QUORUM),
        ((25, 13, 13, 0, 0), PASSED),
        # Yes: exactly half of those present is not more than half.
        ((24, 20, 10, 10, 0), FAILED),
        ((24, 20, 11, 9, 0), PASSED),
        ((24, 21, 10, 0, 11), FAILED),
        ((24, 21, 11, 0, 10), PASSED),
        # Who gives no answer stays in the base, as who abstains does.
        ((24, 21, 10, 0, 0), FAILED),
        ((24, 21, 11, 0, 0), PASSED),
        ((24, 21, 0, 0, 0), FAILED),
        # The base is those present, never the whole roll.
        ((24, 13, 7, 0, 0), PASSED),
        # Few, and nobody.
        ((0, 0, 0, 0, 0), NO_QUORUM),
        ((1, 0, 0, 0, 0), NO_QUORUM),
        ((1, 1, 0, 0, 1), FAILED),
        ((1, 1, 1, 0, 0), PASSED),
        ((2, 1, 1, 0, 0), NO_QUORUM),
        ((2, 2, 1, 1, 0), FAILED),
        ((3, 2, 2, 0, 0), PASSED),
    ],
)
def test_decide_table(numbers: tuple[int, int, int, int, int], outcome: MajorityOutcome) -> None:
    assert decide(HALVES, ResolutionVote(*numbers)) == outcome


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        ((24, 16, 16, 0, 0), NO_QUORUM),
        ((24, 17, 12, 5, 0), FAILED),
        ((24, 17, 13, 4, 0), PASSED),
        ((24, 20, 15, 5, 0), FAILED),
        ((24, 20, 16, 4, 0), PASSED),
    ],
)
def test_decide_by_another_rule(
    numbers: tuple[int, int, int, int, int], outcome: MajorityOutcome
) -> None:
    assert decide(TWO_THIRDS_THEN_THREE_QUARTERS, ResolutionVote(*numbers)) == outcome


@pytest.mark.parametrize("rule", [HALVES, TWO_THIRDS_THEN_THREE_QUARTERS])
def test_decide_agrees_with_fractions_for_every_small_vote(rule: MajorityRule) -> None:
    seen = set()
    for roll in range(10):
        for present in range(roll + 1):
            for yes, no, abstain in product(range(present + 1), repeat=3):
                if yes + no + abstain <= present:
                    vote = ResolutionVote(roll, present, yes, no, abstain)
                    assert decide(rule, vote) == outcome_by_fractions(rule, vote), vote
                    seen.add(decide(rule, vote))

    assert seen == set(MajorityOutcome)


@given(rules(), votes())
def test_decide_agrees_with_fractions(rule: MajorityRule, vote: ResolutionVote) -> None:
    assert decide(rule, vote) == outcome_by_fractions(rule, vote)


@given(votes())
def test_abstention_and_no_answer_weigh_as_a_no(vote: ResolutionVote) -> None:
    against = vote.present - vote.yes

    for no, abstain in [(against, 0), (0, against), (0, 0)]:
        other = ResolutionVote(vote.roll, vote.present, vote.yes, no, abstain)
        assert decide(HALVES, other) == decide(HALVES, vote)


@given(rules(), people)
def test_required_numbers_are_the_smallest_that_are_enough(rule: MajorityRule, base: int) -> None:
    for needed, share in [
        (required_present(rule, base), rule.quorum_share),
        (required_yes(rule, base), rule.pass_share),
    ]:
        exact = base * Fraction(share.numerator, share.denominator)
        assert needed > exact >= needed - 1


@pytest.mark.parametrize(("base", "needed"), [(0, 1), (1, 1), (2, 2), (21, 11), (24, 13)])
def test_required_numbers_table(base: int, needed: int) -> None:
    assert required_present(HALVES, base) == required_yes(HALVES, base) == needed


@given(votes())
def test_unanswered_completes_those_present(vote: ResolutionVote) -> None:
    assert vote.yes + vote.no + vote.abstain + vote.unanswered == vote.present


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        ({"roll": -1}, "invalid_count", {"roll": -1}),
        ({"present": -1}, "invalid_count", {"present": -1}),
        ({"yes": -1}, "invalid_count", {"yes": -1}),
        ({"no": -1}, "invalid_count", {"no": -1}),
        ({"abstain": -1}, "invalid_count", {"abstain": -1}),
        ({"yes": 18.0}, "invalid_count", {"yes": 18.0}),
        ({"abstain": True}, "invalid_count", {"abstain": True}),
        ({"no": "2"}, "invalid_count", {"no": "2"}),
        ({"present": None}, "invalid_count", {"present": None}),
        ({"present": 25}, "present_exceeds_roll", {"present": 25, "roll": 24}),
        ({"yes": 19}, "answers_exceed_present", {"answers": 22, "present": 21}),
        ({"no": 3}, "answers_exceed_present", {"answers": 22, "present": 21}),
        ({"abstain": 2}, "answers_exceed_present", {"answers": 22, "present": 21}),
        ({"present": 20}, "answers_exceed_present", {"answers": 21, "present": 20}),
    ],
)
def test_impossible_vote_is_refused(
    change: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    numbers = {"roll": 24, "present": 21, "yes": 18, "no": 2, "abstain": 1}
    with pytest.raises(VotingError) as refusal:
        ResolutionVote(**{**numbers, **change})

    assert (refusal.value.code, refusal.value.details) == (code, details)


@given(rules())
def test_rule_survives_the_snapshot(rule: MajorityRule) -> None:
    assert MajorityRule.from_data(json.loads(json.dumps(rule.to_data()))) == rule


def test_snapshot_of_the_default_rule() -> None:
    half = {"numerator": 1, "denominator": 2}

    assert HALVES.to_data() == {"quorum_share": half, "pass_share": half}


@pytest.mark.parametrize("name", ["quorum_share", "pass_share"])
@pytest.mark.parametrize(
    "share",
    [
        None,
        0.5,
        "1/2",
        [1, 2],
        {},
        {"numerator": 1},
        {"numerator": 0, "denominator": 2},
        {"numerator": 1.0, "denominator": 2},
        {"numerator": 3, "denominator": 2},
        # More than the whole: nobody could ever meet it.
        {"numerator": 1, "denominator": 1},
        {"numerator": 2, "denominator": 2},
    ],
)
def test_rule_refuses_a_bad_share(name: str, share: object) -> None:
    with pytest.raises(VotingError) as refusal:
        MajorityRule.from_data({**HALVES.to_data(), name: share})

    assert refusal.value.code == "invalid_rule"


@pytest.mark.parametrize("data", [{}, {"quorum_share": {"numerator": 1, "denominator": 2}}])
def test_snapshot_with_a_share_missing_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(VotingError) as refusal:
        MajorityRule.from_data(data)

    assert refusal.value.code == "invalid_rule"


@pytest.mark.parametrize(
    ("rule", "numbers", "explanation"),
    [
        (
            HALVES,
            (24, 21, 18, 2, 1),
            Explanation(
                "全体24人，到会21人；到会须过半数，即13人以上，已达到。\n"
                "赞成18人，反对2人，弃权1人，未表态0人；"
                "赞成须过半数（以到会21人计），即11人以上，通过。",
                "On the roll: 24. Present: 21. "
                "Needed: more than half of the roll, 13 at least; reached.\n"
                "Yes: 18. No: 2. Abstained: 1. No answer: 0. "
                "Yes needed: more than half of the 21 present, 11 at least; passed.",
            ),
        ),
        (
            HALVES,
            (24, 21, 10, 8, 2),
            Explanation(
                "全体24人，到会21人；到会须过半数，即13人以上，已达到。\n"
                "赞成10人，反对8人，弃权2人，未表态1人；"
                "赞成须过半数（以到会21人计），即11人以上，未通过。",
                "On the roll: 24. Present: 21. "
                "Needed: more than half of the roll, 13 at least; reached.\n"
                "Yes: 10. No: 8. Abstained: 2. No answer: 1. "
                "Yes needed: more than half of the 21 present, 11 at least; not passed.",
            ),
        ),
        (
            HALVES,
            (24, 12, 12, 0, 0),
            Explanation(
                "全体24人，到会12人；到会须过半数，即13人以上，未达到，不能作出决议。",
                "On the roll: 24. Present: 12. "
                "Needed: more than half of the roll, 13 at least; missed, nothing can be resolved.",
            ),
        ),
        (
            TWO_THIRDS_THEN_THREE_QUARTERS,
            (24, 20, 16, 4, 0),
            Explanation(
                "全体24人，到会20人；到会须超过2/3，即17人以上，已达到。\n"
                "赞成16人，反对4人，弃权0人，未表态0人；"
                "赞成须超过3/4（以到会20人计），即16人以上，通过。",
                "On the roll: 24. Present: 20. "
                "Needed: more than 2/3 of the roll, 17 at least; reached.\n"
                "Yes: 16. No: 4. Abstained: 0. No answer: 0. "
                "Yes needed: more than 3/4 of the 20 present, 16 at least; passed.",
            ),
        ),
        (
            MajorityRule(Share(2, 4), Share(2, 4)),
            (2, 2, 2, 0, 0),
            Explanation(
                "全体2人，到会2人；到会须过半数，即2人以上，已达到。\n"
                "赞成2人，反对0人，弃权0人，未表态0人；"
                "赞成须过半数（以到会2人计），即2人以上，通过。",
                "On the roll: 2. Present: 2. "
                "Needed: more than half of the roll, 2 at least; reached.\n"
                "Yes: 2. No: 0. Abstained: 0. No answer: 0. "
                "Yes needed: more than half of the 2 present, 2 at least; passed.",
            ),
        ),
    ],
)
def test_explanation_gives_what_was_needed_beside_what_was_reached(
    rule: MajorityRule, numbers: tuple[int, int, int, int, int], explanation: Explanation
) -> None:
    assert explain_majority(rule, ResolutionVote(*numbers)) == explanation
