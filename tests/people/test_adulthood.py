"""The age of 18, reached on the birthday itself (Organic Law, article 9; Civil Code 1259)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from app.agenda.roll import adults_born_until
from app.people.models import Resident
from tests.cast import Cast, ballot
from tests.checks import refusal


@pytest.mark.parametrize(
    ("born", "day", "is_adult"),
    [
        (date(2008, 3, 12), date(2026, 3, 11), False),
        (date(2008, 3, 12), date(2026, 3, 12), True),
        (date(2008, 2, 29), date(2026, 2, 28), False),
        (date(2008, 2, 29), date(2026, 3, 1), True),
        (date(2008, 3, 1), date(2026, 3, 1), True),
        (None, date(2026, 3, 12), False),
    ],
)
def test_adult_on_the_very_day(born: date | None, day: date, is_adult: bool):
    assert Resident(birth_date=born).is_adult_on(day) is is_adult


def test_adulthood_in_the_query_and_in_the_model_agree():
    """Every day of eight years, and everyone born around 18 years before it."""
    first = date(2023, 1, 1)
    for day in (first + timedelta(days=n) for n in range(8 * 366)):
        latest = adults_born_until(day)
        for born in (latest + timedelta(days=n) for n in range(-2, 3)):
            assert Resident(birth_date=born).is_adult_on(day) is (born <= latest), (born, day)


@pytest.mark.parametrize(
    ("born", "birthday"),
    [
        (date(2008, 3, 12), "2026-03-12T00:00+08:00"),
        (date(2008, 2, 29), "2026-03-01T00:00+08:00"),
    ],
)
def test_voter_comes_of_age_while_voting_is_open(
    cast: Cast, travel: Callable[[str | datetime], None], born: date, birthday: str
):
    comes_of_age = datetime.fromisoformat(birthday)
    travel(comes_of_age - timedelta(minutes=2))
    secretary, raiser, youth = cast.secretary(), cast.resident(), cast.resident(born=born)
    session, matters = cast.open_session(secretary, raiser)
    path = f"/sessions/{session['id']}/ballot"
    assert session["turnout"]["roll"] == 1
    assert refusal(youth.put(path, ballot(*matters))) == (403, "under_age")
    travel(comes_of_age)
    assert youth.put(path, ballot(*matters)).status_code == 200
    assert secretary.get(f"/sessions/{session['id']}/turnout").json["roll"] == 2


@pytest.mark.parametrize(
    ("born", "day", "roll"),
    [
        (date(2008, 3, 12), "2026-03-11T23:59+08:00", 0),
        (date(2008, 3, 12), "2026-03-12T00:00+08:00", 1),
        (date(2008, 2, 29), "2026-02-28T12:00+08:00", 0),
        (date(2008, 2, 29), "2026-03-01T12:00+08:00", 1),
    ],
)
def test_roll_at_opening_takes_who_is_18_that_day(
    cast: Cast, travel: Callable[[str], None], born: date, day: str, roll: int
):
    travel(day)
    secretary, youth = cast.secretary(), cast.resident(born=born)
    session, _ = cast.open_session(secretary, youth)
    assert session["turnout"]["roll"] == roll


@pytest.mark.parametrize(
    ("born", "status"),
    [(date(2008, 3, 12), 201), (date(2008, 3, 13), 422)],
)
def test_roster_takes_who_is_18_when_voting_opens(
    cast: Cast, travel: Callable[[str], None], born: date, status: int
):
    travel("2026-03-02T08:00+08:00")
    secretary, youth = cast.secretary(), cast.resident(born=born)
    body = {
        "period": "2026-03",
        "mode": "ROSTER",
        "place": "党群服务站",
        "voting_opens_at": "2026-03-12T00:00:00+08:00",
        "voting_closes_at": "2026-03-19T00:00:00+08:00",
        "round_table_at": "2026-03-27T19:00:00+08:00",
        "roll": [str(youth.id)],
    }
    answer = secretary.post(f"/compounds/{cast.home.id}/sessions", body)
    assert answer.status_code == status, answer.text
