"""Countersigning a sealed vote, or refusing to: the second officer's word on the result."""

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.ballots import notices
from app.ballots.countersign.officers import is_signed
from app.ballots.models import OfficerKey, SessionBundle
from app.ballots.sealing import no_bundle
from app.board.posting import post
from app.kit.errors import DomainError
from app.kit.moves import begin_move, record_move
from app.people.actor import Actor
from app.people.models import Role
from votes.bundle import canonical_json, statement_message


class NoCountersigner(DomainError):
    status, code = 409, "no_countersigner"
    zh, en = "这次投票没有约定会签人", "No second officer was to countersign this vote"


class NotTheCountersigner(DomainError):
    status, code = 403, "not_the_countersigner"
    zh, en = "约定的会签人不是您", "You are not the officer named to countersign"


class OfficerKeyRevoked(DomainError):
    status, code = 409, "officer_key_revoked"
    zh = "约定的会签公钥已经撤销，这份结果不能再会签"
    en = "The key of this vote was revoked; its result can no longer be countersigned"


class InvalidCountersignature(DomainError):
    status, code = 422, "invalid_countersignature"
    zh = "签名与约定的公钥和结果文件不符"
    en = "The signature does not match the key and the bundle of this vote"


def countersign(
    session: Session, agenda_session: AgendaSession, by: Actor, signature: bytes
) -> None:
    """Take the officer's signature (64 bytes) into the bundle, whose root stays, and tell it.

    Raises VotingNotClosed, NoResult, NoCountersigner, NotTheCountersigner, CountersigningDecided,
    OfficerKeyRevoked, InvalidCountersignature.
    """
    at = begin_move(session, agenda_session)
    sealed = _obtain_bundle(session, agenda_session)
    public_key = _require_countersigner(agenda_session, by)
    agenda_session.countersign(at)
    _require_live(session, public_key)
    bundle = json.loads(sealed.body)
    if not is_signed(public_key, signature, statement_message(bundle)):
        raise InvalidCountersignature
    body = canonical_json({**bundle, "countersignature": signature.hex()})
    sealed.take_countersignature(body, hashlib.sha256(body).digest())
    record_move(session, agenda_session, "countersign", by.resident, at)
    post(
        session,
        notices.COUNTERSIGNED,
        agenda_session,
        at,
        root=sealed.root,
        data={"bundle_root": sealed.root.hex(), "countersignature": signature.hex()},
    )


def refuse_countersignature(
    session: Session, agenda_session: AgendaSession, by: Actor, reason: str
) -> None:
    """Publish that the officer does not countersign, and why; the bundle stays as it is.

    Raises VotingNotClosed, NoResult, NoCountersigner, NotTheCountersigner, CountersigningDecided.
    """
    at = begin_move(session, agenda_session)
    sealed = _obtain_bundle(session, agenda_session)
    _require_countersigner(agenda_session, by)
    agenda_session.refuse_countersignature(at, reason)
    record_move(session, agenda_session, "refuse_countersignature", by.resident, at, reason=reason)
    post(
        session,
        notices.COUNTERSIGNATURE_REFUSED,
        agenda_session,
        at,
        root=sealed.root,
        reason=reason,
        data={"bundle_root": sealed.root.hex(), "reason": reason},
    )


def _obtain_bundle(session: Session, agenda_session: AgendaSession) -> SessionBundle:
    sealed = session.get(SessionBundle, agenda_session.id)
    if sealed is None:
        raise no_bundle(session, agenda_session.id, agenda_session.state)
    return sealed


def _require_countersigner(agenda_session: AgendaSession, by: Actor) -> bytes:
    """The public key that was fixed when voting opened, for nobody but its holder.

    Whoever has become secretary of the branch since then is no second person any more.
    """
    if agenda_session.officer_key is None:
        raise NoCountersigner
    is_the_secretary = Role.BRANCH_SECRETARY in by.roles_in(agenda_session.compound)
    if by.id != agenda_session.countersigner_id or is_the_secretary:
        raise NotTheCountersigner
    return agenda_session.officer_key


def _require_live(session: Session, public_key: bytes) -> None:
    query = select(OfficerKey.revoked_at).where(OfficerKey.public_key == public_key)
    if session.execute(query).scalar_one() is not None:
        raise OfficerKeyRevoked
