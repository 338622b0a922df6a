"""URLs of voting: open, extend, close, cast, turnout, result."""

import os
from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

from flask import Response, current_app, jsonify, request
from werkzeug.http import quote_etag

from app.agenda.access import as_seen
from app.agenda.models import AgendaSession, RollEntry, SessionState
from app.agenda.roll import participation
from app.agenda.schemas import SessionSchema
from app.ballots import schemas, sealing, storing, voting
from app.ballots.cast import casting
from app.ballots.cast.first_cast import cast_first
from app.ballots.keys.operator import read_keys, require_our_store
from app.ballots.keys.store import KEY_REFUSALS, KeyStore
from app.ballots.models import OperatorKey, SessionResult
from app.ballots.paper import entry as paper_entry
from app.ballots.polled import look_at_session, look_at_turnout, result_bodies, result_version
from app.ballots.refusals import VOTE_REFUSALS, VoteVoid, vote_void
from app.ballots.sealing import NoResult, NothingToRecount, VotingNotClosed
from app.kit import clock, due
from app.kit.errors import NotFound, WrongState, found
from app.kit.extensions import db
from app.kit.web.api import Blueprint
from app.people.guards import (
    EVERYONE_THERE,
    act,
    allow,
    allow_later,
    check_token,
    current_actor,
    current_bearer,
    obtain,
    public,
    rule_was_applied,
    signed_in,
)
from app.people.models import Role
from votes.ballot import Mark
from votes.receipt import NONCE_BYTES

blp = Blueprint("ballots", __name__, description="531 投票 · 5-3-1 ballots and results")

Answer: TypeAlias = Response | dict[str, Any] | tuple[dict[str, Any], dict[str, str]]

CAST_EXAMPLE = {
    "marks": [
        {"weight": 5, "matter_id": "0198c0de-0000-7000-8000-00000000000a"},
        {"weight": 3, "matter_id": "0198c0de-0000-7000-8000-00000000000b"},
        {"weight": 1, "matter_id": "0198c0de-0000-7000-8000-00000000000c"},
    ],
    "nonce": "00112233445566778899aabbccddeeff",
    "expected_version": 0,
}

BUNDLE = {
    "type": "object",
    "description": "结果文件，格式见 docs/bundle.md · The bundle, see docs/bundle.md",
}
BUNDLE_EXAMPLE = {"format": "yueyuetan-bundle-v1", "blank": 0, "root": "0f" * 32}


def _keys() -> KeyStore:
    keys: KeyStore = current_app.extensions["keys"]
    return keys


def _extension_days() -> int:
    days: int = current_app.extensions["settings"].extension_days
    return days


@blp.post("/sessions/<uuid:session_id>/open-voting", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, voting.CountedByHand, *KEY_REFUSALS)
def open_voting(session_id: UUID) -> dict[str, Any]:
    """开始投票 · Open the vote now. With fewer than two matters there is no vote: the state becomes
    TALLIED."""
    return as_seen(act(voting.open_voting, obtain(AgendaSession, session_id), _keys()))


@blp.post("/sessions/<uuid:session_id>/extend-voting", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, voting.ExtensionUsed)
def extend_voting(session_id: UUID) -> dict[str, Any]:
    """延长投票 · Extend the vote by three days; only once."""
    return as_seen(act(voting.extend_voting, obtain(AgendaSession, session_id), _extension_days()))


@blp.post("/sessions/<uuid:session_id>/close-voting", SessionSchema)
@allow(Role.BRANCH_SECRETARY)
@blp.refuses(WrongState, voting.TooFewBallots, voting.PaperBallotsWaiting, *VOTE_REFUSALS)
def close_voting(session_id: UUID) -> dict[str, Any]:
    """截止投票 · Close, count and seal the vote; before the announced end only if enough people
    voted."""
    agenda_session = act(
        voting.close_voting, obtain(AgendaSession, session_id), _keys(), _extension_days()
    )
    return as_seen(agenda_session)


@blp.put("/sessions/<uuid:session_id>/ballot", schemas.ReceiptSchema)
@allow_later(Role.RESIDENT)
@blp.arguments(schemas.CastArgs(), example=CAST_EXAMPLE)
@blp.refuses(
    WrongState,
    storing.NotOnRoll,
    storing.UnderAge,
    storing.StaffMayNotVote,
    storing.InvalidBallot,
    casting.VersionConflict,
    casting.BallotWithdrawn,
    casting.ReplacementsUsedUp,
    storing.NonceReused,
    storing.PaperBallotExists,
    *VOTE_REFUSALS,
)
def cast_ballot(body: dict[str, Any], session_id: UUID) -> casting.Receipt:
    """投票 · Cast a ballot, or replace your own, until voting closes."""
    nonce = body.pop("nonce") or os.urandom(NONCE_BYTES)
    marks = [Mark(mark["weight"], str(mark["matter_id"])) for mark in body.pop("marks")]
    cast = {"marks": marks, "nonce": nonce, **body}
    receipt = cast_first(db.engine, current_bearer(), session_id, _keys(), **cast)
    if receipt is not None:
        rule_was_applied()
        return receipt
    agenda_session = _obtain_in_full(session_id)
    try:
        receipt = casting.cast_ballot(
            db.session(), agenda_session, current_actor(), _keys(), **cast
        )
    except storing.PaperBallotExists:
        db.session.rollback()
        paper_entry.log_refused_cast(db.session(), agenda_session)
        db.session.commit()
        raise
    db.session.commit()
    return receipt


@blp.get("/sessions/<uuid:session_id>/ballot", schemas.ReceiptSchema)
@allow(Role.RESIDENT)
@blp.refuses(*VOTE_REFUSALS, casting.BallotsSealed)
def read_ballot(session_id: UUID) -> casting.Receipt:
    """我的选票 · Your own ballot, until voting closes; 404 if you have none."""
    agenda_session = obtain(AgendaSession, session_id)
    return found(casting.read_ballot(db.session(), agenda_session, current_actor(), _keys()))


@blp.get("/sessions/<uuid:session_id>/turnout", schemas.TurnoutReportSchema)
@allow_later(*EVERYONE_THERE)
def read_turnout(session_id: UUID) -> Answer:
    """投票人数 · How many may vote and how many did. Nothing else is shown while voting is open.

    The numbers may be a second old, and a later answer may show older numbers.
    """
    turnout = look_at_turnout(db.engine, current_bearer(), session_id)
    if turnout is None:
        agenda_session = _obtain_in_full(session_id)
        people = participation(db.session(), [session_id])[session_id]
        told = {"state": agenda_session.state, **vars(people)}
        if agenda_session.state is SessionState.VOID:
            told["successor_id"] = agenda_session.successor_id
        return told
    rule_was_applied()
    return _unless_seen(turnout.version) or (vars(turnout), _tag(turnout.version))


@blp.get("/sessions/<uuid:session_id>/result", schemas.ResultSchema)
@allow_later(*EVERYONE_THERE)
@blp.refuses(VotingNotClosed, NoResult, VoteVoid)
def read_result(session_id: UUID) -> Response:
    """计票结果 · The count, the order of the matters, and the reasons for it."""
    progress = look_at_session(db.engine, current_bearer(), session_id)
    if progress is not None and progress.outcome is not None:
        rule_was_applied()
        version = result_version(session_id, progress.state)
        unchanged, body = _unless_seen(version), result_bodies.get(version)
        if unchanged is not None:
            return unchanged
        if body is not None:
            return Response(body, mimetype="application/json", headers=_tag(version))
    agenda_session = _obtain_in_full(session_id)
    if agenda_session.state is SessionState.CANCELLED:
        raise NoResult
    if agenda_session.state is SessionState.VOID:
        raise vote_void(db.session(), session_id)
    if agenda_session.outcome is None:
        raise VotingNotClosed
    result = db.session.get_one(SessionResult, session_id)
    version = result_version(session_id, agenda_session.state)
    answer = jsonify(schemas.ResultSchema().dump(result))
    result_bodies.put(version, answer.get_data())
    answer.headers.update(_tag(version))
    return answer


def _obtain_in_full(session_id: UUID) -> AgendaSession:
    """The session as any other view obtains it, moved on if that is due, or the reason why not."""
    check_token()
    agenda_session = obtain(AgendaSession, session_id)
    if agenda_session.is_due(clock.now()) or agenda_session.key_missing_since is not None:
        due.follow(session_id=session_id)
    return agenda_session


def _unless_seen(version: str) -> Response | None:
    """An empty 304 for a reader who has this version."""
    if not request.if_none_match.contains_weak(version):
        return None
    return Response(status=304, headers=_tag(version))


def _tag(version: str) -> dict[str, str]:
    return {"ETag": quote_etag(version), "Cache-Control": "private, no-cache"}


@blp.get("/sessions/<uuid:session_id>/bundle.json")
@public
@blp.refuses(NotFound, VotingNotClosed, NoResult, NothingToRecount, VoteVoid)
@blp.response(200, BUNDLE, content_type="application/json", example=BUNDLE_EXAMPLE)
def read_bundle(session_id: UUID) -> Response:
    """结果文件 · The sealed result, from which anyone can recount (`docs/bundle.md`)."""
    state, digest = found(sealing.find_bundle(db.session(), session_id))
    if digest is None:
        raise sealing.no_bundle(db.session(), session_id, state)
    answer = Response(mimetype="application/json", headers={"Cache-Control": "public, no-cache"})
    answer.set_etag(digest.hex())
    answer.make_conditional(request)
    if answer.status_code == 200:
        answer.set_data(sealing.read_bundle(db.session(), session_id))
    return answer


@blp.get("/me/participations", schemas.ParticipationSchema(many=True))
@signed_in
def list_participations() -> Sequence[RollEntry]:
    """以我名义收到的选票 · Ballots that were received in your name: channel and day.

    Whoever finds a day here on which they did not vote tells the community: this is the main
    defence against a ballot cast in another's name.
    """
    return casting.participations(db.session(), current_actor().id)


@blp.get("/operator-key", schemas.OperatorKeySchema)
@public
@blp.refuses(*KEY_REFUSALS)
def read_operator_key() -> dict[str, Any]:
    """运营者公钥 · The public key that verifies receipts and bundles, and the keys used before
    it."""
    require_our_store(db.session(), _keys())
    pinned, *former = read_keys(db.session())
    return {**_told_key(pinned), "former": former}


def _told_key(key: OperatorKey) -> dict[str, Any]:
    return {"algorithm": key.algorithm, "public_key": key.public_key, "since": key.since}
