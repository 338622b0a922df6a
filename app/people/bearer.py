"""Whose access token came with a request by the token's own words, and the conditions by which a
statement asks the rest.

For the paths on which every statement counts: there the statement that stores or reads also asks
whether the login still stands, and who lives or holds an office where. All others ask
`app.people.guards`, and a condition here may be stricter than a guard, never laxer.
"""

from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any
from uuid import UUID

import jwt
from flask import current_app, request
from sqlalchemy import ColumnElement, Date, Exists, Uuid, bindparam, exists, or_

from app.kit.orm import constant
from app.kit.remembered import Remembered
from app.people.models import Appointment, Residence, ResidenceState, TokenFamily
from app.signing import Key, Purpose, SigningKeys, signing_keys

# Their names are apart from those of columns, which an INSERT or UPDATE would set to them.
RESIDENT_ID = bindparam("by_resident", type_=Uuid)
FAMILY_ID = bindparam("by_family", type_=Uuid)
TODAY = bindparam("on_day", type_=Date)
MANY_TOKENS = 4096


@dataclass(frozen=True)
class Bearer:
    """The person and the login that an access token names."""

    resident_id: UUID
    family_id: UUID

    def parameters(self) -> dict[str, Any]:
        """For statements with the conditions of this module."""
        return {"by_resident": self.resident_id, "by_family": self.family_id}


@dataclass(frozen=True)
class _GoodToken:
    """Whom a token names whose signature was found good, and when it is valid, in Unix seconds."""

    bearer: Bearer
    since: int
    until: int


# By the ids of the keys that count and the token's digest; a token itself is in no memory for
# longer than its request. A phone that polls sends the same one for a quarter of an hour; checking
# its signature again would take longer than the database takes to answer.
_good_tokens: Remembered[tuple[tuple[str, ...], bytes], _GoodToken] = Remembered(MANY_TOKENS)


def read_bearer() -> Bearer | None:
    """Who is named by a token in the Authorization header that is signed by us, not expired and
    meant for access; None for anything else, so that the full check refuses it with its reason."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return None
    return _find(token)


def _find(token: str) -> Bearer | None:
    keys = signing_keys()
    place = (keys.ids(Purpose.ACCESS_TOKEN), sha256(token.encode()).digest())
    found = _good_tokens.get(place)
    if found is None:
        found = _check(keys, token)
        if found is None:
            return None
        _good_tokens.put(place, found)
    return found.bearer if found.since <= time() < found.until else None


def _check(keys: SigningKeys, token: str) -> _GoodToken | None:
    config = current_app.config
    try:
        key = _key_of(keys, token)
        if key is None:
            return None
        claims = jwt.decode(
            token,
            key.value,
            algorithms=config["JWT_DECODE_ALGORITHMS"],
            audience=config["JWT_DECODE_AUDIENCE"],
            issuer=config["JWT_DECODE_ISSUER"],
            options={"require": ["exp", "nbf", "jti", "sub", "type", "family"]},
        )
        if claims["type"] != "access":
            return None
        UUID(claims["jti"])
        bearer = Bearer(UUID(claims["sub"]), UUID(claims["family"]))
        return _GoodToken(bearer, int(claims["nbf"]), int(claims["exp"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        return None


def _key_of(keys: SigningKeys, token: str) -> Key | None:
    return keys.find(Purpose.ACCESS_TOKEN, jwt.get_unverified_header(token).get("kid"))


def login_stands() -> ColumnElement[bool]:
    """The login is this person's and was not revoked."""
    return exists().where(
        TokenFamily.id == FAMILY_ID,
        TokenFamily.resident_id == RESIDENT_ID,
        TokenFamily.revoked_at.is_(None),
    )


def lives_in(compound_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The person's residence in the compound was verified."""
    return exists().where(
        Residence.resident_id == RESIDENT_ID,
        Residence.compound_id == compound_id,
        Residence.state == constant(ResidenceState.VERIFIED),
    )


def holds_office_over(
    compound_id: ColumnElement[UUID],
    community_id: ColumnElement[UUID],
    subdistrict_id: ColumnElement[UUID],
) -> Exists:
    """The person holds an office of the compound or of a place above it on the day `on_day`."""
    return exists().where(
        Appointment.resident_id == RESIDENT_ID,
        or_(
            Appointment.compound_id == compound_id,
            Appointment.community_id == community_id,
            Appointment.subdistrict_id == subdistrict_id,
        ),
        Appointment.since <= TODAY,
        or_(Appointment.until.is_(None), Appointment.until > TODAY),
        Appointment.ended_at.is_(None),
    )
