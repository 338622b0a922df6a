"""Supporting a matter, and taking the support back."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.matters.models import Endorsement
from tests.cast import Cast, Person, stored
from tests.checks import refusal
from tests.matters.steps import endorse, raise_matter, screen


def support(reader: Person, matter: str) -> tuple[int, bool]:
    """How many endorse the matter, and whether the reader does."""
    seen = reader.get(f"/matters/{matter}").json
    return seen["endorsements"], seen["is_endorsed"]


def test_endorse_counts_each_resident_once(cast: Cast, app: Flask):
    raiser, neighbour = cast.resident(), cast.resident()
    matter = raise_matter(cast, raiser)
    assert support(raiser, matter) == (0, False)
    endorse(matter, neighbour, neighbour)
    assert support(neighbour, matter) == (1, True)
    assert support(raiser, matter) == (1, False)
    endorse(matter, raiser)
    assert support(raiser, matter) == (2, True)
    rows = stored(app, select(Endorsement).where(Endorsement.matter_id == UUID(matter)))
    assert {row.resident_id for row in rows} == {raiser.id, neighbour.id}
    assert {row.withdrawn_at for row in rows} == {None}


def test_withdraw_keeps_the_row_with_its_time(cast: Cast, app: Flask):
    raiser, neighbour = cast.resident(), cast.resident()
    matter = raise_matter(cast, raiser)
    endorse(matter, raiser, neighbour)
    answer = neighbour.delete(f"/matters/{matter}/endorsement")
    assert (answer.json["endorsements"], answer.json["is_endorsed"]) == (1, False)
    rows = stored(app, select(Endorsement).where(Endorsement.resident_id == neighbour.id))
    (row,) = rows
    assert row.endorsed_at <= row.withdrawn_at


def test_withdraw_twice_changes_nothing(cast: Cast, app: Flask):
    raiser = cast.resident()
    matter = raise_matter(cast, raiser)
    endorse(matter, raiser)
    times = []
    for _ in range(2):
        assert raiser.delete(f"/matters/{matter}/endorsement").status_code == 200
        (row,) = stored(app, select(Endorsement))
        times.append(row.withdrawn_at)
    assert times[0] == times[1]


def test_withdraw_without_support_changes_nothing(cast: Cast, app: Flask):
    raiser = cast.resident()
    matter = raise_matter(cast, raiser)
    assert raiser.delete(f"/matters/{matter}/endorsement").status_code == 200
    assert stored(app, select(Endorsement)) == []


def test_endorse_again_after_withdrawing(cast: Cast, app: Flask):
    raiser = cast.resident()
    matter = raise_matter(cast, raiser)
    endorse(matter, raiser)
    raiser.delete(f"/matters/{matter}/endorsement")
    endorse(matter, raiser)
    assert support(raiser, matter) == (1, True)
    (row,) = stored(app, select(Endorsement))
    assert row.withdrawn_at is None


@pytest.mark.parametrize("outcome", ["DISPATCHED", "WHISTLED", "REFUSED"])
def test_endorse_of_a_matter_that_went_elsewhere_is_refused(cast: Cast, app: Flask, outcome: str):
    raiser = cast.resident()
    matter = raise_matter(cast, raiser)
    screen(cast.secretary(), matter, outcome, reason="已在处理")
    for call in (raiser.put, raiser.delete):
        assert refusal(call(f"/matters/{matter}/endorsement")) == (409, "wrong_state")
    assert stored(app, select(Endorsement)) == []
