"""Screening: the branch decides what becomes of a matter."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.matters.models import Matter, MatterState
from app.people.models import Role
from tests.cast import Cast
from tests.checks import Move, moves_of, refusal, refused_fields
from tests.matters.steps import raise_matter, screen

REASON = "属于邻里私人纠纷,请先调解"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("LISTED", None),
        ("LISTED", "多户反映"),
        ("DISPATCHED", None),
        ("WHISTLED", "需水务部门到场"),
        ("REFUSED", REASON),
    ],
)
def test_screen_decides_and_is_logged(
    cast: Cast, app: Flask, rows: Session, outcome: str, reason: str | None
):
    raiser, secretary = cast.resident(), cast.secretary()
    matter_id = raise_matter(cast, raiser)
    more = {} if reason is None else {"reason": reason}
    seen = screen(secretary, matter_id, outcome, **more)
    assert (seen["state"], seen["reason"]) == (outcome, reason)
    matter = rows.get_one(Matter, UUID(matter_id))
    assert (matter.state, matter.reason) == (MatterState(outcome), reason)
    assert matter.screened_by_id == secretary.id
    assert matter.screened_at is not None
    assert matter.raised_at <= matter.screened_at
    rows.rollback()
    assert moves_of(app, matter_id)[1:] == [
        Move("screen", "SUBMITTED", outcome, secretary.id, reason)
    ]


@pytest.mark.parametrize("outcome", ["DISPATCHED", "WHISTLED", "REFUSED"])
def test_listed_matter_may_still_go_elsewhere(cast: Cast, outcome: str):
    raiser, secretary = cast.resident(), cast.secretary()
    matter = raise_matter(cast, raiser)
    screen(secretary, matter, "LISTED")
    assert screen(secretary, matter, outcome, reason="已解决")["state"] == outcome


@pytest.mark.parametrize("outcome", ["SUBMITTED", "SELECTED", "DEFERRED", "listed", "", None])
def test_screen_takes_no_other_outcome(cast: Cast, outcome: str | None):
    matter = raise_matter(cast, cast.resident())
    answer = cast.secretary().post(f"/matters/{matter}/screen", {"outcome": outcome})
    assert refused_fields(answer) == ["outcome"]


def test_refusal_without_a_reason_is_refused(cast: Cast, rows: Session):
    matter = raise_matter(cast, cast.resident())
    answer = cast.secretary().post(f"/matters/{matter}/screen", {"outcome": "REFUSED"})
    assert refusal(answer) == (422, "reason_missing")
    assert rows.get_one(Matter, UUID(matter)).state is MatterState.SUBMITTED


def test_reason_is_shown_to_the_raiser_and_to_those_who_screen(cast: Cast):
    raiser, secretary = cast.resident(), cast.secretary()
    matter = raise_matter(cast, raiser)
    screen(secretary, matter, "REFUSED", reason=REASON)
    readers = {
        "raiser": raiser,
        "branch secretary": secretary,
        "community secretary": cast.community_secretary(),
        "auditor": cast.officer(Role.AUDITOR),
        "resident": cast.resident(),
        "grid worker": cast.officer(Role.GRID_WORKER),
        "property manager": cast.officer(Role.PROPERTY_MANAGER),
    }
    seen = {
        who: {
            reader.get(f"/matters/{matter}").json["reason"],
            reader.get(f"/compounds/{cast.home.id}/matters").json["items"][0]["reason"],
        }
        for who, reader in readers.items()
    }
    told = {"raiser", "branch secretary", "community secretary", "auditor"}
    assert seen == {who: {REASON} if who in told else {None} for who in readers}


@pytest.mark.parametrize(("carry_over", "may_be_listed"), [(0, True), (2, True), (3, False)])
def test_matter_carried_over_too_often_is_listed_no_more(
    cast: Cast, rows: Session, carry_over: int, may_be_listed: bool
):
    secretary = cast.secretary()
    matter_id = raise_matter(cast, cast.resident())
    matter = rows.get_one(Matter, UUID(matter_id))
    matter.state, matter.carry_over = MatterState.DEFERRED, carry_over
    rows.commit()
    answer = secretary.post(f"/matters/{matter_id}/screen", {"outcome": "LISTED"})
    if may_be_listed:
        assert answer.json["state"] == "LISTED", answer.text
    else:
        assert refusal(answer) == (409, "carried_over_too_often")


@pytest.mark.parametrize("outcome", ["DISPATCHED", "WHISTLED", "REFUSED"])
def test_matter_carried_over_too_often_may_go_elsewhere(cast: Cast, rows: Session, outcome: str):
    matter_id = raise_matter(cast, cast.resident())
    matter = rows.get_one(Matter, UUID(matter_id))
    matter.state, matter.carry_over = MatterState.DEFERRED, 3
    rows.commit()
    seen = screen(cast.secretary(), matter_id, outcome, reason="三次未入选,转办")
    assert (seen["state"], seen["carry_over"]) == (outcome, 3)
