"""The key store: keys outside the database and its backups.

It holds one random key for each session or resolution, which turns a voter into a slot, and the
operator's Ed25519 key, which signs promises. Without a session's key its ballots lead to nobody.
Where they lie is told by `app.ballots.key_stores`.
"""

import hashlib
import hmac
import os
from abc import ABC, abstractmethod
from functools import cached_property
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.errors import DomainError
from votes.receipt import NONCE_BYTES

KEY_BYTES = 32
OPERATOR = None
"""In place of a session's id: the operator's own key."""


class KeyUnavailable(DomainError):
    status, code = 503, "key_unavailable"
    zh, en = "投票密钥暂时不可用，请稍后再试", "The voting key is not available, try again shortly"

    def __init__(self, *, retry_after: int = 5) -> None:
        super().__init__(retry_after=retry_after)


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

        Raises KeyUnavailable for one that is damaged: it would lead each voter to a second ballot.
        """

    @abstractmethod
    def held(self) -> list[UUID]:
        """Whose keys are held now, those of sessions and of resolutions."""

    @abstractmethod
    def erase(self, owner: UUID | None) -> None:
        """Forget a key for good; one that is gone already is no error."""

    @abstractmethod
    def check(self) -> None:
        """Raises UnsafeSettings where the store may lose what it acknowledged, or keep what it
        erased, and KeyUnavailable where it cannot be asked."""

    def create_session_key(self, session_id: UUID) -> None:
        """Make the session's key; one that is there already stays."""
        self.keep(session_id, os.urandom(KEY_BYTES))

    def slot(self, session_id: UUID, voter_id: UUID) -> bytes:
        """The 32 bytes under which this voter's ballot lies."""
        return hmac.digest(self._session_key(session_id), voter_id.bytes, hashlib.sha256)

    def slip_nonce(self, session_id: UUID, serial: str) -> bytes:
        """The 16 bytes that are printed on this paper slip. They are stored nowhere and gone with
        the session's key. Raises KeyUnavailable."""
        key = self._session_key(session_id)
        return hmac.digest(key, b"paper slip\n" + serial.encode(), hashlib.sha256)[:NONCE_BYTES]

    def sign(self, message: bytes) -> bytes:
        """The operator's Ed25519 signature (64 bytes, the same for the same message)."""
        return self._operator_key.sign(message)

    def operator_public_key(self) -> bytes:
        """The 32 bytes with which anyone checks a promise."""
        return self._find_operator_key().public_key().public_bytes_raw()

    def _session_key(self, session_id: UUID) -> bytes:
        key = self.find(session_id)
        if key is None:
            raise KeyUnavailable
        return key

    @cached_property
    def _operator_key(self) -> Ed25519PrivateKey:
        return self._find_operator_key()

    def _find_operator_key(self) -> Ed25519PrivateKey:
        key = self.find(OPERATOR)
        if key is None:
            self.keep(OPERATOR, os.urandom(KEY_BYTES))
            key = self.find(OPERATOR)  # of several processes that start at once, one was first
        if key is None:
            raise KeyUnavailable
        return Ed25519PrivateKey.from_private_bytes(key)


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
    """The key, if it is whole. Raises KeyUnavailable."""
    if len(key) != KEY_BYTES:
        raise KeyUnavailable
    return key
