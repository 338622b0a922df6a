"""Ed25519 public keys under which anybody can sign.

A point of small order makes a signature hold for one message in eight without any private key
(RFC 8032 lets verifiers accept it, and most do). There are eight such points, and five of their
coordinates y, two of which can be written in two ways.
"""

from __future__ import annotations

_FIELD = 2**255 - 19
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826

_WEAK = frozenset(
    {0, 1, _FIELD - 1, _FIELD, _FIELD + 1, _ORDER_EIGHT, _FIELD - _ORDER_EIGHT},
)


def is_weak(public_key: bytes) -> bool:
    """Whether these 32 bytes are a point of small order, in whatever spelling."""
    sign_bit = 1 << 255
    return int.from_bytes(public_key, "little") % sign_bit in _WEAK
