"""Public keys of small order, found by arithmetic on the curve and tried on the real library."""

import json
from itertools import product

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tests.votes.published import WORKED_FILE
from votes.bundle import bundle_root, statement_message
from votes.verify import verify_bundle
from votes.weak_keys import is_weak

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    """The sum of two points of edwards25519 (RFC 8032, 5.1.4), affine."""
    (x1, y1), (x2, y2) = one, other
    product_ = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product_, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product_, -1, P) % P
    return x, y


def root_of(square: int) -> int | None:
    root = pow(square, (P + 3) // 8, P)
    for candidate in (root, root * pow(2, (P - 1) // 4, P) % P):
        if candidate * candidate % P == square % P:
            return candidate
    return None


def times(factor: int, point: Point) -> Point:
    total: Point = (0, 1)
    while factor:
        total = add(total, point) if factor & 1 else total
        point, factor = add(point, point), factor >> 1
    return total


def small_points() -> set[Point]:
    """All points of order 8 or less: what is left of any point times the large prime order."""
    prime = 2**252 + 27742317777372353535851937790883648493
    found: set[Point] = set()
    y = 2
    while len(found) < 8:
        y += 1
        x = root_of((y * y - 1) * pow(D * y * y + 1, -1, P))
        if x is not None:
            point = times(prime, (x, y))
            found |= {times(factor, point) for factor in range(8)}
    return found


def spellings(point: Point) -> set[bytes]:
    """Every 32 bytes that a lenient reader takes for the point: y or y + p, either sign for x = 0
    or not, as some readers mask the sign."""
    _, y = point
    values = {y, y + P} if y + P < 2**255 else {y}
    return {(v | sign << 255).to_bytes(32, "little") for v, sign in product(values, (0, 1))}


WEAK = sorted(set().union(*map(spellings, small_points())))


def test_there_are_eight_small_points_and_all_their_spellings_are_weak() -> None:
    assert len(small_points()) == 8
    assert len(WEAK) == 14
    assert all(map(is_weak, WEAK))


def test_ordinary_keys_are_not_weak() -> None:
    for _ in range(200):
        assert not is_weak(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def library_takes(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("key", [(0).to_bytes(32, "little"), (1).to_bytes(32, "little")])
def test_bundle_with_a_weak_officer_key_is_not_countersigned_by_what_anybody_can_make(
    key: bytes,
) -> None:
    """The library takes such a signature, made without any private key; the verifier does not."""
    forged = None
    for number in range(64):
        bundle = json.loads(WORKED_FILE)
        bundle["officer_key"] = key.hex()
        bundle["manifest"]["period"] = f"2026-03 {number}"  # the forger chooses among statements
        bundle["root"] = bundle_root(bundle).hex()
        message = statement_message(bundle)
        signature = (1).to_bytes(32, "little") + bytes(32)
        if library_takes(key, signature, message):
            forged = {**bundle, "countersignature": signature.hex()}
            break
    assert forged is not None, "nothing to try: the library refuses such keys by now"
    wrong = {check.name for check in verify_bundle(forged) if not check.ok}
    assert "countersignature" in wrong
