"""Merging a matter into another: the support of both counts, each resident once."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.matters.models import Matter, MatterState
from tests.cast import Cast, Person
from tests.checks import refusal
from tests.matters.steps import endorse, raise_matter, screen


def support(reader: Person, matter: str) -> int:
    count: int = reader.get(f"/matters/{matter}").json["endorsements"]
    return count


def test_merge_names_its_target(cast: Cast, rows: Session):
    raiser, secretary = cast.resident(), cast.secretary()
    target, matter = (raise_matter(cast, raiser, title) for title in ("车棚不足", "充电口太少"))
    seen = screen(secretary, matter, "MERGED", into=target)
    assert (seen["state"], seen["merged_into_id"]) == ("MERGED", target)
    row = rows.get_one(Matter, UUID(matter))
    assert (row.state, row.merged_into_id) == (MatterState.MERGED, UUID(target))
    assert rows.get_one(Matter, UUID(target)).state is MatterState.SUBMITTED


def test_merge_counts_who_endorsed_both_once(cast: Cast):
    people = [cast.resident() for _ in range(3)]
    secretary = cast.secretary()
    target, matter = (raise_matter(cast, people[0], title) for title in "甲乙")
    endorse(target, people[0], people[1])
    endorse(matter, people[1], people[2])
    screen(secretary, matter, "MERGED", into=target)
    assert support(people[0], target) == 3


def test_merge_of_a_target_takes_along_what_was_merged_into_it(cast: Cast, rows: Session):
    people = [cast.resident() for _ in range(4)]
    secretary = cast.secretary()
    first, second, third = (raise_matter(cast, people[0], title) for title in "甲乙丙")
    endorse(first, people[0], people[1])
    endorse(second, people[1], people[2])
    endorse(third, people[2], people[3])
    screen(secretary, first, "MERGED", into=second)
    assert support(people[0], second) == 3
    screen(secretary, second, "MERGED", into=third)
    assert support(people[0], third) == 4
    targets = rows.scalars(select(Matter.merged_into_id).order_by(Matter.id)).all()
    assert targets == [UUID(third), UUID(third), None]


def test_merged_support_is_counted_at_freezing(cast: Cast):
    people = [cast.resident() for _ in range(3)]
    secretary = cast.secretary()
    session = cast.session(secretary)
    secretary.post(f"/sessions/{session['id']}/start-collecting")
    target, matter = (raise_matter(cast, people[0], title) for title in "甲乙")
    endorse(target, people[0], people[1])
    endorse(matter, people[1], people[2])
    screen(secretary, target, "LISTED")
    screen(secretary, matter, "MERGED", into=target)
    frozen = secretary.post(f"/sessions/{session['id']}/freeze-list").json["matters"]
    assert [(listed["id"], listed["endorsements"]) for listed in frozen] == [(target, 3)]


def itself(cast: Cast, secretary: Person, matter: str) -> str:
    return matter


def nothing_known(cast: Cast, secretary: Person, matter: str) -> str:
    return str(uuid4())


def refused_one(cast: Cast, secretary: Person, matter: str) -> str:
    other = raise_matter(cast, cast.resident(), "另一件")
    screen(secretary, other, "REFUSED", reason="重复")
    return other


def merged_one(cast: Cast, secretary: Person, matter: str) -> str:
    raiser = cast.resident()
    target, other = (raise_matter(cast, raiser, title) for title in "甲乙")
    screen(secretary, other, "MERGED", into=target)
    return other


def foreign_one(cast: Cast, secretary: Person, matter: str) -> str:
    stranger = cast.resident(cast.neighbour)
    body = {"title": "隔壁的事", "body": "说明", "category": "OTHER"}
    made: str = stranger.post(f"/compounds/{cast.neighbour.id}/matters", body).json["id"]
    return made


@pytest.mark.parametrize("target", [itself, nothing_known, refused_one, merged_one, foreign_one])
def test_merge_into_what_cannot_be_is_refused(
    cast: Cast, rows: Session, target: Callable[[Cast, Person, str], str]
):
    secretary = cast.secretary()
    matter = raise_matter(cast, cast.resident())
    body = {"outcome": "MERGED", "into": target(cast, secretary, matter)}
    answer = secretary.post(f"/matters/{matter}/screen", body)
    assert refusal(answer) == (422, "invalid_merge_target")
    row = rows.get_one(Matter, UUID(matter))
    assert (row.state, row.merged_into_id) == (MatterState.SUBMITTED, None)


@pytest.mark.parametrize("outcome", ["MERGED", "LISTED", "DISPATCHED"])
def test_target_is_named_for_a_merge_and_for_nothing_else(cast: Cast, outcome: str):
    raiser, secretary = cast.resident(), cast.secretary()
    target, matter = (raise_matter(cast, raiser, title) for title in "甲乙")
    body = {"outcome": outcome, "into": None if outcome == "MERGED" else target}
    answer = secretary.post(f"/matters/{matter}/screen", body)
    assert refusal(answer)[0] == 422
