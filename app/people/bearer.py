"""Whose access token came with a request, by the token's own words alone.

For the one path on which every statement counts: there the statement that stores also asks whether
the login still stands. All others ask `app.people.guards`.
"""

from dataclasses import dataclass
from uuid import UUID

import jwt
from flask import current_app, request


@dataclass(frozen=True)
class Bearer:
    """The person and the login that an access token names."""

    resident_id: UUID
    family_id: UUID


def read_bearer() -> Bearer | None:
    """Who is named by a token in the Authorization header that is signed by us, not expired and
    meant for access; None for anything else, so that the full check refuses it with its reason."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return None
    config = current_app.config
    try:
        claims = jwt.decode(
            token,
            config["JWT_SECRET_KEY"],
            algorithms=config["JWT_DECODE_ALGORITHMS"],
            audience=config["JWT_DECODE_AUDIENCE"],
            issuer=config["JWT_DECODE_ISSUER"],
            options={"require": ["exp", "nbf", "jti", "sub", "type", "family"]},
        )
        if claims["type"] != "access":
            return None
        UUID(claims["jti"])
        return Bearer(UUID(claims["sub"]), UUID(claims["family"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        return None
