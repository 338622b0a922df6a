"""Closing seals: the bundle can be recounted by anybody, and no row leads from voter to marks."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, delete, select, text

from app.ballots import sealing
from app.ballots.keys.store import KeyStore
from app.ballots.models import (
    Ballot,
    BallotCommitment,
    BallotMark,
    SealedCommitment,
    SessionBundle,
)
from app.config import Settings
from app.kit.extensions import db
from app.kit.web.api import PREFIX
from tests.cast import Cast, Person, ballot, stored
from tests.checks import counted, refusal
from votes.bundle import canonical_json
from votes.verify import verify_bundle, verify_file

LIVE = (BallotMark, Ballot, BallotCommitment)


class Vote:
    """A vote of five residents on three matters; one ballot is replaced, one is blank."""

    def __init__(self, cast: Cast, **changes: Any) -> None:
        self.secretary = cast.secretary()
        self.voters = [cast.resident(name=f"居民{i}") for i in range(6)]
        session, (a, b, c) = cast.open_session(self.secretary, self.voters[0], **changes)
        self.id, self.matters, self.closes_at = (
            session["id"],
            [a, b, c],
            session["voting_closes_at"],
        )
        self.path = f"/sessions/{self.id}"
        self.replaced = self.cast(0, ballot(c, b, a))
        marks = [(a, b, c), (b, a), (a,), (), (c, None, a)]
        self.receipts = [self.cast(i, ballot(*mine)) for i, mine in enumerate(marks)]

    def cast(self, voter: int, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.voters[voter].put(f"{self.path}/ballot", body)
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json
        return receipt

    def close(self) -> None:
        answer = self.secretary.post(f"{self.path}/close-voting")
        assert (answer.status_code, answer.json["state"]) == (200, "TALLIED"), answer.text

    def bundle(self, client: FlaskClient, **headers: str) -> Any:
        """The published file, read by somebody without a token."""
        return client.get(f"{PREFIX}{self.path}/bundle.json", headers=headers)

    def notice(self, kind: str) -> dict[str, Any]:
        compound = self.secretary.get(self.path).json["compound_id"]
        items = self.secretary.get(f"/board/compounds/{compound}/feed.json").json["items"]
        (found,) = (item for item in items if item["_yueyuetan"]["kind"] == kind)
        data: dict[str, Any] = found
        return data


@pytest.fixture
def vote(cast: Cast) -> Vote:
    return Vote(cast)


def wrong(checks: Any) -> list[str]:
    return [check.name for check in checks if not check.ok]


def test_anybody_recounts_the_bundle_and_every_voter_finds_the_receipt(
    vote: Vote, client: FlaskClient
):
    vote.close()
    answer = vote.bundle(client)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    notice = vote.notice("TALLIED")
    root = notice["_yueyuetan"]["data"]["bundle_root"]
    assert root in notice["content_text"]
    bundle = answer.json
    for receipt in vote.receipts:
        assert wrong(verify_file(answer.data, {**receipt, "session_id": vote.id}, root)) == []
    assert wrong(verify_bundle(bundle, vote.replaced)) == ["receipt_marks"]
    assert (bundle["roll"]["size"], bundle["participation"]) == (6, {"PHONE": 5, "PAPER": 0})
    assert (bundle["blank"], len(bundle["commitments"])) == (1, 6)
    result = vote.secretary.get(f"{vote.path}/result").json
    rows = [(row["matter_id"], row["score"]) for row in result["rows"]]
    assert rows == [(row["matter_id"], row["score"]) for row in bundle["result"]["rows"]]
    opening = vote.notice("VOTING_OPENED")["_yueyuetan"]["data"]
    assert opening["rules_hash"] == bundle["manifest"]["rules_hash"]
    roll = sealing.roll_root(voter.id for voter in vote.voters)
    assert opening["roll_root"] == bundle["roll"]["root"] == roll.hex()


def test_altered_bundle_does_not_hold(vote: Vote, client: FlaskClient):
    vote.close()
    raw = vote.bundle(client).data
    root = json.loads(raw)["root"]
    bundle = json.loads(raw)
    mark = bundle["picks"][0]["marks"][0]
    mark[1] = next(matter for matter in vote.matters if matter != mark[1])
    assert "recount" in wrong(verify_bundle(bundle, root=root))
    assert "earlier_root" in wrong(verify_bundle(bundle, root=root))


def test_nothing_that_leads_to_a_voter_is_left(
    vote: Vote, app: Flask, cast: Cast, engine_name: str
):
    keys: KeyStore = app.extensions["keys"]
    slots = {keys.slot(UUID(vote.id), voter.id, None) for voter in vote.voters}
    nonces = {bytes.fromhex(receipt["nonce"]) for receipt in vote.receipts}
    assert set(stored(app, select(Ballot.slot))) <= slots
    vote.close()
    assert [stored(app, select(model)) for model in LIVE] == [[], [], []]
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert UUID(vote.id) not in keys.held()
    with app.app_context(), db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            values = {
                bytes(value)
                for row in connection.execute(table.select())
                for value in row
                if isinstance(value, bytes | memoryview)
            }
            assert not values & (slots | nonces), table.name
    kept = list(stored(app, select(SealedCommitment.commitment)))
    given = [receipt["commitment"] for receipt in (vote.replaced, *vote.receipts)]
    assert sorted(each.hex() for each in kept) == sorted(given)
    if engine_name == "postgresql":
        query = "SELECT commitment, xmin::text FROM sealed_commitments ORDER BY ctid"
        with app.app_context():
            found = db.session.execute(text(query)).all()
        assert [row[0] for row in found] == sorted(kept)
        assert len({row[1] for row in found}) == 1
    assert refusal(vote.voters[0].get(f"{vote.path}/ballot")) == (409, "ballots_sealed")


def test_reader_who_has_the_bundle_costs_no_body(vote: Vote, app: Flask, client: FlaskClient):
    vote.close()
    tag = vote.bundle(client).headers["ETag"]
    with counted(app) as sent:
        answer = vote.bundle(client, **{"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")
    assert not any("session_bundles.body" in statement for statement in sent)
    assert len(sent) == 2, sent  # what is due, and the digest


def test_there_is_no_bundle_before_closing_nor_without_a_vote(
    vote: Vote, cast: Cast, client: FlaskClient
):
    assert refusal(vote.bundle(client)) == (409, "voting_not_closed")
    branch = cast.secretary(cast.neighbour)
    vote.close()
    single = cast.session(branch, compound=cast.neighbour, period="2027-01")
    path = f"/sessions/{single['id']}"
    for step in ("start-collecting", "freeze-list", "open-voting"):
        assert branch.post(f"{path}/{step}").status_code == 200
    assert branch.get(path).json["state"] == "TALLIED"
    assert refusal(client.get(f"{PREFIX}{path}/bundle.json")) == (409, "no_result")
    absent = client.get(f"{PREFIX}/sessions/{cast.home.id}/bundle.json")
    assert refusal(absent) == (404, "not_found")


def test_clock_seals_too(
    vote: Vote, app: Flask, client: FlaskClient, travel: Callable[[datetime], None]
):
    travel(datetime.fromisoformat(vote.closes_at))
    answer = vote.bundle(client)
    assert answer.status_code == 200
    assert wrong(verify_file(answer.data, vote.receipts[0])) == []


def test_what_is_left_is_erased_by_the_finaliser_and_in_nobodys_request(
    vote: Vote, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    keys: KeyStore = app.extensions["keys"]
    with monkeypatch.context() as slow:
        slow.setattr(sealing, "_vacuum", lambda session: pytest.fail("within a request"))
        vote.close()
        assert vote.bundle(client).status_code == 200
    assert UUID(vote.id) in keys.held()
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert UUID(vote.id) not in keys.held()


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_key_stays_as_long_as_somebody_sees_the_deleted_ballots(
    vote: Vote, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """A vacuum spares what an older snapshot sees, and says nothing of it."""
    monkeypatch.setattr(sealing, "SNAPSHOT_TRIES", 1)
    others = create_engine(
        settings.database_url, isolation_level="REPEATABLE READ", poolclass=NullPool
    )
    with others.connect() as reader:
        assert len(reader.execute(select(Ballot.slot)).all()) == 5
        vote.close()
        assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 1
        assert UUID(vote.id) in app.extensions["keys"].held()
        assert len(reader.execute(select(Ballot.slot)).all()) == 5
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert UUID(vote.id) not in app.extensions["keys"].held()


def test_open_vote_keeps_its_key(vote: Vote, app: Flask):
    assert app.test_cli_runner().invoke(args=["finalise"]).exit_code == 0
    assert UUID(vote.id) in app.extensions["keys"].held()


def test_ballot_without_its_commitment_stops_the_sealing(
    vote: Vote, app: Flask, travel: Callable[[datetime], None]
):
    """Nothing may be published until somebody has looked; nothing is destroyed either."""
    lost = bytes.fromhex(vote.receipts[1]["commitment"])
    with app.app_context():
        db.session.execute(delete(BallotCommitment).where(BallotCommitment.commitment == lost))
        db.session.commit()
    travel(datetime.fromisoformat(vote.closes_at))
    app.test_cli_runner().invoke(args=["finalise"])
    assert len(stored(app, select(Ballot))) == 5
    assert stored(app, select(SessionBundle)) == []
    assert UUID(vote.id) in app.extensions["keys"].held()


def test_bundle_is_spelled_in_one_way(vote: Vote, client: FlaskClient):
    vote.close()
    answer = vote.bundle(client)
    assert answer.data == canonical_json(answer.json)


def test_retry_after_sealing_gets_the_same_receipt(vote: Vote, cast: Cast):
    body = {**ballot(*vote.matters), "nonce": "00" * 16}
    late: Person = vote.voters[5]
    receipt = late.put(f"{vote.path}/ballot", body)
    vote.close()
    again = late.put(f"{vote.path}/ballot", body)
    assert (again.status_code, again.json) == (200, receipt.json)
    other = late.put(f"{vote.path}/ballot", {**body, "nonce": "11" * 16})
    assert refusal(other) == (409, "wrong_state")
