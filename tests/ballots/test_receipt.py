"""The receipt of a cast, checked by somebody who trusts nothing but the public key."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.ballots.models import BallotMark
from tests.cast import Cast, Person, ballot, stored
from votes.ballot import Mark, PriorityBallot
from votes.receipt import commitment, promise_message, trackers

NONCE = "00112233445566778899aabbccddeeff"


def operator_key(client: FlaskClient) -> Ed25519PublicKey:
    answer = client.get("/api/v1/operator-key")
    assert answer.json["algorithm"] == "Ed25519"
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(answer.json["public_key"]))


def as_ballot(receipt: dict[str, Any]) -> PriorityBallot:
    return PriorityBallot(
        tuple(Mark(mark["weight"], mark["matter_id"]) for mark in receipt["marks"])
    )


def check(client: FlaskClient, session_id: str, receipt: dict[str, Any]) -> None:
    """Raises InvalidSignature unless the receipt's promise holds for its own ballot."""
    committed = commitment(bytes.fromhex(receipt["nonce"]), session_id, as_ballot(receipt))
    assert committed.hex() == receipt["commitment"]
    message = promise_message(session_id, committed, receipt["version"])
    operator_key(client).verify(bytes.fromhex(receipt["promise"]), message)


@pytest.fixture
def voter(cast: Cast) -> Person:
    return cast.resident()


@pytest.fixture
def opened(cast: Cast, voter: Person) -> tuple[str, list[str]]:
    """The id of an open session, and its matters."""
    session, matters = cast.open_session(cast.secretary(), voter)
    return session["id"], matters


@pytest.mark.parametrize("choice", [(0, 1, 2), (2,), (None, 0), ()], ids=str)
def test_receipt_holds_for_the_ballot(
    opened: tuple[str, list[str]],
    voter: Person,
    client: FlaskClient,
    choice: tuple[int | None, ...],
):
    session_id, matters = opened
    chosen = [None if index is None else matters[index] for index in choice]
    path = f"/sessions/{session_id}/ballot"
    for version in (1, 2):
        receipt = voter.put(path, ballot(*chosen)).json
        assert receipt["version"] == version
        check(client, session_id, receipt)
    check(client, session_id, voter.get(path).json)


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", 2), ("promise", "00" * 64), ("session", "0198c0de-0000-7000-8000-000000000001")],
)
def test_receipt_that_was_changed_does_not_hold(
    opened: tuple[str, list[str]],
    voter: Person,
    client: FlaskClient,
    field: str,
    value: object,
):
    session_id, matters = opened
    receipt = voter.put(f"/sessions/{session_id}/ballot", ballot(*matters)).json
    committed = bytes.fromhex(receipt["commitment"])
    told = {**receipt, "session": session_id, field: value}
    message = promise_message(told["session"], committed, told["version"])
    with pytest.raises(InvalidSignature):
        operator_key(client).verify(bytes.fromhex(told["promise"]), message)


@pytest.mark.parametrize("word", ["", "桂花香", "e\u0301t\u00e9"])
def test_marks_lie_under_the_voters_own_trackers(
    opened: tuple[str, list[str]], voter: Person, app: Flask, word: str
):
    session_id, matters = opened
    more = {"word": word} if word else {}
    body = {**ballot(*matters), "nonce": NONCE, **more}
    receipt = voter.put(f"/sessions/{session_id}/ballot", body).json
    expected = trackers(bytes.fromhex(NONCE), session_id, as_ballot(receipt), word)
    marks = stored(app, select(BallotMark).order_by(BallotMark.weight.desc()))
    assert tuple(mark.tracker for mark in marks) == expected
    assert len(set(expected)) == 3


def test_word_changes_the_trackers_and_not_the_commitment(
    cast: Cast, opened: tuple[str, list[str]], voter: Person, app: Flask
):
    """So that a false page cannot fix one nonce for two voters and go unseen."""
    session_id, matters = opened
    path = f"/sessions/{session_id}/ballot"
    plain = commitment(bytes.fromhex(NONCE), session_id, as_ballot(ballot(*matters))).hex()
    body = {**ballot(*matters), "nonce": NONCE, "word": "桂花香"}
    assert voter.put(path, body).json["commitment"] == plain
    without = trackers(bytes.fromhex(NONCE), session_id, as_ballot(ballot(*matters)))
    assert not set(without) & {mark.tracker for mark in stored(app, select(BallotMark))}
