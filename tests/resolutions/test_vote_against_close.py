"""Phone votes against the close: what was acknowledged is counted, and nothing else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.kit import locks
from app.resolutions.vote import voting
from tests.cast import Cast
from tests.checks import refusal
from tests.resolutions.stage import Stage, Travel

VOTERS = 12
SENT_BEFORE_CLOSING = (0, 3, 6, 9, 12)
PAUSE_SECONDS = 0.4


@pytest.fixture
def stage(cast: Cast, travel: Travel) -> Stage:
    stage = Stage(cast, travel, roll=VOTERS)
    stage.arrive(*stage.voters)
    return stage


def _tabled(stage: Stage, secrecy: str = "SECRET") -> dict[str, Any]:
    draft = stage.draft()
    stage.table(draft, "PHONE", secrecy)
    return draft


def _at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [call.result() for call in [threads.submit(call) for call in calls]]


def test_acknowledged_if_and_only_if_counted(stage: Stage):
    for sent_before in SENT_BEFORE_CLOSING:
        draft = _tabled(stage)
        calls: list[Callable[[], TestResponse]] = [
            lambda voter=voter, draft=draft: stage.vote(voter, draft, "YES")
            for voter in stage.voters
        ]
        calls.insert(sent_before, lambda draft=draft: stage.do(draft, "close-vote"))
        answers = _at_once(calls)
        closing = answers.pop(sent_before)
        acknowledged = sum(answer.status_code == 200 for answer in answers)
        assert closing.status_code == 200, closing.text
        assert stage.read(draft)["yes"] == acknowledged
        others = {refusal(answer) for answer in answers if answer.status_code != 200}
        assert others <= {(409, "wrong_state")}


def test_one_voter_many_times_at_once_has_one_vote(stage: Stage):
    draft = _tabled(stage)
    voter = stage.voters[0]
    answers = _at_once([lambda: stage.vote(voter, draft, "YES") for _ in range(8)])
    assert {answer.status_code for answer in answers} == {200}
    assert stage.do(draft, "close-vote").json["yes"] == 1


def _close_while_a_vote_is_stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Close after a vote has read the state and before it is stored; whether it was counted.

    The vote is named: a secret one needs its key, which the close erases.
    """
    draft = _tabled(stage, "NAMED")
    check = voting._require_attendance

    def check_and_wait(*args: Any) -> None:
        check(*args)
        time.sleep(PAUSE_SECONDS)

    monkeypatch.setattr(voting, "_require_attendance", check_and_wait)
    with ThreadPoolExecutor(1) as thread:
        vote = thread.submit(stage.vote, stage.voters[0], draft, "YES")
        time.sleep(PAUSE_SECONDS / 2)
        closed = stage.do(draft, "close-vote")
        assert vote.result().status_code == 200
    assert closed.status_code == 200, closed.text
    return bool(closed.json["yes"])


def test_close_waits_for_a_vote_under_way(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    assert _close_while_a_vote_is_stored(stage, monkeypatch)


# On SQLite a writing transaction is alone without any lock of ours.
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_without_the_lock_an_acknowledged_vote_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    """The mutant that shows that the test before would notice."""
    monkeypatch.setattr(locks, "share", lambda session, session_id: None)
    assert not _close_while_a_vote_is_stored(stage, monkeypatch)
