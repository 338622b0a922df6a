"""The key of a secret vote on a resolution is lost: the vote is void and may be held again."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as RowSession

from app.ballots.keys.folder import FolderKeyStore
from app.ballots.keys.store import KeyUnavailable
from app.board.models import NoticeKind, PublicNotice
from app.resolutions.models import Resolution, ResolutionVoteCast
from tests.cast import Cast, stored
from tests.checks import moves_of, refusal
from tests.resolutions.stage import BEGIN, Stage, Travel, body_of

LATER = datetime.fromisoformat(BEGIN) + timedelta(minutes=40)


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    stage = Stage(cast, travel)
    stage.arrive(*stage.voters)
    return stage


@pytest.fixture
def tabled(stage: Stage) -> dict[str, Any]:
    """A resolution on which somebody has voted secretly."""
    draft = stage.draft()
    stage.table(draft, "PHONE", "SECRET")
    body_of(stage.vote(stage.voters[0], draft, "YES"))
    return draft


def finalise(cast: Cast, *, is_whole: bool = True) -> None:
    done = cast.app.test_cli_runner().invoke(args=["finalise"])
    assert (done.exit_code == 0) is is_whole, done.output


def lose(cast: Cast, stage: Stage, resolution: dict[str, Any]) -> None:
    """Take the key away and let the patience pass."""
    cast.app.extensions["keys"].erase(UUID(resolution["id"]))
    finalise(cast)
    stage.go(LATER.isoformat())
    finalise(cast)


def test_vote_stands_still_while_the_key_is_missing(
    cast: Cast, stage: Stage, tabled: dict[str, Any]
):
    keys = cast.app.extensions["keys"]
    key = keys.find(UUID(tabled["id"]))
    keys.erase(UUID(tabled["id"]))
    for answer in (stage.vote(stage.voters[1], tabled, "NO"), stage.do(tabled, "close-vote")):
        assert refusal(answer) == (503, "voting_key_missing")
    assert stage.read(tabled)["state"] == "TABLED"
    keys.keep(UUID(tabled["id"]), key)
    finalise(cast)
    assert stored(cast.app, select(Resolution.key_missing_since)) == [None]
    body_of(stage.vote(stage.voters[1], tabled, "NO"))
    assert body_of(stage.do(tabled, "close-vote"))["state"] in ("PASSED", "FAILED")


@pytest.mark.parametrize("who", ["finaliser", "voter"])
def test_lost_key_voids_the_vote(cast: Cast, stage: Stage, tabled: dict[str, Any], who: str):
    cast.app.extensions["keys"].erase(UUID(tabled["id"]))
    stage.vote(stage.voters[1], tabled, "NO")
    stage.go(LATER.isoformat())
    if who == "finaliser":
        finalise(cast)
    assert refusal(stage.vote(stage.voters[1], tabled, "NO")) == (409, "vote_void")
    assert stage.read(tabled)["state"] == "VOID"
    assert stored(cast.app, select(ResolutionVoteCast)) == []
    moves = [(move.verb, move.to_state) for move in moves_of(cast.app, tabled["id"])]
    assert moves[-2:] == [("miss_key", "TABLED"), ("void", "VOID")]


def test_void_vote_is_held_again_at_the_same_table(
    cast: Cast, stage: Stage, tabled: dict[str, Any]
):
    lose(cast, stage, tabled)
    for write in ("close-vote", "count"):
        body = {"yes": 1, "no": 0, "abstain": 0} if write == "count" else {}
        assert refusal(stage.do(tabled, write, **body)) == (409, "vote_void")
    stage.table(tabled, "PHONE", "SECRET")
    for voter in stage.voters:
        body_of(stage.vote(voter, tabled, "YES"))
    closed = body_of(stage.do(tabled, "close-vote"))
    assert (closed["state"], closed["yes"]) == ("PASSED", 3)


def test_board_says_so_each_time(cast: Cast, stage: Stage, tabled: dict[str, Any]):
    lose(cast, stage, tabled)
    stage.table(tabled, "PHONE", "SECRET")
    cast.app.extensions["keys"].erase(UUID(tabled["id"]))
    finalise(cast)
    stage.go((LATER + timedelta(minutes=40)).isoformat())
    finalise(cast)
    told = stored(
        cast.app,
        select(PublicNotice).where(PublicNotice.kind == NoticeKind.RESOLUTION_VOTE_VOID),
    )
    assert [notice.data["attempt"] for notice in told] == [1, 2]
    assert {notice.data["resolution_id"] for notice in told} == {tabled["id"]}
    for notice in told:
        assert "作废" in notice.title
        assert "once more" in (notice.text_en or "")


def test_end_of_the_meeting_shelves_what_was_not_held_again(
    cast: Cast, stage: Stage, tabled: dict[str, Any]
):
    lose(cast, stage, tabled)
    body_of(stage.secretary.post(f"{stage.path}/conclude-meeting"))
    assert stage.read(tabled)["state"] == "SHELVED"


def test_store_that_is_not_ours_voids_nothing(
    cast: Cast,
    stage: Stage,
    tabled: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(cast.app.extensions, "keys", FolderKeyStore(tmp_path / "empty"))
    finalise(cast, is_whole=False)
    stage.go(LATER.isoformat())
    finalise(cast, is_whole=False)
    assert refusal(stage.vote(stage.voters[1], tabled, "NO")) == (503, "wrong_key_store")
    assert stage.read(tabled)["state"] == "TABLED"
    assert stored(cast.app, select(Resolution.key_missing_since)) == [None]


def test_named_votes_need_no_key(
    cast: Cast, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    draft = stage.draft()
    monkeypatch.setitem(cast.app.extensions, "keys", FolderKeyStore(tmp_path / "empty"))
    stage.table(draft, "PHONE", "NAMED")
    for voter in stage.voters:
        body_of(stage.vote(voter, draft, "YES"))
    assert body_of(stage.do(draft, "close-vote"))["state"] == "PASSED"


def test_commit_that_fails_leaves_the_key(
    cast: Cast, stage: Stage, tabled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """The vote is still open then, and without its key it could never be closed."""
    keys, resolution_id = cast.app.extensions["keys"], UUID(tabled["id"])
    for verb, body in (("close-vote", {}), ("shelve", {"reason": "下月再议"})):
        with monkeypatch.context() as broken:
            failure = OperationalError("COMMIT", None, Exception())
            broken.setattr(RowSession, "commit", lambda session, failure=failure: _fail(failure))
            assert stage.do(tabled, verb, **body).status_code == 503
        assert keys.find(resolution_id) is not None
        assert stage.read(tabled)["state"] == "TABLED"
    body_of(stage.do(tabled, "close-vote"))
    assert keys.find(resolution_id) is None


def _fail(failure: Exception) -> None:
    raise failure


def test_key_that_could_not_be_erased_is_erased_later(
    cast: Cast, stage: Stage, tabled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    keys, resolution_id = cast.app.extensions["keys"], UUID(tabled["id"])
    with monkeypatch.context() as away:
        away.setattr(type(keys), "erase", lambda store, owner: _fail(KeyUnavailable()))
        body_of(stage.do(tabled, "close-vote"))
    assert keys.find(resolution_id) is not None
    finalise(cast)
    assert keys.find(resolution_id) is None
