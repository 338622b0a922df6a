"""Changes of the operator's key, each by a command: made, taken over, replaced, and forgotten.

A rotation in the middle of a vote changes nothing for it: receipts were promised under the key that
was pinned when it opened, and its bundle is signed with the same. So the private half of a former
key stays in the store, under a name of its own, until no vote needs it. Its public half stays
published for good.
"""

import json
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agenda.models import OPEN_STATES, AgendaSession
from app.ballots.keys.notices import OPERATOR_KEY_CHANGED
from app.ballots.keys.operator import (
    OperatorKeyState,
    find_pinned,
    operator_key_state,
    require_our_store,
)
from app.ballots.keys.store import (
    OPERATOR,
    KeyDamaged,
    KeyStore,
    KeyUnavailable,
    WrongKeyStore,
    own_name,
    public_half,
)
from app.ballots.models import OperatorKey, SessionBundle
from app.board.posting import post
from app.compounds.models import Compound
from app.kit.audit import record
from app.kit.clock import read_database_clock
from app.kit.orm import table_of

log = logging.getLogger(__name__)

RETRY_TIME = timedelta(days=1)
"""How long after its last vote a former key still answers who has lost the answer to a cast."""


class KeyRefused(RuntimeError):
    """A command on the operator's key that would break what was promised; the text says why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")


def make_key(session: Session, keys: KeyStore) -> OperatorKey:
    """Make the operator's key and pin it; the caller commits. Raises KeyRefused where there is one
    in the database or in the store, and KeyUnavailable."""
    if find_pinned(session) is not None:
        raise KeyRefused(
            "运营者密钥已经设定；要换，用 flask keys rotate",
            "there is an operator's key already; `flask keys rotate` replaces it",
        )
    if keys.held_operator_key() is not None:
        raise KeyRefused(
            "密钥库里已有一把运营者密钥；沿用它，用 flask keys pin",
            "the key store holds an operator's key already; `flask keys pin` takes it over",
        )
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    keys.keep(OPERATOR, seed)
    if keys.held_operator_key() != public_half(seed):
        raise KeyRefused("同时有别人在设定密钥", "somebody else made one at the same moment")
    return _pin(session, public_half(seed), read_database_clock(session), "make")


def pin_held_key(session: Session, keys: KeyStore, *, take_former: bool = False) -> OperatorKey:
    """Pin the key that the store holds, as an installation from before keys were pinned does; the
    caller commits.

    It is compared with what was published: where a sealed bundle names another key, that is said,
    and only with `take_former` are those keys kept as former ones. Raises KeyRefused,
    KeyUnavailable.
    """
    if find_pinned(session) is not None:
        raise KeyRefused("运营者密钥已经设定", "there is an operator's key already")
    public_key = keys.held_operator_key()
    if public_key is None:
        raise KeyRefused(
            "密钥库里没有运营者密钥；第一次用 flask keys make",
            "the key store holds no operator's key; `flask keys make` makes the first",
        )
    at = read_database_clock(session)
    signed = _signed_before(session)
    others = [each for each in signed if each.public_key != public_key]
    if others and not take_former:
        raise KeyRefused(*_differing(others))
    for each in others:
        session.add(OperatorKey(public_key=each.public_key, since=each.first, until=each.last))
    ours = [each.first for each in signed if each.public_key == public_key]
    pinned = _pin(session, public_key, min([at, *ours]), "pin")
    for each in others:
        _name_key(session, each.public_key, AgendaSession.id.in_(each.sessions))
    return pinned


def rotate_key(session: Session, keys: KeyStore) -> OperatorKey:
    """Pin a new key and tell every board; the caller commits, then calls `settle`.

    Votes that are open keep the key of before, which stays in the store under its own name. Raises
    KeyRefused, WrongKeyStore, KeyUnavailable.
    """
    former = _require_pinned(session)
    seed = keys.signer(former.public_key).private_bytes_raw()
    keys.require_operator_key(former.public_key)
    _keep_by_name(keys, seed)
    return _pin_another(session, keys, former, is_loss=False)


def replace_lost_key(session: Session, keys: KeyStore) -> OperatorKey:
    """As `rotate_key` where the private half of the pinned key is gone for good. What it has signed
    still holds; votes that are open cannot be sealed and become void (`app.ballots.keys.lost`).

    Raises KeyRefused where the store holds that key, or another in its place, and KeyUnavailable.
    """
    former = _require_pinned(session)
    state = operator_key_state(session, keys)
    if state is OperatorKeyState.STORE_AWAY:
        raise KeyUnavailable
    if state is not OperatorKeyState.MISSING:
        raise KeyRefused(
            "密钥库里有运营者密钥，没有丢；先用 flask keys show 看看",
            "the key store holds an operator's key, none is lost; see `flask keys show`",
        )
    return _pin_another(session, keys, former, is_loss=True)


def _require_pinned(session: Session) -> OperatorKey:
    pinned = find_pinned(session)
    if pinned is None:
        raise KeyRefused("还没有运营者密钥", "there is no operator's key yet")
    return pinned


def _pin_another(
    session: Session, keys: KeyStore, former: OperatorKey, *, is_loss: bool
) -> OperatorKey:
    fresh = Ed25519PrivateKey.generate().private_bytes_raw()
    _keep_by_name(keys, fresh)
    at = read_database_clock(session)
    former.retire(at)
    session.flush()  # it must leave the unique index before the new one enters it
    # Votes from before keys were pinned.
    _name_key(session, former.public_key, AgendaSession.scheme.is_not(None))
    pinned = _pin(session, public_half(fresh), at, "rotate")
    _tell_every_board(session, former, pinned, at, is_loss=is_loss)
    return pinned


def settle(session: Session, keys: KeyStore) -> None:
    """Put the pinned key into the operator's place in the store, where a rotation was committed
    and that was not done. Raises WrongKeyStore, KeyUnavailable, OperatorKeyNotPinned."""
    public_key = require_our_store(session, keys)
    if _held(keys) != public_key:
        seed = keys.signer(public_key).private_bytes_raw()
        keys.erase(OPERATOR)
        keys.keep(OPERATOR, seed)
    keys.require_operator_key(public_key)
    if keys.held_operator_key() == public_key:
        keys.erase(own_name(public_key))


def _held(keys: KeyStore) -> bytes | None:
    try:
        return keys.held_operator_key()
    except KeyDamaged:  # half erased, by a change that broke off
        return None


def forget_former(session: Session, keys: KeyStore, held: Collection[object]) -> int:
    """Erase former keys that no vote needs any more from the store, which holds these owners; how
    many. One that was in use a moment ago may be that of a vote whose opening commits just now."""
    long_enough_ago = read_database_clock(session) - RETRY_TIME
    needs_it = (
        select(AgendaSession.id)
        .where(
            AgendaSession.operator_key == OperatorKey.public_key,
            or_(
                AgendaSession.state.in_(sorted(OPEN_STATES)),
                AgendaSession.closed_at > long_enough_ago,
            ),
        )
        .exists()
    )
    former = select(OperatorKey.public_key).where(OperatorKey.until < long_enough_ago, ~needs_it)
    unneeded = [key for key in session.scalars(former) if own_name(key) in held]
    for public_key in unneeded:
        keys.erase(own_name(public_key))
        log.warning("former operator key %s erased from the key store", public_key.hex())
    return len(unneeded)


def _keep_by_name(keys: KeyStore, seed: bytes) -> None:
    owner = own_name(public_half(seed))
    keys.keep(owner, seed)
    if keys.find(owner) != seed:
        raise WrongKeyStore


def _pin(session: Session, public_key: bytes, since: datetime, verb: str) -> OperatorKey:
    pinned = OperatorKey(public_key=public_key, since=since)
    try:
        with session.begin_nested():
            session.add(pinned)
    except IntegrityError:
        raise KeyRefused(
            "同时有别人在设定密钥，或这把密钥以前用过",
            "somebody else pinned one at the same moment, or this key was used before",
        ) from None
    at = read_database_clock(session)
    record(session, pinned, verb, None, at, reason=public_key.hex())
    return pinned


@dataclass(frozen=True)
class _Signed:
    """With which key bundles were signed before keys were pinned, and when."""

    public_key: bytes
    sessions: list[UUID]
    first: datetime
    last: datetime


def _signed_before(session: Session) -> list[_Signed]:
    """By the public keys that stand in the published bundles."""
    query = select(SessionBundle.session_id, SessionBundle.sealed_at, SessionBundle.body)
    found: dict[bytes, list[tuple[UUID, datetime]]] = {}
    for session_id, sealed_at, body in session.execute(query.execution_options(yield_per=100)):
        key = bytes.fromhex(json.loads(body)["operator_key"])
        found.setdefault(key, []).append((session_id, sealed_at))
    return [
        _Signed(key, [one for one, _ in rows], min(times), max(times))
        for key, rows in found.items()
        for times in [[at for _, at in rows]]
    ]


def _differing(others: list[_Signed]) -> tuple[str, str]:
    keys = ", ".join(f"{each.public_key.hex()} ({len(each.sessions)})" for each in others)
    return (
        f"已公布的结果文件是用别的密钥签的：{keys}。密钥库若不对，先换回；若确是从前换过，"
        "用 --take-former 把它们记为旧密钥",
        f"published bundles were signed with other keys: {keys}. Bring back the right store, or, "
        "where the key was replaced in the past, keep them as former ones with --take-former",
    )


def _name_key(session: Session, public_key: bytes, which: ColumnElement[bool]) -> None:
    """Write down which key these sessions have, where none stands yet."""
    session.execute(
        update(table_of(AgendaSession))
        .where(which, AgendaSession.operator_key.is_(None))
        .values(operator_key=public_key)
    )


@dataclass(frozen=True)
class _KeyChange:
    """One key of the operator in the place of another, as a compound's board tells of it."""

    former: OperatorKey
    pinned: OperatorKey
    compound: Compound
    is_loss: bool

    @property
    def id(self) -> UUID:
        """Each board has one notice of each change."""
        return uuid5(self.pinned.id, str(self.compound.id))


def _tell_every_board(
    session: Session, former: OperatorKey, pinned: OperatorKey, at: datetime, *, is_loss: bool
) -> None:
    """运营者密钥更换: a notice on the board of each compound."""
    for compound in session.scalars(select(Compound).where(Compound.until.is_(None))):
        change = _KeyChange(former, pinned, compound, is_loss)
        post(session, OPERATOR_KEY_CHANGED, change, at)
