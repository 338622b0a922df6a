"""The second officer's word at the same moment, twice or both ways: one of them counts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.ballots.models import OfficerKey
from app.board.models import NoticeKind, PublicNotice
from tests.ballots.second_officer import SecondOfficer
from tests.ballots.test_sealing import Vote, wrong
from tests.cast import Cast, stored
from tests.race.server import Server, at_once
from tests.race.test_moves_at_once import codes
from votes.verify import verify_file

DECIDED = (409, "countersigning_decided")


def word(app: Flask) -> list[NoticeKind]:
    """What the board says of countersignatures."""
    kinds = (NoticeKind.COUNTERSIGNED, NoticeKind.COUNTERSIGNATURE_REFUSED)
    return list(stored(app, select(PublicNotice.kind).where(PublicNotice.kind.in_(kinds))))


def test_countersign_twice_at_once(app: Flask, cast: Cast, server: Server, client: FlaskClient):
    officer = SecondOfficer(cast)
    officer.take_office()
    vote = Vote(cast)
    vote.close()
    path, body = f"{vote.path}/countersignature", {"signature": officer.signature(vote.id)}
    call = partial(server.call, officer.person, "POST", path, body)
    assert codes(at_once([call] * 4)) == [(200, None)] + [DECIDED] * 3
    assert word(app) == [NoticeKind.COUNTERSIGNED]
    assert wrong(verify_file(vote.bundle(client).data)) == []


def test_countersign_and_refuse_at_once(
    app: Flask, cast: Cast, server: Server, client: FlaskClient
):
    officer = SecondOfficer(cast)
    officer.take_office()
    vote = Vote(cast)
    vote.close()
    path = f"{vote.path}/countersignature"
    bodies: list[tuple[str, Any]] = [
        (path, {"signature": officer.signature(vote.id)}),
        (f"{path}/refusal", {"reason": "名单与底册不符"}),
    ]
    calls: list[Callable[[], httpx.Response]] = [
        partial(server.call, officer.person, "POST", *each) for each in bodies * 2
    ]
    assert codes(at_once(calls)) == [(200, None)] + [DECIDED] * 3
    (kind,) = word(app)
    is_signed = wrong(verify_file(vote.bundle(client).data)) == []
    assert is_signed is (kind is NoticeKind.COUNTERSIGNED)


def test_register_two_keys_at_once(app: Flask, cast: Cast, server: Server):
    """One after the other, or one of them is asked to try again; never two live keys."""
    officer = SecondOfficer(cast)
    calls = []
    for _ in range(4):
        officer.key = Ed25519PrivateKey.generate()
        body = officer.registration
        calls.append(partial(server.call, officer.person, "PUT", "/me/officer-key", body))
    found = codes(at_once(calls))
    assert set(found) <= {(200, None), (409, "officer_key_taken")}
    assert (200, None) in found
    assert len(stored(app, select(OfficerKey).where(OfficerKey.revoked_at.is_(None)))) == 1


def test_name_two_officers_at_once(app: Flask, cast: Cast, server: Server):
    officers = [SecondOfficer(cast) for _ in range(2)]
    path = f"/compounds/{cast.home.id}/countersigner"
    calls = [
        partial(
            server.call,
            officer.person,
            "PUT",
            path,
            {"officer_key_id": officer.register().json["id"]},
        )
        for officer in officers
    ]
    assert codes(at_once(calls * 2)) == [(200, None)] * 4
    listed = officers[0].person.get(f"/compounds/{cast.home.id}/countersigners").json
    assert sorted(row["is_named"] for row in listed) == [False, True]
