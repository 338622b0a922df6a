"""Lists make as many queries for thirty conventions as for three, and a version for 99 clauses."""

import pytest

from tests.cast import Cast
from tests.checks import counted
from tests.conventions.steps import SELF, Desk
from tests.resolutions.stage import Travel, body_of


@pytest.fixture
def desk(cast: Cast, travel: Travel) -> Desk:
    return Desk(cast, travel)


def test_list_makes_as_many_queries_for_thirty_as_for_three(desk: Desk):
    made, sizes = 0, []
    for wanted in (3, 30):
        for _ in range(made, wanted):
            desk.draft(SELF)
        made = wanted
        with counted(desk.cast.app) as sent:
            items = body_of(desk.secretary.get(desk.path))["items"]
        assert all(item["current"] for item in items)
        sizes.append((len(items), len(sent)))
    assert sizes == [(3, 4), (30, 4)], sent


def test_version_makes_as_many_queries_for_many_clauses_as_for_few(desk: Desk):
    costs = []
    for count in (3, 99):
        clauses = [
            {"text": f"第{i}件事不罚款。", "owner_vote_item": 8, "resolution_id": desk.resolution}
            for i in range(count)
        ]
        version = desk.draft(clauses=clauses)
        body_of(desk.do(version, "submit"))
        with counted(desk.cast.app) as sent:
            assert len(desk.read(version)["flags"]) == count
        costs.append(len(sent))
    assert costs[0] == costs[1]
