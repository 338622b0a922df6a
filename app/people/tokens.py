"""Access and refresh tokens: rotation, detection of reuse by family, revocation, lost tokens.

An access token lives a quarter of an hour, a refresh token thirty days and is used once. A refresh
token that comes a second time has been copied: its whole family is revoked (RFC 9700, 4.14.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app
from flask_jwt_extended import create_access_token, create_refresh_token, get_jti
from jwt import InvalidTokenError
from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Unauthorized
from app.kit.extensions import db, jwt
from app.kit.web.problems import on_refusal
from app.people.actor import Actor
from app.people.models import (
    Appointment,
    RefreshToken,
    Residence,
    ResidenceState,
    Resident,
    TokenFamily,
)
from app.people.refusals import TokenReused
from app.signing import Purpose, signing_keys


@dataclass(frozen=True)
class TokenPair:
    """What a login or a refresh gives out; `expires_in` in seconds, of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int


def start_family(session: Session, resident: Resident, at: datetime) -> TokenPair:
    """A new login: a family with its first pair of tokens."""
    family = TokenFamily(resident_id=resident.id, started_at=at)
    session.add(family)
    session.flush()
    return _issue(session, family, at)


def rotate(session: Session, jti: UUID, at: datetime) -> TokenPair:
    """Exchange a refresh token for a new pair.

    Raises TokenReused where it was used before; the caller commits the revocation all the same.
    """
    # One UPDATE decides who was first; a SELECT before it would let two through.
    family_id = session.scalar(
        update(RefreshToken)
        .where(RefreshToken.id == jti, RefreshToken.used_at.is_(None))
        .values(used_at=at)
        .returning(RefreshToken.family_id)
    )
    if family_id is None:
        token = session.get(RefreshToken, jti)
        if token is None:
            raise Unauthorized
        revoke(session, token.family_id, at, why="reuse")
        raise TokenReused
    family = session.get_one(TokenFamily, family_id)
    if family.revoked_at is not None:
        raise Unauthorized
    return _issue(session, family, at)


def revoke(session: Session, family_id: UUID, at: datetime, why: str) -> None:
    """End all tokens of one login; a second time changes nothing."""
    session.execute(
        update(TokenFamily)
        .where(TokenFamily.id == family_id, TokenFamily.revoked_at.is_(None))
        .values(revoked_at=at, revoked_why=why)
    )


@dataclass(frozen=True)
class _Subject:
    """Whom a token is for and what it is for; this chooses the key that signs it."""

    resident_id: UUID
    purpose: Purpose


def access_token(resident_id: UUID, family_id: UUID, lifetime: timedelta | None = None) -> str:
    """A token that names this person and login, for a quarter of an hour or for `lifetime`."""
    subject = _Subject(resident_id, Purpose.ACCESS_TOKEN)
    token: str = create_access_token(
        subject, additional_claims={"family": str(family_id)}, expires_delta=lifetime
    )
    return token


def _issue(session: Session, family: TokenFamily, at: datetime) -> TokenPair:
    subject = _Subject(family.resident_id, Purpose.REFRESH_TOKEN)
    claims = {"family": str(family.id)}
    refresh_token = create_refresh_token(subject, additional_claims=claims)
    lifetime = timedelta(seconds=current_app.config["JWT_REFRESH_TOKEN_EXPIRES"])
    session.add(
        RefreshToken(id=UUID(get_jti(refresh_token)), family_id=family.id, expires_at=at + lifetime)
    )
    return TokenPair(
        access_token=access_token(family.resident_id, family.id),
        refresh_token=refresh_token,
        expires_in=current_app.config["JWT_ACCESS_TOKEN_EXPIRES"],
    )


@jwt.user_identity_loader
def name_subject(subject: _Subject) -> str:
    """The `sub` of a token."""
    return str(subject.resident_id)


@jwt.additional_headers_loader
def name_key(subject: _Subject) -> dict[str, str]:
    """The id of the key, so that an earlier one is found after a rotation."""
    return {"kid": signing_keys().current(subject.purpose).id}


@jwt.encode_key_loader
def choose_key(subject: _Subject) -> bytes:
    """The key that signs."""
    return signing_keys().current(subject.purpose).value


@jwt.decode_key_loader
def find_key(header: dict[str, Any], payload: dict[str, Any]) -> bytes:
    """The key that must have signed. Raises InvalidTokenError for an id that is not ours, and for
    one of another purpose than the token says it has."""
    purposes = {"access": Purpose.ACCESS_TOKEN, "refresh": Purpose.REFRESH_TOKEN}
    purpose = purposes.get(str(payload.get("type")))
    key = purpose and signing_keys().find(purpose, header.get("kid"))
    if not key:
        raise InvalidTokenError
    return key.value


@jwt.token_verification_loader
def is_complete(header: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Whether the token expires one day, has an id of ours, and is of one of our two types.

    The library asks for none of it, and takes any other type for an access token.
    """
    try:
        UUID(payload["jti"])
    except (ValueError, TypeError, AttributeError):
        return False
    return "exp" in payload and payload["type"] in ("access", "refresh")


# Every request asks this, so it is one statement, a row for each office, or one without; and it is
# put together once, which takes as long as running it.
ACTOR = (
    select(Resident, Residence, Appointment)
    .join(TokenFamily, TokenFamily.resident_id == Resident.id)
    .outerjoin(
        Residence,
        (Residence.resident_id == Resident.id) & (Residence.state == ResidenceState.VERIFIED),
    )
    .outerjoin(
        Appointment,
        and_(Appointment.resident_id == Resident.id, Appointment.is_held(bindparam("today"))),
    )
    .where(
        Resident.id == bindparam("resident_id"),
        TokenFamily.id == bindparam("family_id"),
        TokenFamily.revoked_at.is_(None),
    )
)


@jwt.user_lookup_loader
def load_actor(header: dict[str, Any], payload: dict[str, Any]) -> Actor | None:
    """The person behind a valid token with residence and offices of today; None once revoked."""
    try:
        resident_id, family_id = UUID(payload["sub"]), UUID(payload["family"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    asked = {"resident_id": resident_id, "family_id": family_id}
    found = db.session.execute(ACTOR, {**asked, "today": clock.local_date(clock.now())}).all()
    if not found:
        return None
    resident, residence, _ = found[0]
    appointments = tuple(office for _, _, office in found if office is not None)
    return Actor(resident, family_id, residence, appointments)


def _refuse(*args: Any) -> Response:
    return on_refusal(Unauthorized())


# Whatever is wrong with a token, the answer is the same 401.
jwt.unauthorized_loader(_refuse)
jwt.invalid_token_loader(_refuse)
jwt.expired_token_loader(_refuse)
jwt.revoked_token_loader(_refuse)
jwt.needs_fresh_token_loader(_refuse)
jwt.user_lookup_error_loader(_refuse)
jwt.token_verification_failed_loader(_refuse)
