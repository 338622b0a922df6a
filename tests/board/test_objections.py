"""Objections to a notice: in its term only, by those who live there, each answered once."""

from typing import Any

import pytest
from sqlalchemy import select

from app.board.models import Objection
from app.people.models import Relation, Role
from tests.cast import Cast, stored
from tests.checks import counted, moves_of, refusal, refused_fields
from tests.resolutions.stage import LAST_MOMENT, TERM_END, Stage, Travel, body_of

ANSWER = {"answer": "采纳：看望老人的登记后可停一天。"}


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


@pytest.fixture
def noticed(stage: Stage) -> dict[str, Any]:
    """A resolution whose notice stands from 2026-03-30 to 2026-04-07 24:00."""
    return stage.noticed()


def _list(stage: Stage, noticed: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/notices/{noticed['notice_id']}/objections"
    items: list[dict[str, Any]] = body_of(stage.secretary.get(path))["items"]
    return items


def test_objection_is_shown_masked_and_due_in_three_working_days(
    cast: Cast, stage: Stage, noticed: dict[str, Any]
):
    tenant = cast.resident(name="欧阳小红", relation=Relation.TENANT)
    made = body_of(stage.object_to(noticed, tenant, "限时两小时太短"), 201)
    # Raised on Monday 03-30: counted are 03-31, 04-01 and 04-02.
    assert made["answer_due_at"] == "2026-04-03T00:00:00+08:00"
    assert (made["objector"], made["is_mine"], made["answer"]) == ("欧○○○", True, None)
    (seen,) = _list(stage, noticed)
    assert seen == {**made, "is_mine": False}


@pytest.mark.parametrize(("at", "outcome"), [(LAST_MOMENT, 201), (TERM_END, "objection_term_over")])
def test_term_ends_at_its_last_midnight(
    stage: Stage, noticed: dict[str, Any], at: str, outcome: int | str
):
    stage.go(at)
    answer = stage.object_to(noticed, stage.voters[0])
    if outcome == 201:
        body_of(answer, 201)
    else:
        assert refusal(answer) == (409, outcome)
        assert _list(stage, noticed) == []


def test_notice_without_a_term_takes_none(stage: Stage):
    (item,) = stage.notices("TALLIED")
    assert item["_yueyuetan"]["term_ends_at"] is None
    notice = {"notice_id": item["id"].removeprefix("urn:uuid:")}
    assert refusal(stage.object_to(notice, stage.voters[0])) == (409, "takes_no_objections")


def test_objection_is_answered_once(cast: Cast, stage: Stage, noticed: dict[str, Any]):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    path = f"/objections/{objection['id']}/answer"
    answered = body_of(stage.secretary.post(path, ANSWER))
    assert answered["answer"] == ANSWER["answer"]
    assert refusal(stage.secretary.post(path, {"answer": "改口"})) == (409, "wrong_state")
    (seen,) = _list(stage, noticed)
    assert (seen["answer"], seen["answered_at"]) == (answered["answer"], answered["answered_at"])
    moves = [move[:4] for move in moves_of(cast.app, objection["id"])]
    assert moves == [
        ("raise", None, "RAISED", stage.voters[0].id),
        ("answer", "RAISED", "ANSWERED", stage.secretary.id),
    ]


def test_overdue_answer_is_taken(stage: Stage, noticed: dict[str, Any]):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    stage.go("2026-06-01T00:00:00+08:00")
    body_of(stage.secretary.post(f"/objections/{objection['id']}/answer", ANSWER))


def test_only_who_lives_there_objects_and_only_the_branch_answers(
    cast: Cast, stage: Stage, noticed: dict[str, Any]
):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    path = f"/objections/{objection['id']}/answer"
    found = {}
    for role in Role:
        if role in (Role.RESIDENT, Role.OWNER, Role.BRANCH_SECRETARY):
            continue
        officer = cast.officer(role)
        found[role] = (
            refusal(stage.object_to(noticed, officer)),
            refusal(officer.post(path, ANSWER)),
            officer.get(f"/notices/{noticed['notice_id']}/objections").status_code,
        )
    forbidden = (403, "forbidden")
    assert set(found.values()) == {(forbidden, forbidden, 200)}
    assert refusal(stage.object_to(noticed, stage.secretary)) == forbidden
    assert refusal(stage.voters[0].post(path, ANSWER)) == forbidden


def test_other_compounds_see_nothing(cast: Cast, stage: Stage, noticed: dict[str, Any]):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    neighbour, secretary = cast.resident(cast.neighbour), cast.secretary(cast.neighbour)
    notice = f"/notices/{noticed['notice_id']}/objections"
    answers = [
        neighbour.post(notice, {"text": "太晚"}),
        neighbour.get(notice),
        secretary.post(f"/objections/{objection['id']}/answer", ANSWER),
        stage.voters[0].post(f"/notices/{objection['id']}/objections", {"text": "太晚"}),
        stage.secretary.post(f"/objections/{noticed['notice_id']}/answer", ANSWER),
    ]
    assert {refusal(answer) for answer in answers} == {(404, "not_found")}


def test_same_key_objects_once(cast: Cast, stage: Stage, noticed: dict[str, Any]):
    path, headers = f"/notices/{noticed['notice_id']}/objections", {"Idempotency-Key": "once"}
    first, again = (stage.voters[0].post(path, {"text": "太晚"}, headers=headers) for _ in range(2))
    assert body_of(first, 201) == body_of(again, 201)
    assert len(stored(cast.app, select(Objection))) == 1


def test_ugly_objections_and_answers_are_refused(stage: Stage, noticed: dict[str, Any]):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    path = f"/notices/{noticed['notice_id']}/objections"
    ugly: list[Any] = [None, "", " \n", "\x00", 1, ["太晚"]]
    for text in (*ugly, "长" * 1001):
        assert refused_fields(stage.voters[0].post(path, {"text": text})) == ["text"]
    for text in (*ugly, "长" * 2001):
        answer = stage.secretary.post(f"/objections/{objection['id']}/answer", {"answer": text})
        assert refused_fields(answer) == ["answer"]


def test_feed_counts_objections_and_changes_with_each(
    cast: Cast, stage: Stage, noticed: dict[str, Any]
):
    path = f"/board/compounds/{cast.home.id}/feed.json"

    def look() -> tuple[int, int, str]:
        answer = stage.secretary.get(path)
        extension = answer.json["items"][0]["_yueyuetan"]
        return (
            extension["objections_raised"],
            extension["objections_answered"],
            answer.headers["ETag"],
        )

    found = [look()]
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    found.append(look())
    body_of(stage.secretary.post(f"/objections/{objection['id']}/answer", ANSWER))
    found.append(look())
    assert [each[:2] for each in found] == [(0, 0), (1, 0), (1, 1)]
    assert len({each[2] for each in found}) == 3
    unchanged = stage.secretary.get(path, headers={"If-None-Match": found[-1][2]})
    assert unchanged.status_code == 304


def test_list_makes_as_many_queries_for_thirty_as_for_three(
    cast: Cast, stage: Stage, noticed: dict[str, Any]
):
    path = f"/notices/{noticed['notice_id']}/objections"
    sizes = []
    for wanted in (3, 30):
        while len(_list(stage, noticed)) < wanted:
            body_of(stage.object_to(noticed, cast.resident()), 201)
        with counted(cast.app) as sent:
            items = body_of(stage.secretary.get(path))["items"]
        sizes.append((len(items), len(sent)))
    assert sizes == [(3, 4), (30, 4)]
