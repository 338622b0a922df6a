"""The list of a compound's residences, as its verifiers page through it."""

import pytest

from app.people.models import Role
from tests.cast import Cast
from tests.checks import pages, refusal
from tests.people.test_verify_residence import claimed


@pytest.fixture
def path(cast: Cast) -> str:
    return f"/compounds/{cast.home.id}/residences"


def test_list_is_newest_first_in_pages(cast: Cast, path: str):
    for name in "甲乙丙丁戊":
        cast.resident(name=name)
    assert pages(cast.secretary(), path, "name", limit=2) == [["戊", "丁"], ["丙", "乙"], ["甲"]]


def test_list_stays_where_it_was_while_new_rows_come_in(cast: Cast, path: str):
    for name in "甲乙丙":
        cast.resident(name=name)
    found = pages(
        cast.secretary(), path, "name", after_first=lambda: cast.resident(name="新"), limit=2
    )
    assert found == [["丙", "乙"], ["甲"]]


def test_list_of_one_state(cast: Cast, path: str):
    secretary = cast.secretary()
    cast.resident(name="已核实")
    claimed(cast, cast.visitor(name="待核实"))
    refused = claimed(cast, cast.visitor(name="被拒"), unit="1601")
    secretary.post(f"/residences/{refused}/refuse", {"reason": "房号不符"})
    names = {
        state: pages(secretary, path, "name", state=state)
        for state in ("CLAIMED", "VERIFIED", "REFUSED", "ENDED")
    }
    assert names == {
        "CLAIMED": [["待核实"]],
        "VERIFIED": [["已核实"]],
        "REFUSED": [["被拒"]],
        "ENDED": [[]],
    }
    assert pages(secretary, path, "name", limit=100) == [["被拒", "待核实", "已核实"]]


def test_list_holds_no_other_compound(cast: Cast, path: str):
    cast.resident(cast.neighbour)
    assert pages(cast.secretary(), path, "name", limit=100) == [[]]


def test_cursor_of_another_list_is_refused(cast: Cast, path: str):
    for name in "甲乙":
        cast.resident(name=name)
    secretary = cast.secretary()
    cast.appoint(secretary, Role.BRANCH_SECRETARY, cast.neighbour)
    cursor = secretary.get(f"{path}?limit=1").json["next_cursor"]
    other = f"/compounds/{cast.neighbour.id}/residences?cursor={cursor}"
    assert refusal(secretary.get(other)) == (422, "invalid_cursor")
