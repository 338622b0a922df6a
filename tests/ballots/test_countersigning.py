"""A second officer's key is fixed when voting opens, and signs the sealed result or refuses."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.ballots.models import OfficerKey, SessionBundle
from app.kit.web.api import PREFIX
from app.people.models import Role
from tests.ballots.second_officer import SecondOfficer
from tests.ballots.test_sealing import Vote, wrong
from tests.cast import Cast, Person, stored
from tests.checks import moves_of, refusal
from tests.votes.test_weak_keys import WEAK
from votes.countersign import main
from votes.verify import verify_file


@pytest.fixture
def officer(cast: Cast) -> SecondOfficer:
    """Named to countersign in 香樟苑, before any vote opens."""
    found = SecondOfficer(cast)
    found.take_office()
    return found


@pytest.fixture
def vote(officer: SecondOfficer, cast: Cast) -> Vote:
    return Vote(cast)


def listed(client: FlaskClient, cast: Cast) -> list[dict[str, Any]]:
    """The officers as anybody reads them."""
    answer = client.get(f"{PREFIX}/compounds/{cast.home.id}/countersigners")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json
    return found


# The whole way


def test_officer_countersigns_with_the_command(
    officer: SecondOfficer,
    vote: Vote,
    client: FlaskClient,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
):
    opening = vote.notice("VOTING_OPENED")
    assert opening["_yueyuetan"]["data"]["officer_key"] == officer.public_key.hex()
    assert (
        f"社区党委书记陶○○核对、会签，公钥：{officer.public_key.hex()}" in opening["content_text"]
    )
    vote.close()
    awaited = vote.bundle(client)
    assert awaited.json["officer_key"] == officer.public_key.hex()
    (pending,) = [check for check in verify_file(awaited.data) if not check.ok]
    assert (pending.name, pending.zh) == ("countersignature", "第二人会签——还没有会签")
    assert pending.en.endswith("it is not yet countersigned")

    bundle, key = tmp_path / "bundle.json", tmp_path / "officer.pem"
    bundle.write_bytes(awaited.data)
    key.write_bytes(officer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tally = vote.notice("TALLIED")
    assert "约定由第二人会签" in tally["content_text"]
    root = tally["_yueyuetan"]["data"]["bundle_root"]
    assert main(["sign", str(bundle), "--key", str(key), "--root", root]) == 0
    signature = capsysbinary.readouterr().out.decode().splitlines()[-1]
    session = officer.hand_in(vote.id, signature)
    assert session.status_code == 200, session.text
    assert session.json["countersigned_at"] is not None
    assert session.json["officer_key"] == officer.public_key.hex()

    whole = vote.bundle(client)
    for receipt in vote.receipts:
        assert wrong(verify_file(whole.data, receipt, root)) == []
    assert whole.json == {**awaited.json, "countersignature": signature}
    assert whole.headers["ETag"] != awaited.headers["ETag"]
    stale = vote.bundle(client, **{"If-None-Match": awaited.headers["ETag"]})
    assert stale.status_code == 200
    notice = vote.notice("COUNTERSIGNED")
    assert root in notice["content_text"]
    assert notice["_yueyuetan"]["data"]["countersignature"] == signature
    assert notice["_yueyuetan"]["session_id"] == vote.id


def test_every_step_is_in_the_log(
    officer: SecondOfficer, vote: Vote, app: Flask, cast: Cast, client: FlaskClient
):
    vote.close()
    assert officer.countersign(vote.id).status_code == 200
    (key,) = stored(app, select(OfficerKey))
    assert [(move.verb, move.by) for move in moves_of(app, key.id)] == [
        ("register", officer.person.id)
    ]
    last = moves_of(app, vote.id)[-1]
    assert (last.verb, last.from_state, last.to_state, last.by) == (
        *("countersign", "TALLIED", "TALLIED"),
        officer.person.id,
    )
    auditor = cast.officer(Role.AUDITOR)
    assert auditor.get(f"/compounds/{cast.home.id}/audit/check").json["broken_at"] is None


def test_result_is_countersigned_once(officer: SecondOfficer, vote: Vote, client: FlaskClient):
    vote.close()
    signature = officer.signature(vote.id)
    assert officer.hand_in(vote.id, signature).status_code == 200
    before = vote.bundle(client).data
    assert refusal(officer.hand_in(vote.id, signature)) == (409, "countersigning_decided")
    assert refusal(officer.refuse(vote.id)) == (409, "countersigning_decided")
    assert vote.bundle(client).data == before
    vote.notice("COUNTERSIGNED")


def test_officer_refuses_with_a_reason_for_all_to_read(
    officer: SecondOfficer, vote: Vote, client: FlaskClient
):
    vote.close()
    before = vote.bundle(client).data
    answer = officer.refuse(vote.id, "名单多出三人")
    assert answer.status_code == 200
    assert answer.json["countersign_refusal"] == "名单多出三人"
    assert answer.json["countersign_refused_at"] is not None
    notice = vote.notice("COUNTERSIGNATURE_REFUSED")
    assert "会签人陶○○拒绝会签。理由：名单多出三人" in notice["content_text"]
    assert notice["_yueyuetan"]["data"]["reason"] == "名单多出三人"
    assert vote.bundle(client).data == before
    assert wrong(verify_file(before)) == ["countersignature"]
    assert refusal(officer.countersign(vote.id)) == (409, "countersigning_decided")


@pytest.mark.parametrize("kind", ["COUNTERSIGNED", "COUNTERSIGNATURE_REFUSED"])
def test_branch_cannot_correct_or_withdraw_what_the_officer_says(
    officer: SecondOfficer, vote: Vote, kind: str
):
    vote.close()
    answer = officer.countersign(vote.id) if kind == "COUNTERSIGNED" else officer.refuse(vote.id)
    assert answer.status_code == 200
    path = f"/notices/{vote.notice(kind)['id'].removeprefix('urn:uuid:')}"
    corrected = vote.secretary.post(f"{path}/correct", {"note": "会签有误"})
    withdrawn = vote.secretary.post(f"{path}/withdraw", {"reason": "会签有误"})
    assert [refusal(corrected), refusal(withdrawn)] == [(409, "result_is_final")] * 2


# What is refused


def test_wrong_signature_changes_nothing(
    officer: SecondOfficer, vote: Vote, client: FlaskClient, app: Flask
):
    vote.close()
    before, moves = vote.bundle(client).data, moves_of(app, vote.id)
    bundle = json.loads(before)
    stranger = Ed25519PrivateKey.generate()
    for signature in (
        "00" * 64,
        "ff" * 64,
        bundle["signature"],  # the operator's
        stranger.sign(before).hex(),
        officer.key.sign(before).hex(),  # of something else than the statement
    ):
        answer = officer.hand_in(vote.id, signature)
        assert refusal(answer) == (422, "invalid_countersignature"), signature
    assert vote.bundle(client).data == before
    assert moves_of(app, vote.id) == moves
    assert officer.countersign(vote.id).status_code == 200


def test_signature_of_another_vote_is_refused(officer: SecondOfficer, vote: Vote, cast: Cast):
    officer.name(officer.register().json["id"], cast.neighbour)
    vote.close()
    signature = officer.signature(vote.id)
    secretary, voter = cast.secretary(cast.neighbour), cast.resident(cast.neighbour)
    other = open_elsewhere(cast, secretary, voter)
    assert refusal(officer.hand_in(other, signature)) == (422, "invalid_countersignature")


def open_elsewhere(cast: Cast, secretary: Person, voter: Person) -> str:
    """A vote in the neighbouring compound that one of one has taken part in, closed."""
    session = cast.session(
        secretary, cast.neighbour, period="2027-01", mode="ROSTER", roll=[str(voter.id)]
    )
    path = f"/sessions/{session['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    matters = cast.matters(secretary, voter, ("停车", "路灯"), cast.neighbour)
    for step in ("freeze-list", "open-voting"):
        assert secretary.post(f"{path}/{step}").status_code == 200
    marks = [{"weight": 5, "matter_id": matters[0]}]
    assert voter.put(f"{path}/ballot", {"marks": marks}).status_code == 200
    assert secretary.post(f"{path}/close-voting").json["state"] == "TALLIED"
    return str(session["id"])


def test_nothing_is_signed_or_refused_before_closing(officer: SecondOfficer, vote: Vote):
    assert refusal(officer.hand_in(vote.id, "00" * 64)) == (409, "voting_not_closed")
    assert refusal(officer.refuse(vote.id)) == (409, "voting_not_closed")


def test_another_officer_of_the_same_rank_does_not_stand_in(
    officer: SecondOfficer, vote: Vote, cast: Cast
):
    other = SecondOfficer(cast, Role.SUBDISTRICT_OFFICER, "subdistrict")
    other.take_office()  # named for later votes
    vote.close()
    for answer in (
        other.countersign(vote.id),
        other.hand_in(vote.id, officer.signature(vote.id)),
        other.refuse(vote.id),
    ):
        assert refusal(answer) == (403, "not_the_countersigner")
    assert officer.countersign(vote.id).status_code == 200


def test_vote_without_a_named_officer_takes_no_countersignature(cast: Cast, client: FlaskClient):
    vote = Vote(cast)
    opening = vote.notice("VOTING_OPENED")
    assert opening["_yueyuetan"]["data"]["officer_key"] is None
    assert "没有约定第二人会签" in opening["content_text"]
    vote.close()
    late = SecondOfficer(cast)
    late.take_office()
    assert refusal(late.countersign(vote.id)) == (409, "no_countersigner")
    assert refusal(late.refuse(vote.id)) == (409, "no_countersigner")
    assert wrong(verify_file(vote.bundle(client).data)) == []


def test_officer_whose_office_ended_cannot_countersign(
    officer: SecondOfficer, vote: Vote, client: FlaskClient
):
    vote.close()
    signature = officer.signature(vote.id)
    assert officer.person.post(f"/appointments/{officer.office_id}/end").status_code == 200
    assert refusal(officer.hand_in(vote.id, signature)) == (404, "not_found")
    assert wrong(verify_file(vote.bundle(client).data)) == ["countersignature"]


def test_officer_who_became_secretary_of_the_branch_is_no_second_person(
    officer: SecondOfficer, vote: Vote, cast: Cast
):
    vote.close()
    signature = officer.signature(vote.id)
    cast.appoint(officer.person, Role.BRANCH_SECRETARY)
    assert refusal(officer.hand_in(vote.id, signature)) == (403, "not_the_countersigner")


def test_key_that_was_revoked_signs_no_more(
    officer: SecondOfficer, vote: Vote, client: FlaskClient
):
    vote.close()
    signature = officer.signature(vote.id)
    assert officer.person.post("/me/officer-key/revoke").json["revoked_at"] is not None
    assert refusal(officer.hand_in(vote.id, signature)) == (409, "officer_key_revoked")
    assert wrong(verify_file(vote.bundle(client).data)) == ["countersignature"]
    assert officer.refuse(vote.id, "密钥丢失").status_code == 200


def test_key_that_was_replaced_while_voting_was_open_signs_no_more(
    officer: SecondOfficer, vote: Vote, client: FlaskClient
):
    """The key of a vote stands under its root: no other one can take its place."""
    old, officer.key = officer.key, Ed25519PrivateKey.generate()
    assert officer.register().status_code == 200
    vote.close()
    new = officer.countersign(vote.id)
    assert refusal(new) == (409, "officer_key_revoked")
    officer.key = old
    assert refusal(officer.countersign(vote.id)) == (409, "officer_key_revoked")


# Keys


def test_key_is_registered_once_and_listed_for_all(
    officer: SecondOfficer, cast: Cast, client: FlaskClient, app: Flask
):
    again = officer.register()
    assert again.status_code == 200
    assert len(stored(app, select(OfficerKey))) == 1
    (row,) = listed(client, cast)
    assert row["officer_key_id"] == again.json["id"]
    assert (row["officer"], row["role"], row["is_named"]) == (
        "陶○○",
        "COMMUNITY_SECRETARY",
        True,
    )
    assert row["public_key"] == officer.public_key.hex()
    assert str(officer.person.id) not in json.dumps(row)


def test_proof_binds_the_person_and_the_key(cast: Cast, app: Flask):
    one, other = SecondOfficer(cast), SecondOfficer(cast)
    wrong_proofs = [
        {**one.registration, "proof": "00" * 64},
        {**one.registration, "public_key": other.public_key.hex()},
        other.registration,  # made for the other person
        {"public_key": "ff" * 32, "proof": "ff" * 64},
        # Keys under which anybody signs one message in a few, so also this one, without effort.
        *({"public_key": key.hex(), "proof": (key + bytes(32)).hex()} for key in WEAK),
        *({"public_key": key.hex(), "proof": (WEAK[1] + bytes(32)).hex()} for key in WEAK),
    ]
    for body in wrong_proofs:
        assert refusal(one.person.put("/me/officer-key", body)) == (422, "invalid_proof")
    assert stored(app, select(OfficerKey)) == []


def test_nobody_but_an_officer_above_registers_a_key(cast: Cast):
    for role in (Role.BRANCH_SECRETARY, Role.AUDITOR, Role.OC_DIRECTOR):
        officer = SecondOfficer(cast, role, "compound")
        assert refusal(officer.register()) == (403, "forbidden")


def test_key_is_one_persons_and_never_comes_back(cast: Cast, app: Flask):
    one, other = SecondOfficer(cast), SecondOfficer(cast)
    assert one.register().status_code == 200
    other.key = one.key
    assert refusal(other.register()) == (409, "officer_key_taken")
    assert one.person.post("/me/officer-key/revoke").status_code == 200
    assert refusal(one.register()) == (409, "officer_key_taken")
    assert refusal(one.person.post("/me/officer-key/revoke")) == (409, "no_officer_key")
    one.key = Ed25519PrivateKey.generate()
    assert one.register().status_code == 200
    keys = stored(app, select(OfficerKey).where(OfficerKey.revoked_at.is_(None)))
    assert [key.public_key for key in keys] == [one.public_key]


def test_new_key_of_the_named_officer_is_taken_at_the_next_opening(
    officer: SecondOfficer, cast: Cast
):
    officer.key = Ed25519PrivateKey.generate()
    assert officer.register().status_code == 200
    data = Vote(cast).notice("VOTING_OPENED")["_yueyuetan"]["data"]
    assert data["officer_key"] == officer.public_key.hex()


# Who is named


def test_officers_of_both_levels_are_listed_once(cast: Cast, client: FlaskClient):
    street = SecondOfficer(cast, Role.SUBDISTRICT_OFFICER, "subdistrict")
    cast.appoint(street.person, Role.COMMUNITY_SECRETARY, level="community")
    community = SecondOfficer(cast)
    _, far = cast.other_subdistrict()
    elsewhere = SecondOfficer(cast, place=cast.other_community()[0])
    for officer in (street, community, elsewhere):
        assert officer.register().status_code == 200
    assert {row["public_key"] for row in listed(client, cast)} == {
        street.public_key.hex(),
        community.public_key.hex(),
    }
    assert client.get(f"{PREFIX}/compounds/{far.id}/countersigners").json == []
    absent = client.get(f"{PREFIX}/compounds/{uuid4()}/countersigners")
    assert refusal(absent) == (404, "not_found")


def test_secretary_of_the_branch_is_not_named(cast: Cast, client: FlaskClient):
    officer = SecondOfficer(cast)
    cast.appoint(officer.person, Role.BRANCH_SECRETARY)
    key_id = officer.register().json["id"]
    assert refusal(officer.name(key_id)) == (422, "unknown_officer_key")
    assert listed(client, cast) == []
    assert officer.name(key_id, cast.neighbour).status_code == 200  # there another one leads


def test_key_that_cannot_countersign_here_is_not_named(officer: SecondOfficer, cast: Cast):
    elsewhere = SecondOfficer(cast, place=cast.other_community()[0])
    for key_id in (elsewhere.register().json["id"], str(uuid4())):
        assert refusal(officer.name(key_id)) == (422, "unknown_officer_key")


@pytest.mark.parametrize("loss", ["revoked", "office ended", "now the secretary", "unnamed"])
def test_named_officer_who_is_out_is_not_fixed_at_opening(
    officer: SecondOfficer, cast: Cast, loss: str
):
    if loss == "revoked":
        assert officer.person.post("/me/officer-key/revoke").status_code == 200
    elif loss == "office ended":
        assert officer.person.post(f"/appointments/{officer.office_id}/end").status_code == 200
    elif loss == "now the secretary":
        cast.appoint(officer.person, Role.BRANCH_SECRETARY)
    else:
        named = officer.name(None)
        assert [row["is_named"] for row in named.json] == [False]
    vote = Vote(cast)
    assert vote.notice("VOTING_OPENED")["_yueyuetan"]["data"]["officer_key"] is None
    assert vote.secretary.get(vote.path).json["officer_key"] is None


def test_officer_named_while_voting_is_open_counts_from_the_next_vote(
    officer: SecondOfficer, vote: Vote, cast: Cast
):
    other = SecondOfficer(cast)
    other.take_office()
    assert vote.secretary.get(vote.path).json["officer_key"] == officer.public_key.hex()


def test_clock_fixes_the_officer_too(
    officer: SecondOfficer, cast: Cast, travel: Any, client: FlaskClient
):
    secretary, raiser = cast.secretary(), cast.resident()
    session = cast.session(secretary)
    path = f"/sessions/{session['id']}"
    assert secretary.post(f"{path}/start-collecting").status_code == 200
    cast.matters(secretary, raiser, ("停车", "路灯"))
    travel(session["voting_opens_at"])
    found = cast.logged_in_anew(secretary).get(path).json
    assert (found["state"], found["officer_key"]) == ("VOTING", officer.public_key.hex())


def test_stored_root_is_that_of_the_countersigned_bundle(
    officer: SecondOfficer, vote: Vote, app: Flask
):
    vote.close()
    (before,) = stored(app, select(SessionBundle.root))
    assert officer.countersign(vote.id).status_code == 200
    (after,) = stored(app, select(SessionBundle.root))
    assert before == after == bytes.fromhex(officer.bundle(vote.id)["root"])
