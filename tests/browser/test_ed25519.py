"""Signatures in the browser: what OpenSSL accepts, no more and no less, at the edges too."""

import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from playwright.sync_api import Page

from tests.browser.cases import GROUP_ORDER
from tests.votes.published import OPERATOR, public_key

PRIME = 2**255 - 19
SIGN = 2**255
EIGHTH_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
"""A y of the points whose order is 8."""


def encoded(number: int) -> bytes:
    return number.to_bytes(32, "little")


SMALL = [
    encoded(y + sign)
    for y in (0, 1, PRIME - 1, EIGHTH_Y, PRIME - EIGHTH_Y, PRIME, PRIME + 1, 2)
    for sign in (0, SIGN)
]
"""Keys of small order, each in all its encodings, and one that is no point."""

ASK = """async (asked) => {
  const { isSigned } = await import("/static/verify/ed25519.js");
  return asked.map(([key, signature, text]) =>
    isSigned(key, signature, new TextEncoder().encode(text)));
}"""

# Keys with a part of small order, and signatures by somebody who knows the rest of the key: they
# hold with the cofactor always, and without it for about one text in eight.
MIXED = """async ([small, texts]) => {
  const { Point } = await import("/static/vendor/noble-ed25519/index.js");
  const { sha512 } = await import("/static/vendor/noble-hashes/sha2.js");
  const utils = await import("/static/vendor/noble-hashes/utils.js");
  const { bytesToHex, concatBytes, hexToBytes } = utils;
  const { isSigned } = await import("/static/verify/ed25519.js");
  const little = (bytes) => BigInt("0x" + bytesToHex(bytes.slice().reverse()));
  const order = Point.CURVE().n;
  const secret = 531n;
  const key = Point.BASE.multiply(secret).add(Point.fromBytes(hexToBytes(small))).toBytes();
  return texts.map((text, index) => {
    const nonce = BigInt(index + 2);
    const r = Point.BASE.multiply(nonce).toBytes();
    const message = new TextEncoder().encode(text);
    const k = little(sha512(concatBytes(r, key, message))) % order;
    const s = ((nonce + k * secret) % order).toString(16).padStart(64, "0");
    const signature = bytesToHex(concatBytes(r, hexToBytes(s).reverse()));
    return [bytesToHex(key), signature, text, isSigned(bytesToHex(key), signature, message)];
  });
}"""


def in_openssl(key: str, signature: str, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), text.encode()
        )
    except InvalidSignature:
        return False
    return True


def asked(page: Page, site: str, cases: list[tuple[str, str, str]]) -> list[bool]:
    page.goto(f"{site}/verify")
    found: list[bool] = page.evaluate(ASK, cases)
    return found


def test_signatures_of_sound_keys_agree(page: Page, site: str):
    key = public_key(OPERATOR).hex()
    cases = []
    for number in range(40):
        text = f"月月谈 {number}"
        r, s = (part.hex() for part in halves(OPERATOR.sign(text.encode())))
        greater = encoded(int.from_bytes(bytes.fromhex(s), "little") + GROUP_ORDER).hex()
        bit = hashlib.sha256(text.encode()).digest()[0]
        flipped = bytearray(bytes.fromhex(r + s))
        flipped[bit // 8] ^= 1 << bit % 8
        cases += [(key, r + s, text), (key, r + greater, text), (key, flipped.hex(), text)]
    found = asked(page, site, cases)
    assert found == [in_openssl(*case) for case in cases]
    assert found.count(True) == 40


def halves(signature: bytes) -> tuple[bytes, bytes]:
    return signature[:32], signature[32:]


def test_no_signature_under_a_key_of_small_order_holds(page: Page, site: str):
    cases = [
        (key.hex(), (r + encoded(s)).hex(), f"{number}")
        for number, key in enumerate(SMALL)
        for r in SMALL
        for s in (0, GROUP_ORDER)
    ]
    assert any(in_openssl(*case) for case in cases)  # the library takes some, so we must refuse
    assert not any(asked(page, site, cases))


def test_keys_of_mixed_order_agree(page: Page, site: str):
    page.goto(f"{site}/verify")
    small = encoded(EIGHTH_Y).hex()
    told: list[Any] = page.evaluate(MIXED, [small, [f"{n}" for n in range(60)]])
    found = [verdict for *_, verdict in told]
    assert found == [in_openssl(*case) for *case, _ in told]
    assert 1 <= found.count(True) <= 20
