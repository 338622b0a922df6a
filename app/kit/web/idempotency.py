"""Creating the same thing once: the `Idempotency-Key` header of creating writes.

A phone that lost the answer sends the request again with the same key and gets the thing that the
first request made. Key and thing are stored in one commit, so a failed request blocks nothing.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from flask import request
from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.errors import DomainError
from app.kit.extensions import db
from app.kit.orm import Base, HasId
from app.kit.web.api import KeyReused, refused

T = TypeVar("T", bound=HasId)

MAX_KEY = 100


class IdempotencyKey(Base):
    """One resident's key, the request that it came with, and what that request made."""

    __tablename__ = "idempotency_keys"

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_id: Mapped[UUID]
    made_at: Mapped[datetime]


def make_once(kind: type[T], resident_id: UUID, at: datetime, create: Callable[[], T]) -> T:
    """What `create` makes, or what it made when this request came the first time.

    Without the header `create` just runs. Raises KeyReused where the key came with another
    request. The caller commits.
    """
    key = _key()
    if key is None:
        return create()
    request_hash = _request_hash()
    made = _made_before(kind, resident_id, key, request_hash)
    if made is not None:
        return made
    try:
        with db.session.begin_nested():
            thing = create()
            db.session.flush()
            db.session.add(
                IdempotencyKey(
                    resident_id=resident_id,
                    key=key,
                    request_hash=request_hash,
                    made_id=thing.id,
                    made_at=at,
                )
            )
    except (IntegrityError, DomainError):
        # The same request, at the same moment, may have been first: then its thing is in the way.
        made = _made_before(kind, resident_id, key, request_hash)
        if made is None:
            raise
        return made
    return thing


def made_before(kind: type[T], resident_id: UUID) -> T | None:
    """What this request made when it came the first time, None where it is new: for a view that
    has slow work to do before `make_once`. Raises KeyReused as that does."""
    key = _key()
    return None if key is None else _made_before(kind, resident_id, key, _request_hash())


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise refused("Idempotency-Key", "invalid", "幂等键格式不对", "Not a valid key")
    return key


def _made_before(kind: type[T], resident_id: UUID, key: str, request_hash: bytes) -> T | None:
    row = db.session.get(IdempotencyKey, (resident_id, key))
    if row is None:
        return None
    made = db.session.get(kind, row.made_id)
    if row.request_hash != request_hash or made is None:
        raise KeyReused
    return made


def _request_hash() -> bytes:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    digest.update(request.get_data())
    # A multipart body has been parsed and is empty by now.
    for name, value in request.form.items(multi=True):
        digest.update(f"{name}={value}\n".encode(errors="surrogatepass"))
    for file in request.files.values():
        file.stream.seek(0)  # the view may have read it
        digest.update(file.stream.read())
        file.stream.seek(0)
    return digest.digest()
