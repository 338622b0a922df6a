"""The operator's key: pinned in the database, and compared with what the key store holds.

Which key is ours stands in the database; its private half lies in the key store. Another key in the
store is refused and never adopted, and none is made but by a command (`app.ballots.keys.changes`).
A vote keeps the key that was pinned when it opened, for receipts and bundle alike.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.agenda.models import AgendaSession
from app.ballots.keys.store import (
    KeyDamaged,
    KeyStore,
    KeyUnavailable,
    OperatorKeyNotPinned,
    UnverifiedSignature,
    WrongKeyStore,
)
from app.ballots.models import OperatorKey
from app.config import UnsafeSettings

log = logging.getLogger(__name__)

NEXT_STEPS = {
    "not_pinned": "run `flask keys make`, or `flask keys pin` where there is one already",
    "missing": "the key store holds no operator's key: bring back the right store",
    "differs": "the key store holds another operator's key: bring back the right store",
}


class OperatorKeyState(StrEnum):
    """What a comparison of the pinned key with the key store comes to."""

    OK = "ok"
    NOT_PINNED = "not_pinned"
    MISSING = "missing"
    DIFFERS = "differs"
    STORE_AWAY = "store_away"


def find_pinned(session: Session) -> OperatorKey | None:
    """The operator's key as it is now; None before one was made."""
    return session.scalar(select(OperatorKey).where(OperatorKey.until.is_(None)))


def pinned_key(session: Session) -> bytes:
    """Its 32 public bytes. Raises OperatorKeyNotPinned."""
    pinned = find_pinned(session)
    if pinned is None:
        raise OperatorKeyNotPinned
    return pinned.public_key


def signing_key() -> ColumnElement[bytes]:
    """In a statement about a session: the public key of its receipts and of its bundle; NULL where
    none is pinned. A vote that was open before keys were pinned has the pinned one."""
    pinned = select(OperatorKey.public_key).where(OperatorKey.until.is_(None)).scalar_subquery()
    return func.coalesce(AgendaSession.operator_key, pinned)


def read_signing_key(session: Session, session_id: UUID) -> bytes | None:
    """The public key of this session's receipts and bundle; None where none is pinned."""
    return session.scalar(select(signing_key()).where(AgendaSession.id == session_id))


def find_signer(keys: KeyStore, public_key: bytes | None) -> Ed25519PrivateKey:
    """The private half of what `signing_key` told. Raises OperatorKeyNotPinned, WrongKeyStore."""
    if public_key is None:
        raise OperatorKeyNotPinned
    return keys.signer(public_key)


def require_signing_key(session: Session, session_id: UUID, keys: KeyStore) -> bytes:
    """The public key of this session's receipts and bundle, once the store was found to hold its
    private half just now. Raises OperatorKeyNotPinned, WrongKeyStore, KeyUnavailable."""
    public_key = read_signing_key(session, session_id)
    if public_key is None:
        raise OperatorKeyNotPinned
    keys.require_operator_key(public_key)
    return public_key


def require_verified(public_key: bytes, signature: bytes, message: bytes) -> None:
    """The last look at a bundle before it is committed. Raises UnverifiedSignature where anybody
    who checks the signature would find that it does not hold."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        log.critical("a signature of %s does not verify", public_key.hex())
        raise UnverifiedSignature from None


def require_our_store(session: Session, keys: KeyStore) -> bytes:
    """The pinned public key, once the store was found to hold its private half just now.

    Raises OperatorKeyNotPinned, WrongKeyStore, KeyUnavailable.
    """
    public_key = pinned_key(session)
    keys.require_operator_key(public_key)
    return public_key


def operator_key_state(session: Session, keys: KeyStore) -> OperatorKeyState:
    """How database and key store stand to each other now, for probes and operators: one statement
    and one or two questions to the store, and nothing is raised but what the database raises."""
    pinned = find_pinned(session)
    if pinned is None:
        return OperatorKeyState.NOT_PINNED
    try:
        keys.require_operator_key(pinned.public_key)
    except WrongKeyStore:
        return _what_is_wrong(keys)
    except KeyUnavailable:
        return OperatorKeyState.STORE_AWAY
    return OperatorKeyState.OK


def _what_is_wrong(keys: KeyStore) -> OperatorKeyState:
    try:
        held = keys.held_operator_key()
    except KeyDamaged:
        return OperatorKeyState.DIFFERS
    except KeyUnavailable:
        return OperatorKeyState.STORE_AWAY
    return OperatorKeyState.MISSING if held is None else OperatorKeyState.DIFFERS


def check_before_serving(session: Session, keys: KeyStore) -> None:
    """Raises UnsafeSettings where the store does not hold the pinned key. One that is out of reach
    keeps nothing from starting: without it nothing is signed."""
    state = operator_key_state(session, keys)
    if state not in (OperatorKeyState.OK, OperatorKeyState.STORE_AWAY):
        raise UnsafeSettings(f"KEY_STORE: operator key {state}; {NEXT_STEPS[state]}")


def read_keys(session: Session) -> Sequence[OperatorKey]:
    """Every key that ever was the operator's, the pinned one first."""
    newest_first = (OperatorKey.until.is_not(None), OperatorKey.since.desc())
    return session.scalars(select(OperatorKey).order_by(*newest_first)).all()
