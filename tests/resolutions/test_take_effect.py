"""A resolution takes effect by the clock, when its notice has ended and no objection is open."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.board.models import NoticeKind, PublicNotice
from app.kit.extensions import db
from app.messages.models import InboxMessage, MessageKind
from app.resolutions.models import Resolution, ResolutionState
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.resolutions.stage import (
    LAST_MOMENT,
    TERM_END,
    Stage,
    Travel,
    body_of,
    supersede,
)

ANSWER = {"answer": "已采纳"}


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    return Stage(cast, travel)


@pytest.fixture
def noticed(stage: Stage) -> dict[str, Any]:
    return stage.noticed()


def _states(app: Flask) -> list[str]:
    """What the rows say, without a request that would catch up first."""
    states: list[str] = stored(app, select(Resolution.state))
    return states


def test_unanswered_objection_holds_the_effect(stage: Stage, noticed: dict[str, Any]):
    first, second = (body_of(stage.object_to(noticed, v), 201) for v in stage.voters[:2])
    body_of(stage.secretary.post(f"/objections/{first['id']}/answer", ANSWER))
    stage.go(TERM_END)
    assert stage.read(noticed)["state"] == "NOTICED"
    stage.go("2026-04-09T15:00:00+08:00")
    answered = body_of(stage.secretary.post(f"/objections/{second['id']}/answer", ANSWER))
    effective = stage.read(noticed)
    assert effective["state"] == "EFFECTIVE"
    assert effective["effective_at"] == answered["answered_at"]


def test_objections_answered_in_the_term_do_not_hold_it(stage: Stage, noticed: dict[str, Any]):
    objection = body_of(stage.object_to(noticed, stage.voters[0]), 201)
    body_of(stage.secretary.post(f"/objections/{objection['id']}/answer", ANSWER))
    stage.go("2026-05-01T00:00:00+08:00")
    assert stage.read(noticed)["effective_at"] == TERM_END  # not the time of the first look


def test_objection_at_the_last_moment_holds_it(stage: Stage, noticed: dict[str, Any]):
    stage.go(LAST_MOMENT)
    body_of(stage.object_to(noticed, stage.voters[0]), 201)
    stage.go(TERM_END)
    assert stage.read(noticed)["state"] == "NOTICED"


READS = [
    "/resolutions/{id}",
    "/sessions/{session_id}/resolutions",
    "/notices/{notice_id}/objections",
]


def test_every_read_about_it_catches_up(cast: Cast, travel: Travel, stage: Stage):
    noticed = stage.noticed()
    boards = [
        f"/board/compounds/{cast.home.id}",
        f"/board/communities/{cast.community.id}",
        f"/board/subdistricts/{cast.subdistrict.id}",
    ]
    paths = [path.format_map(noticed) for path in READS] + [
        f"{board}/feed.json" for board in boards
    ]
    stage.go(TERM_END)
    found = {}
    for path in paths:
        _back_to_noticed(cast)
        body_of(stage.secretary.get(path))
        found[path] = _states(cast.app)
    assert found == {path: ["EFFECTIVE"] for path in paths}


def _back_to_noticed(cast: Cast) -> None:
    """Undo the effect in the rows, so that the next read has it to do again."""
    with cast.app.app_context():
        db.session.execute(
            delete(InboxMessage).where(InboxMessage.kind == MessageKind.RESOLUTION_EFFECTIVE)
        )
        db.session.execute(
            delete(PublicNotice).where(PublicNotice.kind == NoticeKind.RESOLUTION_EFFECTIVE)
        )
        db.session.execute(
            update(Resolution).values(state=ResolutionState.NOTICED, effective_at=None)
        )
        db.session.commit()


def test_command_puts_in_force_what_nobody_touched(
    app: Flask, stage: Stage, noticed: dict[str, Any]
):
    run = app.test_cli_runner().invoke
    stage.go(LAST_MOMENT)
    assert "resolutions" not in run(args=["finalise"]).output
    stage.go(TERM_END)
    done = run(args=["finalise"])
    assert (done.exit_code, done.output) == (0, "已生效 1 项决议 · resolutions in force: 1\n")
    assert _states(app) == ["EFFECTIVE"]
    assert run(args=["finalise"]).output == ""


def test_it_takes_effect_once(cast: Cast, stage: Stage, noticed: dict[str, Any]):
    stage.go(TERM_END)
    first = stage.read(noticed)
    assert stage.read(noticed) == first
    assert len(stage.notices("RESOLUTION_EFFECTIVE")) == 1
    assert [move.verb for move in moves_of(cast.app, noticed["id"])].count("take_effect") == 1


def test_newer_resolution_supersedes_the_older_one(
    cast: Cast, stage: Stage, noticed: dict[str, Any]
):
    stage.go(TERM_END)
    older = stage.read(noticed)
    assert (older["state"], older["superseded_by_id"]) == ("EFFECTIVE", None)
    newer = supersede(stage, older)
    assert (newer["state"], newer["supersedes_id"]) == ("EFFECTIVE", older["id"])
    older = stage.read(older)
    assert (older["state"], older["superseded_by_id"]) == ("SUPERSEDED", newer["id"])
    listed = body_of(stage.secretary.get(f"{stage.path}/resolutions"))["items"]
    assert listed == [older, newer]
    item, _ = stage.notices("RESOLUTION_EFFECTIVE")
    assert f"决议1「{older['title']}」同时废止" in item["content_text"]
    last = moves_of(cast.app, older["id"])[-1]
    assert (last.verb, last.by, last.reason) == ("be_superseded", None, newer["id"])


def test_resolution_has_one_successor_at_a_time(stage: Stage, noticed: dict[str, Any]):
    stage.go(TERM_END)
    first = stage.draft(matter=1, supersedes_id=noticed["id"])
    words = stage.words(2, supersedes_id=noticed["id"])
    second = stage.secretary.post(f"{stage.path}/resolutions", words)
    assert refusal(second) == (409, "superseded_already")
    third = stage.draft(matter=2)
    del words["matter_id"]
    revised = stage.secretary.put(f"/resolutions/{third['id']}", words)
    assert refusal(revised) == (409, "superseded_already")
    body_of(stage.do(first, "shelve", reason="不再需要"))
    assert stage.draft(matter=2, supersedes_id=noticed["id"])["supersedes_id"] == noticed["id"]


@pytest.mark.parametrize("kind", ["RESOLUTION_NOTICED", "RESOLUTION_EFFECTIVE"])
def test_notice_of_a_resolution_is_not_withdrawn(stage: Stage, noticed: dict[str, Any], kind: str):
    stage.go(TERM_END)
    (item,) = stage.notices(kind)
    path = f"/notices/{item['id'].removeprefix('urn:uuid:')}/withdraw"
    answer = stage.secretary.post(path, {"reason": "写错"})
    assert refusal(answer) == (409, "result_is_final")
