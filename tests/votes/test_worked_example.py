import pytest

from tests.votes.worked_example import (
    BALLOTS,
    CANDIDATES,
    EXPECTED,
    ROLL,
    SLIPS,
    TITLES,
    ballot_of,
)
from votes.errors import VotingError
from votes.explanation import explain
from votes.scheme import FIVE_THREE_ONE
from votes.selection import (
    Mode,
    ParticipationRule,
    SelectionRule,
    Turnout,
    required_participation,
    select,
)
from votes.tally import count, rank

RANKED = rank(FIVE_THREE_ONE, CANDIDATES, count(BALLOTS))
TURNOUT = Turnout(
    roll=ROLL,
    returned=len(BALLOTS),
    blank=sum(ballot.is_blank for ballot in BALLOTS),
    required=required_participation(ParticipationRule(), Mode.ROSTER, ROLL),
)
OUTCOMES = select(SelectionRule(), RANKED, TURNOUT.returned)

EXPLANATION = """\
可投票24人，收回选票21张，其中空白票1张；至少应收回13张，已达到，结果有效。
按得分从高到低，至多取3件，每件至少要有3人支持；同分的依次比较5分票、3分票、1分票、附议人数、提出先后、编号。
第1名 M01「夜间停车难、消防通道被占」：5分票5张、3分票4张、1分票2张，5×5+3×4+1×2=39分，入选。
第2名 M04「电动车飞线充电、车棚不足」：5分票5张、3分票3张、1分票3张，5×5+3×3+1×3=37分，入选。
第3名 M02「3栋2单元加装电梯」：5分票4张、3分票1张、1分票2张，5×4+3×1+1×2=25分，入选。\
与 M05 同为25分，M02 的5分票更多（4>3）。
第4名 M05「1号路雨后积水」：5分票3张、3分票3张、1分票1张，5×3+3×3+1×1=25分，名额已满，结转。
第5名 M06「物业费与服务不符」：5分票1张、3分票3张、1分票2张，5×1+3×3+1×2=16分，名额已满，结转。
第6名 M03「临街餐馆油烟和夜间噪音」：5分票1张、3分票2张、1分票2张，5×1+3×2+1×2=13分，名额已满，结转。
第7名 M08「4栋屋面漏水」：5分票1张、3分票1张、1分票1张，5×1+3×1+1×1=9分，名额已满，结转。
第8名 M10「楼道堆物」：5分票0张、3分票1张、1分票1张，5×0+3×1+1×1=4分，支持者2人，不足3人，结转。\
与 M07 同为4分，M10 的附议更多（9>6）。
第9名 M07「5栋楼顶搭建」：5分票0张、3分票1张、1分票1张，5×0+3×1+1×1=4分，支持者2人，不足3人，结转。
第10名 M09「遛狗不牵绳」：5分票0张、3分票0张、1分票3张，5×0+3×0+1×3=3分，名额已满，结转。"""


def test_turnout_is_valid_with_one_blank_ballot() -> None:
    assert Turnout(roll=24, returned=21, blank=1, required=13) == TURNOUT
    assert TURNOUT.is_sufficient


def test_table_is_the_expected_one() -> None:
    rows = [
        (row.rank, row.matter, row.counts, row.score, row.decided_by, OUTCOMES[row.matter])
        for row in RANKED
    ]

    assert rows == [(place, *row) for place, row in enumerate(EXPECTED, start=1)]


def test_points_add_up() -> None:
    assert [sum(column) for column in zip(*(row.counts for row in RANKED), strict=True)] == [
        20,
        19,
        18,
    ]
    assert sum(row.score for row in RANKED) == 20 * 5 + 19 * 3 + 18 * 1 == 175


def test_supporters_of_m02_are_seven() -> None:
    assert next(row.supporters for row in RANKED if row.matter == "M02") == 7


def test_first_ballot_of_v08_would_have_given_other_scores() -> None:
    replaced = [
        ballot_of("M06 M04 M01" if voter == "V08" else slip) for voter, slip in SLIPS.items()
    ]

    scores = {row.matter: row.score for row in rank(FIVE_THREE_ONE, CANDIDATES, count(replaced))}

    assert (scores["M01"], scores["M04"]) == (37, 39)


@pytest.mark.parametrize(
    ("slip", "code"),
    [
        ("M01 M01 M04", "matter_repeated"),
        ("M11 M01 M04", "matter_not_listed"),
        ("M01 – M12", "matter_not_listed"),
    ],
)
def test_bad_slips_are_refused(slip: str, code: str) -> None:
    with pytest.raises(VotingError) as refusal:
        ballot_of(slip)

    assert refusal.value.code == code


def test_explanation_is_complete_in_chinese() -> None:
    explanation = explain(
        scheme=FIVE_THREE_ONE,
        rule=SelectionRule(),
        turnout=TURNOUT,
        ranked=RANKED,
        outcomes=OUTCOMES,
        titles=TITLES,
    )

    assert explanation.zh == EXPLANATION
