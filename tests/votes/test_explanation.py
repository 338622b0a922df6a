from datetime import UTC, datetime, timedelta

import pytest

from votes.ballot import Mark
from votes.explanation import Explanation, explain, label
from votes.scheme import FIVE_THREE_ONE, BallotScheme, Slot
from votes.selection import SelectionRule, Turnout, select
from votes.tally import Candidate, PickCounts, rank

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
VALID = Turnout(roll=24, returned=21, blank=1, required=13)
DEFAULT_RULE = SelectionRule()
MISSED = Turnout(roll=24, returned=12, blank=0, required=13)


def explained(
    counts: PickCounts,
    *candidates: Candidate,
    turnout: Turnout = VALID,
    ended: frozenset[str] = frozenset(),
    scheme: BallotScheme = FIVE_THREE_ONE,
    rule: SelectionRule = DEFAULT_RULE,
) -> Explanation:
    ranked = rank(scheme, candidates, counts)
    return explain(
        scheme=scheme,
        rule=rule,
        turnout=turnout,
        ranked=ranked,
        outcomes=select(rule, ranked, turnout.returned, ended, not turnout.is_sufficient),
        titles={candidate.matter: f"事项{candidate.matter}" for candidate in candidates},
    )


@pytest.mark.parametrize(
    ("number", "printed"), [(1, "M01"), (9, "M09"), (10, "M10"), (99, "M99"), (100, "M100")]
)
def test_label_has_two_digits_or_more(number: int, printed: str) -> None:
    assert label(number) == printed


def test_both_languages_tell_the_same_story() -> None:
    explanation = explained(
        {Mark(5, "a"): 2, Mark(3, "a"): 1, Mark(1, "b"): 1},
        Candidate("a", 1, 0, NOON),
        Candidate("b", 2, 0, NOON),
        Candidate("c", 3, 0, NOON),
    )

    assert explanation.zh.splitlines() == [
        "可投票24人,收回选票21张,其中空白票1张;至少应收回13张,已达到,结果有效。",
        (
            "按得分从高到低,至多取3件,每件至少要有3人支持;"
            "同分的依次比较5分票、3分票、1分票、附议人数、提出先后、编号。"
        ),
        "第1名 M01「事项a」:5分票2张、3分票1张、1分票0张,5×2+3×1+1×0=13分,入选。",
        "第2名 M02「事项b」:5分票0张、3分票0张、1分票1张,5×0+3×0+1×1=1分,支持者1人,不足3人,结转。",
        "第3名 M03「事项c」:5分票0张、3分票0张、1分票0张,5×0+3×0+1×0=0分,没有得票,结转。",
    ]
    assert explanation.en.splitlines() == [
        (
            "Voters on the roll: 24. Ballots returned: 21, of which blank: 1. "
            "Ballots needed: 13; reached, the result is valid."
        ),
        (
            "Matters are taken by score, highest first, 3 at most; supporters needed by each: 3. "
            "Equal scores are settled by 5-point votes, 3-point votes, 1-point votes, "
            "endorsements, time of raising, number, in this order."
        ),
        (
            "No. 1 M01 「事项a」: 5-point votes 2, 3-point votes 1, 1-point votes 0; "
            "5×2+3×1+1×0 = 13, selected."
        ),
        (
            "No. 2 M02 「事项b」: 5-point votes 0, 3-point votes 0, 1-point votes 1; "
            "5×0+3×0+1×1 = 1, supporters 1 of 3 needed, carried over."
        ),
        (
            "No. 3 M03 「事项c」: 5-point votes 0, 3-point votes 0, 1-point votes 0; "
            "5×0+3×0+1×0 = 0, no votes, carried over."
        ),
    ]


@pytest.mark.parametrize(
    ("counts", "first", "second", "zh", "en"),
    [
        (
            {Mark(5, "a"): 3, Mark(5, "b"): 2, Mark(3, "b"): 1, Mark(1, "b"): 2},
            Candidate("a", 2, 0, NOON),
            Candidate("b", 1, 0, NOON),
            "入选。与 M01 同为15分,M02 的5分票更多(3>2)。",
            "selected. Level with M01 at 15: M02 has more 5-point votes (3 > 2).",
        ),
        (
            {Mark(3, "a"): 3, Mark(3, "b"): 2, Mark(1, "b"): 3},
            Candidate("a", 2, 0, NOON),
            Candidate("b", 1, 0, NOON),
            "入选。与 M01 同为9分,M02 的3分票更多(3>2)。",
            "selected. Level with M01 at 9: M02 has more 3-point votes (3 > 2).",
        ),
        (
            {Mark(3, "a"): 3, Mark(3, "b"): 3},
            Candidate("a", 2, 9, NOON),
            Candidate("b", 1, 6, NOON),
            "入选。与 M01 同为9分,M02 的附议更多(9>6)。",
            "selected. Level with M01 at 9: M02 has more endorsements (9 > 6).",
        ),
        (
            {Mark(3, "a"): 3, Mark(3, "b"): 3},
            Candidate("a", 2, 6, NOON),
            Candidate("b", 1, 6, NOON + timedelta(hours=13, microseconds=7)),
            (
                "入选。与 M01 同为9分,M02 的提出时间更早"
                "(2026-03-02 12:00:00 早于 2026-03-03 01:00:00.000007)。"
            ),
            (
                "selected. Level with M01 at 9: M02 has the earlier time of raising "
                "(2026-03-02 12:00:00 before 2026-03-03 01:00:00.000007)."
            ),
        ),
        (
            {Mark(3, "a"): 3, Mark(3, "b"): 3},
            Candidate("a", 1, 6, NOON),
            Candidate("b", 2, 6, NOON),
            "入选。与 M02 同为9分,M01 的编号更小(1<2)。",
            "selected. Level with M02 at 9: M01 has the lower number (1 < 2).",
        ),
    ],
)
def test_broken_tie_names_its_rule_and_both_figures(
    counts: PickCounts, first: Candidate, second: Candidate, zh: str, en: str
) -> None:
    explanation = explained(counts, first, second)

    assert explanation.zh.splitlines()[2].endswith(zh)
    assert explanation.en.splitlines()[2].endswith(en)
    assert "同为" not in explanation.zh.splitlines()[3]


def test_missed_participation_is_called_consultative() -> None:
    explanation = explained(
        {Mark(5, "a"): 4, Mark(5, "b"): 3},
        Candidate("a", 1, 0, NOON),
        Candidate("b", 2, 0, NOON),
        turnout=MISSED,
    )
    turnout, rule, first, second = explanation.zh.splitlines()

    assert turnout.endswith(
        "至少应收回13张,未达到,本次结果仅供参考,党支部至多可取1件,并须在公示中说明。"
    )
    assert "至多取1件,每件至少要有2人支持" in rule
    assert first.endswith("=20分,可由党支部选取。")
    assert second.endswith("=15分,名额已满,结转。")
    assert "missed, the result is consultative only" in explanation.en
    assert "the party branch may take it." in explanation.en


def test_matter_that_ended_keeps_its_score_and_is_not_selected() -> None:
    explanation = explained({Mark(5, "a"): 4}, Candidate("a", 1, 0, NOON), ended=frozenset({"a"}))

    assert explanation.zh.endswith("5×4+3×0+1×0=20分,表决期间已了结,保留得分,不入选。")
    assert explanation.en.endswith("= 20, ended during voting: keeps its score, not selected.")


def test_figures_follow_the_rule_and_the_scheme() -> None:
    explanation = explained(
        {Mark(9, "a"): 4, Mark(2, "a"): 3},
        Candidate("a", 1, 0, NOON),
        Candidate("b", 2, 0, NOON),
        scheme=BallotScheme((Slot(9, 2), Slot(2, 3))),
        rule=SelectionRule(limit=5, supporters_floor=6),
    )

    assert "至多取5件,每件至少要有6人支持;同分的依次比较9分票、2分票、附议" in explanation.zh
    assert "9分票4张、2分票3张,9×4+2×3=42分,入选。" in explanation.zh


def test_session_without_matters_explains_the_turnout() -> None:
    assert len(explained({}).zh.splitlines()) == 2
