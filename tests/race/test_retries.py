"""Lost answers, late retries, and ballots changed elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.ballots.models import Ballot, BallotCommitment, SealedCommitment
from tests.cast import Cast, Person, ballot, stored

FIRST, SECOND = "11" * 16, "22" * 16


@pytest.fixture
def voter(cast: Cast) -> Person:
    return cast.resident()


@pytest.fixture
def secretary(cast: Cast) -> Person:
    return cast.secretary()


@pytest.fixture
def vote(cast: Cast, secretary: Person, voter: Person) -> tuple[str, list[str]]:
    """The path of an open session, and its matters."""
    session, matters = cast.open_session(secretary, voter)
    return f"/sessions/{session['id']}", matters


def test_late_retry_gets_its_old_answer_and_changes_nothing(
    app: Flask, voter: Person, vote: tuple[str, list[str]]
):
    path, (a, b, c) = vote
    first = ballot(a, b, c) | {"nonce": FIRST}
    second = ballot(c, b, a) | {"nonce": SECOND}
    old = voter.put(f"{path}/ballot", first)
    new = voter.put(f"{path}/ballot", second)
    assert [old.json["version"], new.json["version"]] == [1, 2]
    late = voter.put(f"{path}/ballot", first)
    assert (late.status_code, late.json) == (200, old.json)
    assert voter.get(f"{path}/ballot").json == new.json
    assert stored(app, select(Ballot.version)) == [2]
    assert len(stored(app, select(BallotCommitment))) == 2


def test_late_retry_may_expect_the_version_it_once_saw(voter: Person, vote: tuple[str, list[str]]):
    path, (a, b, c) = vote
    first = ballot(a, b, c) | {"nonce": FIRST, "expected_version": 0}
    old = voter.put(f"{path}/ballot", first)
    voter.put(f"{path}/ballot", ballot(c, b, a) | {"nonce": SECOND, "expected_version": 1})
    assert voter.put(f"{path}/ballot", first).json == old.json


def test_retry_after_closing_gets_the_same_receipt(
    app: Flask, secretary: Person, voter: Person, vote: tuple[str, list[str]]
):
    path, matters = vote
    body = ballot(*matters) | {"nonce": FIRST}
    receipt = voter.put(f"{path}/ballot", body)
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    retry = voter.put(f"{path}/ballot", body)
    assert (retry.status_code, retry.json) == (200, receipt.json)
    late = voter.put(f"{path}/ballot", body | {"nonce": SECOND})
    assert (late.status_code, late.json["code"]) == (409, "wrong_state")
    assert len(stored(app, select(SealedCommitment))) == 1


def test_retry_after_the_clock_has_closed_gets_the_same_receipt(
    voter: Person,
    cast: Cast,
    secretary: Person,
    travel: Callable[[str | datetime], None],
):
    session, matters = cast.open_session(secretary, voter)
    path, body = f"/sessions/{session['id']}", ballot(*matters) | {"nonce": FIRST}
    receipt = voter.put(f"{path}/ballot", body)
    travel(datetime.fromisoformat(session["voting_closes_at"]))
    retry = cast.logged_in_anew(voter).put(f"{path}/ballot", body)
    assert (retry.status_code, retry.json) == (200, receipt.json)


@pytest.mark.parametrize(
    ("casts_before", "expected", "status"),
    [(0, 0, 200), (0, 1, 409), (1, 0, 409), (1, 1, 200), (2, 1, 409), (2, 2, 200), (1, None, 200)],
)
def test_expected_version_refuses_a_blind_overwrite(
    voter: Person,
    vote: tuple[str, list[str]],
    casts_before: int,
    expected: int | None,
    status: int,
):
    path, (a, b, c) = vote
    for i in range(casts_before):
        before = voter.put(f"{path}/ballot", ballot(a, b, c) | {"nonce": f"{i:032x}"})
    body = ballot(c, b, a) | {"nonce": SECOND, "expected_version": expected}
    if expected is None:
        del body["expected_version"]
    answer = voter.put(f"{path}/ballot", body)
    assert answer.status_code == status
    if status == 409:
        assert answer.json["code"] == "version_conflict"
        live: Any = voter.get(f"{path}/ballot")
        assert live.status_code == (200 if casts_before else 404)
        assert not casts_before or live.json == before.json
    else:
        assert answer.json["version"] == casts_before + 1


def test_two_phones_of_one_voter_that_saw_the_same_version(
    voter: Person, vote: tuple[str, list[str]]
):
    path, (a, b, _) = vote
    one = voter.put(f"{path}/ballot", ballot(a) | {"nonce": FIRST, "expected_version": 0})
    other = voter.put(f"{path}/ballot", ballot(b) | {"nonce": SECOND, "expected_version": 0})
    assert [one.status_code, other.status_code] == [200, 409]
    assert voter.get(f"{path}/ballot").json == one.json


def test_cast_without_a_nonce_gets_one_that_makes_retries_safe(
    voter: Person, vote: tuple[str, list[str]]
):
    path, matters = vote
    receipt = voter.put(f"{path}/ballot", ballot(*matters)).json
    body = ballot(*matters) | {"nonce": receipt["nonce"]}
    assert voter.put(f"{path}/ballot", body).json == receipt


def test_order_of_marks_in_a_retry_does_not_matter(voter: Person, vote: tuple[str, list[str]]):
    path, matters = vote
    body = ballot(*matters) | {"nonce": FIRST}
    receipt = voter.put(f"{path}/ballot", body).json
    body["marks"].reverse()
    assert voter.put(f"{path}/ballot", body).json == receipt


def test_nonce_of_another_voter_is_refused(
    cast: Cast, secretary: Person, voter: Person, vote: tuple[str, list[str]]
):
    path, matters = vote
    neighbour = cast.resident(name="邻居")
    body = ballot(*matters) | {"nonce": FIRST}
    assert voter.put(f"{path}/ballot", body).status_code == 200
    answer = neighbour.put(f"{path}/ballot", body)
    assert (answer.status_code, answer.json["code"]) == (409, "nonce_reused")
    assert neighbour.put(f"{path}/ballot", body | {"nonce": SECOND}).status_code == 200
