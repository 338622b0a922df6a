"""The key store: keys outside the database and its backups.

It holds one random key for each session or resolution, which turns a voter into a slot, and the
operator's Ed25519 key, which signs promises. Without a session's key its ballots lead to nobody.
Where they lie is told by `app.ballots.keys.choice`, and which operator's key is ours by
`app.ballots.keys.operator`: a store makes none by itself, and signs with none that it is not told.
"""

import hashlib
import hmac
import logging
import os
from abc import ABC, abstractmethod
from functools import cached_property
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.kit.errors import DomainError
from votes.receipt import NONCE_BYTES

log = logging.getLogger(__name__)

KEY_BYTES = 32
CHECK_BYTES = 16
OPERATOR = None
"""In place of a session's id: the operator's own key."""
OPERATOR_KEYS = UUID("6a2f1c52-9d0e-5b7a-8f43-2b1e7c90d6a4")
"""Names the operator's keys beside the one in use, see `own_name`."""


class KeyUnavailable(DomainError):
    status, code = 503, "key_unavailable"
    zh, en = "投票密钥暂时不可用，请稍后再试", "The voting key is not available; try again shortly"

    def __init__(self, *, retry_after: int = 5) -> None:
        super().__init__(retry_after=retry_after)


class KeyDamaged(KeyUnavailable):
    """What lies in the store in place of a key is none."""


class WrongKeyStore(KeyUnavailable):
    """The store holds another operator's key than the pinned one, or none: it is not ours."""

    status, code = 503, "wrong_key_store"
    zh, en = (
        "密钥库不对，正等管理员换回；已投的票都在，请稍后再试",
        "The key store is not ours; the operator has to bring ours back. Ballots that were cast "
        "are all there, try again later",
    )

    def __init__(self) -> None:
        super().__init__(retry_after=60)


class OperatorKeyNotPinned(KeyUnavailable):
    """No operator's key was made, or none was taken over (`flask keys make`, `flask keys pin`)."""

    status, code = 503, "operator_key_not_pinned"
    zh = "运营者的签名密钥还没有设定，请管理员先设定"
    en = "No operator's key is pinned yet; the operator has to do it first"

    def __init__(self) -> None:
        super().__init__(retry_after=60)


class UnverifiedSignature(KeyUnavailable):
    """A signature of ours does not verify under the pinned key: nothing is sealed with it."""

    status, code = 503, "signature_not_verified"
    zh = "签名核对不符，没有封存，请管理员查看"
    en = "The signature does not verify, so nothing was sealed; the operator has to look at it"

    def __init__(self) -> None:
        super().__init__(retry_after=60)


class VotingKeyMissing(KeyUnavailable):
    """The store lacks the key of an open vote, or holds another in its place: `owner` is the
    session or resolution."""

    status, code = 503, "voting_key_missing"
    zh, en = (
        "这次投票的密钥找不到了；找不回来就作废重投，请留意公示栏",
        "The key of this vote cannot be found; if it does not come back, the vote is void and held "
        "again, see the board",
    )

    def __init__(self, owner: UUID) -> None:
        super().__init__(retry_after=60)
        self.owner = owner


KEY_REFUSALS = (
    KeyUnavailable,
    WrongKeyStore,
    OperatorKeyNotPinned,
    UnverifiedSignature,
    VotingKeyMissing,
)
"""Whatever needs keys is refused with one of these."""


class KeyStore(ABC):
    """Keys of 32 bytes, one for each owner: a session or resolution by its id, or OPERATOR.

    Every method raises KeyUnavailable where the store is out of reach. The operator's key lasts and
    is remembered for signing. A session's key is asked for each time it is needed and remembered
    nowhere, so that after `erase` no process still has it; what remembers one for speed must forget
    it no later than the vote closes.
    """

    @abstractmethod
    def keep(self, owner: UUID | None, key: bytes) -> None:
        """Store a key unless its owner has one; when this returns, it outlives a crash."""

    @abstractmethod
    def find(self, owner: UUID | None) -> bytes | None:
        """The owner's key, None where there is none.

        Raises KeyDamaged for one that is damaged: it would lead each voter to a second ballot.
        """

    @abstractmethod
    def held(self) -> list[UUID]:
        """Whose keys are held now: of sessions, of resolutions, and the operator's under a name
        of its own."""

    @abstractmethod
    def erase(self, owner: UUID | None) -> None:
        """Forget a key for good; one that is gone already is no error."""

    @abstractmethod
    def check(self) -> None:
        """Raises UnsafeSettings where the store may lose what it acknowledged, or keep what it
        erased, and KeyUnavailable where it cannot be asked."""

    def close(self) -> None:  # noqa: B027 - a folder holds nothing open
        """Let go of what is held open; the next question opens it anew."""

    def create_session_key(self, session_id: UUID) -> bytes:
        """Make the session's key; one that is there already stays. Answers 16 bytes by which the
        key is known again, and which tell nothing of it."""
        self.keep(session_id, os.urandom(KEY_BYTES))
        return _check_of(self._session_key(session_id, None))

    def require_session_key(self, session_id: UUID, check: bytes | None) -> None:
        """Raises VotingKeyMissing where the key that opening made is not there any more."""
        self._session_key(session_id, check)

    def slot(self, session_id: UUID, voter_id: UUID, check: bytes | None) -> bytes:
        """The 32 bytes under which this voter's ballot lies. `check` is what `create_session_key`
        answered. Raises VotingKeyMissing."""
        key = self._session_key(session_id, check)
        return hmac.digest(key, voter_id.bytes, hashlib.sha256)

    def slip_nonce(self, session_id: UUID, serial: str, check: bytes | None) -> bytes:
        """The 16 bytes that are printed on this paper slip. They are stored nowhere and gone with
        the session's key. Raises VotingKeyMissing."""
        key = self._session_key(session_id, check)
        return hmac.digest(key, b"paper slip\n" + serial.encode(), hashlib.sha256)[:NONCE_BYTES]

    def signer(self, public_key: bytes) -> Ed25519PrivateKey:
        """The operator's key whose public half this is; no other is ever used in its place, and
        so whatever it signs verifies.

        Raises WrongKeyStore where the store does not hold it. A process that has found it once
        asks no more.
        """
        known = self._signers.get(public_key)
        if known is None:
            known = self._signers[public_key] = self._find_signer(public_key)
        return known

    def sign(self, message: bytes, public_key: bytes) -> bytes:
        """The signature (64 bytes, the same for the same message) that verifies under this public
        key of the operator. Raises WrongKeyStore."""
        return self.signer(public_key).sign(message)

    def require_operator_key(self, public_key: bytes) -> None:
        """Look into the store now, whatever this process has found before. Raises WrongKeyStore."""
        self._find_signer(public_key)

    def held_operator_key(self) -> bytes | None:
        """The public half of the key in OPERATOR's place, None where there is none. Raises
        KeyDamaged."""
        seed = self.find(OPERATOR)
        return None if seed is None else public_half(seed)

    def _session_key(self, session_id: UUID, check: bytes | None) -> bytes:
        try:
            key = self.find(session_id)
        except KeyDamaged:
            key = None
        if key is None or (check is not None and _check_of(key) != check):
            log.critical("the key store does not hold the key of vote %s", session_id)
            raise VotingKeyMissing(session_id)
        return key

    @cached_property
    def _signers(self) -> dict[bytes, Ed25519PrivateKey]:
        return {}

    def _find_signer(self, public_key: bytes) -> Ed25519PrivateKey:
        for owner in (OPERATOR, own_name(public_key)):
            try:
                seed = self.find(owner)
            except KeyDamaged:
                continue
            if seed is not None and public_half(seed) == public_key:
                return Ed25519PrivateKey.from_private_bytes(seed)
        log.critical("the key store does not hold the operator's key %s", public_key.hex())
        raise WrongKeyStore


def own_name(public_key: bytes) -> UUID:
    """Under which an operator's key lies beside the one in use, while a vote needs it."""
    return uuid5(OPERATOR_KEYS, public_key.hex())


def public_half(seed: bytes) -> bytes:
    """The 32 bytes with which anyone checks what this key has signed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


class OutOfReach(KeyStore):
    """In place of a store that is known to be away: refuses at once what would wait in vain."""

    def check(self) -> None:
        raise KeyUnavailable

    def keep(self, owner: UUID | None, key: bytes) -> None:
        raise KeyUnavailable

    def find(self, owner: UUID | None) -> bytes | None:
        raise KeyUnavailable

    def held(self) -> list[UUID]:
        raise KeyUnavailable

    def erase(self, owner: UUID | None) -> None:
        raise KeyUnavailable


def checked(key: bytes) -> bytes:
    """The key, if it is whole. Raises KeyDamaged."""
    if len(key) != KEY_BYTES:
        raise KeyDamaged
    return key


def _check_of(key: bytes) -> bytes:
    return hmac.digest(key, b"key check\n", hashlib.sha256)[:CHECK_BYTES]
