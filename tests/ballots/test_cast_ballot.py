"""Casting a ballot over HTTP, and what lies in the rows afterwards."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AdmissionReason, Channel, RollEntry
from app.ballots.models import Ballot, BallotCommitment, BallotMark
from app.config import Settings
from app.kit.clock import local_date, now
from app.people.models import Role
from tests.cast import Cast, Person, ballot, stored
from tests.checks import refusal

NONCE = "00112233445566778899aabbccddeeff"


def test_cast_and_close(cast: Cast):
    secretary = cast.secretary()
    voters = [cast.resident(name=f"居民{i}") for i in range(3)]
    session, matters = cast.open_session(secretary, voters[0])
    path = f"/sessions/{session['id']}"
    for voter in voters:
        answer = voter.put(f"{path}/ballot", ballot(*matters))
        assert answer.status_code == 200, answer.text
    answer = secretary.post(f"{path}/close-voting")
    assert answer.json["state"] == "TALLIED", answer.text
    result = voters[0].get(f"{path}/result").json
    assert [row["score"] for row in result["rows"]] == [15, 9, 3]
    assert result["returned"] == 3


def put(voter: Person, path: str, *matters: str | None, **more: Any) -> dict[str, Any]:
    """Cast; the receipt."""
    answer = voter.put(path, {**ballot(*matters), **more})
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json
    return receipt


def marks_of(app: Flask) -> dict[int, str]:
    """Weight and matter of every mark that is stored; tests that use it have one voter."""
    return {mark.weight: str(mark.matter_id) for mark in stored(app, select(BallotMark))}


@pytest.fixture
def voter(cast: Cast) -> Person:
    return cast.resident()


@pytest.fixture
def opened(cast: Cast, voter: Person) -> tuple[str, list[str]]:
    """The ballot path of an open session, and its three matters."""
    session, matters = cast.open_session(cast.secretary(), voter)
    return f"/sessions/{session['id']}/ballot", matters


def test_cast_stores_ballot_marks_commitment_and_participation(
    opened: tuple[str, list[str]], voter: Person, rows: Session, settings: Settings
):
    path, matters = opened
    receipt = put(voter, path, *matters, nonce=NONCE)
    assert (receipt["version"], receipt["nonce"]) == (1, NONCE)
    assert receipt["marks"] == ballot(*matters)["marks"]

    session_id = UUID(path.split("/")[2])
    key = (settings.key_store / "sessions" / f"{session_id}.key").read_bytes()
    slot = hmac.digest(key, voter.id.bytes, hashlib.sha256)
    (row,) = rows.scalars(select(Ballot))
    assert (row.session_id, row.slot, row.version) == (session_id, slot, 1)
    assert (row.nonce.hex(), row.commitment.hex()) == (NONCE, receipt["commitment"])
    marks = rows.scalars(select(BallotMark).order_by(BallotMark.weight.desc())).all()
    assert [(m.slot, m.label, m.weight, m.matter_id) for m in marks] == [
        (slot, str(weight), weight, UUID(matter))
        for weight, matter in zip((5, 3, 1), matters, strict=True)
    ]
    (commitment,) = rows.scalars(select(BallotCommitment))
    assert (commitment.commitment, commitment.slot, commitment.version) == (
        row.commitment,
        slot,
        1,
    )
    (entry,) = rows.scalars(select(RollEntry))
    assert (entry.resident_id, entry.channel) == (voter.id, Channel.PHONE)
    assert entry.voted_on == local_date(now())


@pytest.mark.parametrize(
    "choice", [(), (0,), (None, 1), (None, None, 2), (0, 2), (2, 1, 0)], ids=str
)
def test_cast_may_leave_slots_empty(
    opened: tuple[str, list[str]], voter: Person, app: Flask, choice: tuple[int | None, ...]
):
    path, matters = opened
    chosen = [None if index is None else matters[index] for index in choice]
    receipt = put(voter, path, *chosen)
    expected = {
        weight: matter
        for weight, matter in zip((5, 3, 1), chosen, strict=False)
        if matter is not None
    }
    assert {mark["weight"]: mark["matter_id"] for mark in receipt["marks"]} == expected
    assert marks_of(app) == expected
    assert voter.get(path.removesuffix("ballot") + "turnout").json["returned"] == 1


def test_replacement_leaves_the_last_ballot_and_both_commitments(
    opened: tuple[str, list[str]], voter: Person, app: Flask
):
    path, (first, second, third) = opened
    receipts = [
        put(voter, path, first, second, third),
        put(voter, path, third, first),
        put(voter, path),
        put(voter, path, second),
    ]
    assert [receipt["version"] for receipt in receipts] == [1, 2, 3, 4]
    assert marks_of(app) == {5: second}
    (live,) = stored(app, select(Ballot))
    assert (live.version, live.commitment.hex()) == (4, receipts[3]["commitment"])
    commitments = stored(app, select(BallotCommitment).order_by(BallotCommitment.version))
    assert [row.commitment.hex() for row in commitments] == [r["commitment"] for r in receipts]
    assert len({row.slot for row in commitments}) == 1
    assert voter.get(path.removesuffix("ballot") + "turnout").json["returned"] == 1


def test_ballot_is_replaced_twenty_times_and_no_more(
    opened: tuple[str, list[str]], voter: Person, app: Flask, cast: Cast
):
    """The last one stands, its receipt is given again, and a ballot taken back may come again."""
    path, (first, second, third) = opened
    for _ in range(20):
        put(voter, path, first)
    last = {**ballot(second, third), "nonce": NONCE}
    assert put(voter, path, second, third, nonce=NONCE)["version"] == 21
    for more in ({}, {"expected_version": 21}):
        refused = voter.put(path, {**ballot(third), **more})
        assert refusal(refused) == (409, "replacements_used_up")
        assert "Retry-After" not in refused.headers  # no use in waiting
    assert voter.put(path, last).json["version"] == 21
    blind = voter.put(path, {**ballot(third), "expected_version": 3})
    assert refusal(blind) == (409, "version_conflict")
    assert marks_of(app) == {5: second, 3: third}
    assert len(stored(app, select(BallotCommitment))) == 21
    assert put(cast.resident(), path, first)["version"] == 1

    assert voter.delete(path, query_string={"expected_version": 21}).status_code in (200, 204)
    assert put(voter, path, first)["version"] == 22
    assert refusal(voter.put(path, ballot(second))) == (409, "replacements_used_up")


def test_replacement_leaves_the_day_of_the_first_cast(
    opened: tuple[str, list[str]],
    voter: Person,
    app: Flask,
    cast: Cast,
    travel: Callable[[datetime], None],
):
    path, matters = opened
    put(voter, path, *matters)
    (before,) = stored(app, select(RollEntry.voted_on))
    travel(datetime.now(UTC) + timedelta(days=2))
    assert put(cast.logged_in_anew(voter), path, matters[2])["version"] == 2
    assert stored(app, select(RollEntry.voted_on)) == [before]


def marked(*pairs: tuple[int, str]) -> dict[str, Any]:
    return {"marks": [{"weight": weight, "matter_id": matter} for weight, matter in pairs]}


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        (lambda m, foreign: [(5, m[0]), (3, m[0]), (1, m[2])], "matter_repeated"),
        (lambda m, foreign: [(5, m[0]), (5, m[1])], "slot_overfilled"),
        (lambda m, foreign: [(5, m[0]), (2, m[1])], "unknown_weight"),
        (lambda m, foreign: [(9, m[0])], "unknown_weight"),
        (lambda m, foreign: [(5, foreign)], "matter_not_listed"),
        (lambda m, foreign: [(5, m[0]), (3, m[1]), (1, str(UUID(int=7)))], "matter_not_listed"),
    ],
    ids=[
        "same matter twice",
        "weight twice",
        "wrong weight",
        "weight 9",
        "matter of the neighbour",
        "unknown matter",
    ],
)
def test_cast_against_the_rules_is_refused(
    opened: tuple[str, list[str]],
    voter: Person,
    app: Flask,
    cast: Cast,
    marks: Callable[[list[str], str], list[tuple[int, str]]],
    code: str,
):
    path, matters = opened
    stranger = cast.resident(cast.neighbour)
    body = {"title": "隔壁的事", "body": "说明", "category": "OTHER"}
    foreign = stranger.post(f"/compounds/{cast.neighbour.id}/matters", body).json["id"]
    put(voter, path, matters[1], nonce=NONCE)
    answer = voter.put(path, marked(*marks(matters, foreign)))
    assert refusal(answer) == (422, "invalid_ballot")
    assert [error["code"] for error in answer.json["errors"]] == [code]
    assert marks_of(app) == {5: matters[1]}  # the earlier ballot stands
    assert len(stored(app, select(BallotCommitment))) == 1


@pytest.mark.parametrize("outcome", ["DISPATCHED", "REFUSED"])
def test_cast_for_a_matter_that_was_not_listed_is_refused(cast: Cast, voter: Person, outcome: str):
    """M11 and M12 of the worked example: raised, but not on the list."""
    secretary = cast.secretary()
    made = voter.post(
        f"/compounds/{cast.home.id}/matters",
        {"title": "路灯 6 盏不亮", "body": "说明", "category": "LIGHTING"},
    ).json["id"]
    secretary.post(f"/matters/{made}/screen", {"outcome": outcome, "reason": "已派单"})
    session, matters = cast.open_session(secretary, voter)
    answer = voter.put(f"/sessions/{session['id']}/ballot", ballot(matters[0], made))
    assert refusal(answer) == (422, "invalid_ballot")


def a_minor(cast: Cast) -> Person:
    return cast.resident(born=local_date(now()) - timedelta(days=17 * 365))


def somebody_of_no_known_age(cast: Cast) -> Person:
    return cast.resident(born=None)


def the_property_manager_living_here(cast: Cast) -> Person:
    person = cast.resident()
    cast.appoint(person, Role.PROPERTY_MANAGER)
    return person


def a_subdistrict_officer_living_here(cast: Cast) -> Person:
    person = cast.resident()
    cast.appoint(person, Role.SUBDISTRICT_OFFICER, level="subdistrict")
    return person


def the_property_manager(cast: Cast) -> Person:
    return cast.officer(Role.PROPERTY_MANAGER)


def the_secretary_living_elsewhere(cast: Cast) -> Person:
    return cast.secretary()


def a_resident_of_the_neighbour(cast: Cast) -> Person:
    return cast.resident(cast.neighbour)


@pytest.mark.parametrize("mode", ["OPEN", "ROSTER"])
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (a_minor, (403, "under_age")),
        (somebody_of_no_known_age, (403, "under_age")),
        (the_property_manager_living_here, (403, "staff_may_not_vote")),
        (a_subdistrict_officer_living_here, (403, "staff_may_not_vote")),
        (the_property_manager, (403, "forbidden")),
        (the_secretary_living_elsewhere, (403, "forbidden")),
        (a_resident_of_the_neighbour, (404, "not_found")),
    ],
)
def test_cast_by_who_may_not_vote_is_refused(
    cast: Cast,
    voter: Person,
    app: Flask,
    mode: str,
    who: Callable[[Cast], Person],
    expected: tuple[int, str],
):
    roll = {"roll": [str(voter.id)]} if mode == "ROSTER" else {}
    session, matters = cast.open_session(cast.secretary(), voter, mode=mode, **roll)
    answer = who(cast).put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    assert refusal(answer) == expected
    assert stored(app, select(Ballot)) == []
    assert {entry.resident_id for entry in stored(app, select(RollEntry))} == {voter.id}


def test_cast_by_a_resident_who_is_not_on_the_roster_is_refused(cast: Cast, voter: Person):
    session, matters = cast.open_session(
        cast.secretary(), voter, mode="ROSTER", roll=[str(voter.id)]
    )
    answer = cast.resident().put(f"/sessions/{session['id']}/ballot", ballot(*matters))
    assert refusal(answer) == (403, "not_on_roll")


@pytest.mark.parametrize("relation", ["owner", "tenant", "family"])
def test_cast_by_each_kind_of_resident(opened: tuple[str, list[str]], cast: Cast, relation: Any):
    path, matters = opened
    assert put(cast.resident(relation=relation), path, *matters)["version"] == 1


def test_cast_by_the_secretary_who_lives_here(opened: tuple[str, list[str]], cast: Cast):
    path, matters = opened
    secretary = cast.secretary()
    cast.settle(secretary, cast.home)
    assert put(secretary, path, *matters)["version"] == 1


def test_cast_by_somebody_verified_while_voting_is_open(
    opened: tuple[str, list[str]], voter: Person, cast: Cast, app: Flask
):
    path, matters = opened
    newcomer = cast.resident()
    put(newcomer, path, *matters)
    entries = {entry.resident_id: entry for entry in stored(app, select(RollEntry))}
    assert entries[voter.id].admitted_why is AdmissionReason.OPENING
    assert entries[newcomer.id].admitted_why is AdmissionReason.VERIFIED_WHILE_OPEN
    assert entries[newcomer.id].admitted_on == local_date(now())


def test_cast_after_moving_away_is_refused(
    opened: tuple[str, list[str]], voter: Person, cast: Cast
):
    path, matters = opened
    cast.unit(cast.neighbour, "101")
    claim = {
        "compound_id": str(cast.neighbour.id),
        "building": "3栋",
        "entrance": "2单元",
        "unit": "101",
        "relation": "owner",
    }
    made = voter.post("/residences", claim).json["id"]
    cast.secretary(cast.neighbour).post(f"/residences/{made}/verify")
    assert refusal(voter.put(path, ballot(*matters))) == (404, "not_found")


@pytest.mark.parametrize("steps", [[], ["start-collecting"], ["start-collecting", "freeze-list"]])
def test_cast_before_voting_opens_is_refused(cast: Cast, voter: Person, steps: list[str]):
    secretary = cast.secretary()
    matters = cast.matters(secretary, voter, ["甲", "乙"])
    path = f"/sessions/{cast.session(secretary)['id']}"
    for step in steps:
        assert secretary.post(f"{path}/{step}").status_code == 200
    assert refusal(voter.put(f"{path}/ballot", ballot(*matters))) == (409, "wrong_state")


def test_cast_until_the_end_but_not_at_it(
    opened: tuple[str, list[str]],
    voter: Person,
    cast: Cast,
    travel: Callable[[datetime], None],
):
    """Closing is exclusive: a ballot at 00:00 of the next day comes too late."""
    path, (first, second, _) = opened
    session = voter.get(path.removesuffix("/ballot")).json
    closes_at = datetime.fromisoformat(session["voting_closes_at"])
    travel(closes_at - timedelta(seconds=30))
    voter = cast.logged_in_anew(voter)
    assert put(voter, path, first)["version"] == 1
    travel(closes_at)
    assert refusal(voter.put(path, ballot(second))) == (409, "wrong_state")
    result = voter.get(path.removesuffix("ballot") + "result").json
    assert result["returned"] == 1


def test_same_cast_after_its_withdrawal_gets_no_receipt(
    opened: tuple[str, list[str]], voter: Person, app: Flask
):
    path, matters = opened
    put(voter, path, *matters, nonce=NONCE)
    assert voter.delete(path, query_string={"expected_version": 1}).status_code in (200, 204)
    again = voter.put(path, {**ballot(*matters), "nonce": NONCE})
    assert refusal(again) == (409, "ballot_withdrawn")
    assert put(voter, path, *matters)["version"] == 2


def test_nonce_of_another_tells_nothing_of_the_marks(
    opened: tuple[str, list[str]], voter: Person, cast: Cast
):
    path, matters = opened
    put(voter, path, *matters, nonce=NONCE)
    curious = cast.resident()
    put(curious, path, *matters)
    for guess in (matters, matters[::-1]):
        body = {**ballot(*guess), "nonce": NONCE, "expected_version": 999}
        assert refusal(curious.put(path, body)) == (409, "version_conflict")
        assert refusal(curious.put(path, {**body, "expected_version": 1})) == (409, "nonce_reused")
