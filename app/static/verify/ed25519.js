// Checking a signature by Ed25519 (RFC 8032, section 5.1.7), as OpenSSL does it: S below the group's
// order; the key's point may be spelled with a number above the prime; no cofactor; and R must be
// the bytes of the point that comes out. Browsers cannot do this everywhere: WebCrypto has
// no Ed25519 on older phones, and is missing altogether on a page that came by plain http.

import { Point } from "../vendor/noble-ed25519/index.js";
import { sha512 } from "../vendor/noble-hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "../vendor/noble-hashes/utils.js";

const { n: ORDER, p: FIELD } = Point.CURVE();
const ORDER_EIGHT = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SIGN_BIT = 1n << 255n;

// Points of small order: under such a key anybody can sign.
const WEAK = new Set([0n, 1n, FIELD - 1n, FIELD, FIELD + 1n, ORDER_EIGHT, FIELD - ORDER_EIGHT]);

/** Whether the 64 bytes of `signature` are the signature of this message by this key (both hex). */
export function isSigned(key, signature, message) {
  const r = hexToBytes(signature.slice(0, 64));
  const s = littleEndian(hexToBytes(signature.slice(64)));
  const publicKey = hexToBytes(key);
  const point = pointOf(publicKey);
  const isWeak = WEAK.has(littleEndian(publicKey) % SIGN_BIT);
  if (s >= ORDER || point === null || isWeak) {
    return false;
  }
  const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % ORDER;
  const found = Point.BASE.multiply(s, false).subtract(point.multiply(k, false));
  return bytesToHex(found.toBytes()) === bytesToHex(r);
}

function pointOf(publicKey) {
  try {
    return Point.fromBytes(publicKey, true);
  } catch {
    return null;
  }
}

function littleEndian(bytes) {
  return BigInt(`0x${bytesToHex(bytes.slice().reverse())}`);
}
