"""Keys for what we sign, one for each purpose, all derived from SECRET_KEY (HKDF, RFC 5869).

What is signed for one purpose is worth nothing for another: a cursor is no link, and an access
token is no refresh token, even where the same library writes both. With SECRET_KEY_PREVIOUS a new
secret signs at once, while what the earlier ones signed goes on being accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import digest

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

KEY_BYTES = 32
ID_BYTES = 8


class Purpose(StrEnum):
    """What a key is for. The words go into the key: another word is another key."""

    ACCESS_TOKEN = "access token"  # noqa: S105 - the words of a purpose
    REFRESH_TOKEN = "refresh token"  # noqa: S105
    CURSOR = "cursor of a list"
    ATTACHMENT_LINK = "link to an attachment"
    ATTENDANCE_CODE = "attendance code"
    LIMITED_ASKER = "asker of a limited operation"


@dataclass(frozen=True)
class Key:
    """A key of one purpose. Its id stands in the head of a token and tells nothing of the key."""

    purpose: Purpose
    id: str
    value: bytes = field(repr=False)


class SigningKeys:
    """The keys of all purposes, under the present secret and those before it."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        secrets = [each.encode() for each in (secret, *previous)]
        self._keys = {purpose: [_derive(each, purpose) for each in secrets] for purpose in Purpose}
        self._ids = {purpose: tuple(key.id for key in keys) for purpose, keys in self._keys.items()}
        self._by_id = {key.id: key for keys in self._keys.values() for key in keys}

    def current(self, purpose: Purpose) -> Key:
        """The key that signs."""
        return self._keys[purpose][0]

    def ids(self, purpose: Purpose) -> tuple[str, ...]:
        """What tells one set of keys from another, the newest first."""
        return self._ids[purpose]

    def find(self, purpose: Purpose, key_id: object) -> Key | None:
        """The key of this id, which may be of an earlier secret; None where it is not ours, or of
        another purpose."""
        key = self._by_id.get(key_id) if isinstance(key_id, str) else None
        return key if key is not None and key.purpose is purpose else None

    def serializer(self, purpose: Purpose, context: str = "") -> URLSafeSerializer:
        """Signs values for one purpose, and one `context` within it, such as a list's address."""
        return URLSafeSerializer(self._newest_last(purpose), salt=context)

    def timed_serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        """The same, with the time of signing."""
        return URLSafeTimedSerializer(self._newest_last(purpose), salt="")

    def tag(self, purpose: Purpose, text: str) -> str:
        """A name under which `text` can be counted and from which nobody reads it."""
        data = text.encode(errors="surrogatepass")
        return digest(self.current(purpose).value, data, "sha256")[:16].hex()

    def _newest_last(self, purpose: Purpose) -> list[bytes]:
        return [key.value for key in reversed(self._keys[purpose])]


def _derive(secret: bytes, purpose: Purpose) -> Key:
    return Key(
        purpose,
        _hkdf(secret, f"id of the key: {purpose}", ID_BYTES).hex(),
        _hkdf(secret, f"key: {purpose}", KEY_BYTES),
    )


def _hkdf(secret: bytes, label: str, length: int) -> bytes:
    # The labels of ids and of keys differ, so an id says nothing of its key.
    info = f"yueyuetan, {label}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)


def init_app(app: Flask, secret: str, previous: Sequence[str]) -> None:
    """Give the application its keys. It does not keep the secret anywhere else."""
    app.extensions["signing"] = SigningKeys(secret, previous)


def signing_keys() -> SigningKeys:
    """The keys of the application that is asked."""
    keys: SigningKeys = current_app.extensions["signing"]
    return keys
