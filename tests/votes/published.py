"""Published bundles for the tests: elections as values, sealed with keys that everybody knows."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.votes.worked_example import CANDIDATES, ROLL, SLIPS, TITLES, ballot_of
from votes.ballot import PriorityBallot
from votes.bundle import (
    ListedMatter,
    Manifest,
    Pick,
    build_bundle,
    bundle_root,
    canonical_json,
    statement_message,
    with_signatures,
)
from votes.receipt import commitment, promise_message, trackers
from votes.scheme import FIVE_THREE_ONE
from votes.selection import (
    Mode,
    ParticipationRule,
    SelectionRule,
    Turnout,
    required_participation,
    select,
)
from votes.tally import count, rank

OPERATOR = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OFFICER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@dataclass(frozen=True)
class CastBallot:
    """A ballot as its voter cast it; `version` 2 replaced another one."""

    nonce: bytes
    ballot: PriorityBallot
    word: str = ""
    channel: str = "PHONE"
    version: int = 1


def nonce_of(name: str) -> bytes:
    """A nonce that is the same in every run."""
    return hashlib.sha256(name.encode()).digest()[:16]


def public_key(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of its public half."""
    return key.public_key().public_bytes_raw()


def publish(
    manifest: Manifest,
    live: Sequence[CastBallot],
    replaced: Sequence[CastBallot] = (),
    roll: int | None = None,
    officer: Ed25519PrivateKey | None = OFFICER,
) -> dict[str, Any]:
    """The sealed bundle of a vote with these ballots."""
    session = manifest.session_id
    roll = len(live) if roll is None else roll
    turnout = Turnout(
        roll=roll,
        returned=len(live),
        blank=sum(cast.ballot.is_blank for cast in live),
        required=required_participation(manifest.participation, manifest.mode, roll),
    )
    candidates = [matter.candidate for matter in manifest.matters]
    ranked = rank(manifest.scheme, candidates, count(cast.ballot for cast in live))
    ended = {matter.candidate.matter for matter in manifest.matters if matter.ended}
    outcomes = select(
        manifest.selection,
        ranked,
        turnout.returned,
        ended,
        consultative=not turnout.is_sufficient,
    )
    bundle = build_bundle(
        manifest=manifest,
        turnout=turnout,
        roll_root=hashlib.sha256(b"roll").digest(),
        participation={
            channel: sum(cast.channel == channel for cast in live) for channel in ("PHONE", "PAPER")
        },
        picks=chain.from_iterable(picks_of(session, cast) for cast in live),
        commitments=[
            commitment(cast.nonce, session, cast.ballot) for cast in chain(live, replaced)
        ],
        ranked=ranked,
        outcomes=outcomes,
        operator_key=public_key(OPERATOR),
        officer_key=None if officer is None else public_key(officer),
    )
    return sealed(bundle)


def picks_of(session: str, cast: CastBallot) -> list[Pick]:
    """The picks of a ballot with their trackers."""
    codes = trackers(cast.nonce, session, cast.ballot, cast.word)
    return [
        Pick(mark.weight, code, mark.matter)
        for mark, code in zip(cast.ballot.marks, codes, strict=True)
    ]


def sealed(bundle: dict[str, Any], operator: Ed25519PrivateKey = OPERATOR) -> dict[str, Any]:
    """The bundle with the root of its values, signed by operator and officer."""
    bundle = {**bundle, "root": bundle_root(bundle).hex()}
    message = statement_message(bundle)
    second = None if bundle["officer_key"] is None else OFFICER.sign(message)
    return with_signatures(bundle, operator.sign(message), second)


def receipt_of(
    session: str, cast: CastBallot, operator: Ed25519PrivateKey = OPERATOR
) -> dict[str, Any]:
    """The receipt of a cast as its voter keeps it."""
    committed = commitment(cast.nonce, session, cast.ballot)
    return {
        "session_id": session,
        "commitment": committed.hex(),
        "version": cast.version,
        "promise": operator.sign(promise_message(session, committed, cast.version)).hex(),
        "nonce": cast.nonce.hex(),
        "marks": [{"weight": mark.weight, "matter_id": mark.matter} for mark in cast.ballot.marks],
        "word": cast.word,
    }


WORKED_MANIFEST = Manifest(
    session_id="019c0000-0000-7000-8000-000000000531",
    compound="香樟苑小区",
    period="2026-03",
    mode=Mode.ROSTER,
    scheme=FIVE_THREE_ONE,
    participation=ParticipationRule(),
    selection=SelectionRule(),
    matters=tuple(ListedMatter(candidate, TITLES[candidate.matter]) for candidate in CANDIDATES),
    opens_at=datetime(2026, 3, 11, 16, tzinfo=UTC),
    closes_at=datetime(2026, 3, 18, 16, tzinfo=UTC),
)

WORKED_CASTS = {
    voter: CastBallot(
        nonce_of(voter),
        ballot_of(slip),
        word="桂花" if voter == "V05" else "",
        channel="PAPER" if voter == "V10" else "PHONE",
        version=2 if voter == "V08" else 1,
    )
    for voter, slip in SLIPS.items()
}
REPLACED_CAST = CastBallot(nonce_of("V08, the first time"), ballot_of("M06 M04 M01"))


WORKED_FILE = canonical_json(
    publish(WORKED_MANIFEST, tuple(WORKED_CASTS.values()), [REPLACED_CAST], ROLL)
)


def worked_bundle() -> dict[str, Any]:
    """The bundle of the worked example, read anew so that a test may alter it."""
    bundle: dict[str, Any] = json.loads(WORKED_FILE)
    return bundle
