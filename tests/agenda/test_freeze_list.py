"""Freezing the list: which matters are on it, in which order, and with what support."""

from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaItem
from app.matters.models import Matter
from tests.cast import Cast, Person, Place, stored
from tests.checks import Move, moves_of
from tests.matters.steps import endorse, raise_matter, screen


def collecting(cast: Cast, secretary: Person, compound: Place | None = None, **more: str) -> str:
    """The path of a session that collects matters."""
    path = f"/sessions/{cast.session(secretary, compound, **more)['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    return path


def freeze(secretary: Person, path: str) -> list[tuple[int, str, str]]:
    """Number, label and title of each matter on the frozen list."""
    answer = secretary.post(f"{path}/freeze-list")
    assert (answer.status_code, answer.json["state"]) == (200, "LISTED"), answer.text
    return [(item["number"], item["label"], item["title"]) for item in answer.json["matters"]]


def test_freeze_numbers_the_listed_matters_by_age(cast: Cast, rows: Session):
    secretary, raiser = cast.secretary(), cast.resident()
    path = collecting(cast, secretary)
    youngest, oldest, middle = cast.matters(secretary, raiser, ["丙", "甲", "乙"])
    ages = {oldest: 3, middle: 2, youngest: 1}
    for matter, days in ages.items():
        rows.get_one(Matter, UUID(matter)).raised_at -= timedelta(days=days)
    rows.commit()
    assert freeze(secretary, path) == [(1, "M01", "甲"), (2, "M02", "乙"), (3, "M03", "丙")]


def test_freeze_takes_only_what_the_branch_listed(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    path = collecting(cast, secretary)
    (target,) = cast.matters(secretary, raiser, ["列入"])
    raise_matter(cast, raiser, "待审")
    for outcome, more in (
        ("MERGED", {"into": target}),
        ("DISPATCHED", {}),
        ("WHISTLED", {}),
        ("REFUSED", {"reason": "重复"}),
    ):
        screen(secretary, raise_matter(cast, raiser, outcome), outcome, **more)
    stranger = cast.resident(cast.neighbour)
    body = {"title": "隔壁的事", "body": "说明", "category": "OTHER"}
    foreign = stranger.post(f"/compounds/{cast.neighbour.id}/matters", body).json["id"]
    screen(cast.secretary(cast.neighbour), foreign, "LISTED")
    assert freeze(secretary, path) == [(1, "M01", "列入")]


def test_freeze_keeps_number_and_support_of_that_moment(cast: Cast, app: Flask):
    secretary, raiser, neighbour = cast.secretary(), cast.resident(), cast.resident()
    path = collecting(cast, secretary)
    first, second = cast.matters(secretary, raiser, ["甲", "乙"])
    endorse(first, raiser, neighbour)
    endorse(second, raiser)
    before = freeze(secretary, path)

    endorse(second, neighbour)
    screen(secretary, first, "DISPATCHED")
    cast.matters(secretary, raiser, ["迟到的"])
    shown = secretary.get(path).json["matters"]
    assert [(item["number"], item["label"], item["title"]) for item in shown] == before
    assert [(item["endorsements"], item["state"]) for item in shown] == [
        (2, "DISPATCHED"),
        (1, "LISTED"),
    ]
    items = stored(app, select(AgendaItem).order_by(AgendaItem.number))
    assert [(item.matter_id, item.endorsements) for item in items] == [
        (UUID(first), 2),
        (UUID(second), 1),
    ]


def test_freeze_leaves_out_what_is_on_another_live_list(cast: Cast):
    _, compound = cast.other_community()  # alone there, so it is always its turn
    secretary, raiser = cast.secretary(compound), cast.resident(compound)
    march, april = (
        collecting(cast, secretary, compound, period=period) for period in ("2027-03", "2027-04")
    )

    def listed(title: str) -> None:
        body = {"title": title, "body": "说明", "category": "OTHER"}
        made = raiser.post(f"/compounds/{compound.id}/matters", body).json["id"]
        screen(secretary, made, "LISTED")

    listed("三月的")
    assert freeze(secretary, march) == [(1, "M01", "三月的")]
    listed("四月的")
    assert freeze(secretary, april) == [(1, "M01", "四月的")]


def test_freeze_takes_what_was_on_a_cancelled_list(cast: Cast):
    secretary, raiser = cast.secretary(), cast.resident()
    first = collecting(cast, secretary)
    cast.matters(secretary, raiser, ["甲", "乙"])
    before = freeze(secretary, first)
    assert secretary.post(f"{first}/cancel").status_code == 200
    assert freeze(secretary, collecting(cast, secretary)) == before


def test_freeze_of_nothing_is_an_empty_list(cast: Cast):
    secretary = cast.secretary()
    assert freeze(secretary, collecting(cast, secretary)) == []


def test_freeze_is_logged(cast: Cast, app: Flask):
    secretary = cast.secretary()
    path = collecting(cast, secretary)
    freeze(secretary, path)
    assert moves_of(app, path.removeprefix("/sessions/"))[-1] == Move(
        "freeze_list", "COLLECTING", "LISTED", secretary.id, None
    )
