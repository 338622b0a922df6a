"""The list of a compound's sessions."""

import pytest

from tests.cast import Cast, Person, Place
from tests.checks import pages


def months(cast: Cast, secretary: Person, compound: Place, *periods: str) -> list[str]:
    """Plan a session for each month; their ids."""
    return [cast.session(secretary, compound, period=period)["id"] for period in periods]


@pytest.fixture
def alone(cast: Cast) -> Place:
    """A compound that is the only one of its community, so it is always its turn."""
    return cast.other_community()[1]


def test_list_is_newest_first_in_pages(cast: Cast, alone: Place):
    secretary = cast.secretary(alone)
    months(cast, secretary, alone, "2027-01", "2027-02", "2027-03")
    path = f"/compounds/{alone.id}/sessions"
    found = pages(
        secretary,
        path,
        "period",
        after_first=lambda: months(cast, secretary, alone, "2027-04"),
        limit=2,
    )
    assert found == [["2027-03", "2027-02"], ["2027-01"]]


def test_list_of_one_state(cast: Cast, alone: Place):
    secretary, reader = cast.secretary(alone), cast.resident(alone)
    first, second, _ = months(cast, secretary, alone, "2027-01", "2027-02", "2027-03")
    secretary.post(f"/sessions/{first}/start-collecting")
    secretary.post(f"/sessions/{second}/cancel")
    path = f"/compounds/{alone.id}/sessions"
    found = {
        state: pages(reader, path, "period", state=state)
        for state in ("DRAFT", "COLLECTING", "CANCELLED", "VOTING")
    }
    assert found == {
        "DRAFT": [["2027-03"]],
        "COLLECTING": [["2027-01"]],
        "CANCELLED": [["2027-02"]],
        "VOTING": [[]],
    }


def test_list_says_the_same_as_each_session_but_for_its_matters_and_rules(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    session, _ = cast.open_session(secretary, raiser)
    (listed,) = raiser.get(f"/compounds/{cast.home.id}/sessions").json["items"]
    alone = raiser.get(f"/sessions/{session['id']}").json
    assert listed == {name: value for name, value in alone.items() if name in listed}
    countersigning = {
        "officer_key",
        "countersigned_at",
        "countersign_refused_at",
        "countersign_refusal",
    }
    fixed = {"scheme", "rules", "operator_key"}
    assert alone.keys() - listed.keys() == {"matters", *fixed, *countersigning}
