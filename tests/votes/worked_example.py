"""The worked example of the 5-3-1 rules: one session of 香樟苑小区, as values."""

from datetime import UTC, datetime, timedelta

from votes.ballot import Mark, PriorityBallot
from votes.scheme import FIVE_THREE_ONE
from votes.selection import Outcome
from votes.tally import Candidate

ROLL = 24

TITLES = {
    "M01": "夜间停车难、消防通道被占",
    "M02": "3栋2单元加装电梯",
    "M03": "临街餐馆油烟和夜间噪音",
    "M04": "电动车飞线充电、车棚不足",
    "M05": "1号路雨后积水",
    "M06": "物业费与服务不符",
    "M07": "5栋楼顶搭建",
    "M08": "4栋屋面漏水",
    "M09": "遛狗不牵绳",
    "M10": "楼道堆物",
}

ENDORSEMENTS = {"M07": 6, "M10": 9}

CANDIDATES = tuple(
    Candidate(
        matter=matter,
        number=number,
        endorsements=ENDORSEMENTS.get(matter, 0),
        raised_at=datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(hours=number),
    )
    for number, matter in enumerate(TITLES, start=1)
)

# The last ballot of each voter: V08 had cast M06 M04 M01 before.
SLIPS = {
    "V01": "M05 M06 M03",
    "V02": "M01 M03 M06",
    "V03": "M04 M03 M09",
    "V04": "M02 M01 M10",
    "V05": "M01 M10 M04",
    "V06": "M02 M04 M01",
    "V07": "M01 M02 M07",
    "V08": "M06 M01 M04",
    "V09": "M02 M06 M05",
    "V10": "M01 M04 M09",
    "V11": "M01 M05 M06",
    "V12": "M04 M01 M03",
    "V13": "M08 M05 –",
    "V14": "M04 M08 M01",
    "V15": "M04 M05 M02",
    "V16": "M05 M07 M08",
    "V17": "M05 M04 M02",
    "V18": "M03 M06 M04",
    "V19": "M04 – –",
    "V20": "M02 M01 M09",
    "V21": "– – –",
}


def ballot_of(slip: str) -> PriorityBallot:
    """The ballot on a slip such as "M08 M05 –": the 5-, 3- and 1-slot, a dash for an empty one."""
    marks = [
        Mark(weight, matter)
        for weight, matter in zip((5, 3, 1), slip.split(), strict=True)
        if matter != "–"
    ]
    return PriorityBallot.of(marks, FIVE_THREE_ONE, TITLES.keys())


BALLOTS = tuple(ballot_of(slip) for slip in SLIPS.values())

# matter, (n5, n3, n1), score, decided by, outcome
EXPECTED = (
    ("M01", (5, 4, 2), 39, "score", Outcome.SELECTED),
    ("M04", (5, 3, 3), 37, "score", Outcome.SELECTED),
    ("M02", (4, 1, 2), 25, "n5", Outcome.SELECTED),
    ("M05", (3, 3, 1), 25, "score", Outcome.DEFERRED),
    ("M06", (1, 3, 2), 16, "score", Outcome.DEFERRED),
    ("M03", (1, 2, 2), 13, "score", Outcome.DEFERRED),
    ("M08", (1, 1, 1), 9, "score", Outcome.DEFERRED),
    ("M10", (0, 1, 1), 4, "endorsements", Outcome.DEFERRED),
    ("M07", (0, 1, 1), 4, "score", Outcome.DEFERRED),
    ("M09", (0, 0, 3), 3, None, Outcome.DEFERRED),
)
