// The tree hash of RFC 9162, section 2.1: one root for a list of byte strings.

import { sha256 } from "../vendor/noble-hashes/sha2.js";
import { concatBytes } from "../vendor/noble-hashes/utils.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The 32 bytes over these leaves. */
export function treeRoot(leaves) {
  if (leaves.length === 0) {
    return sha256(new Uint8Array());
  }
  return rootBetween(leaves, 0, leaves.length);
}

/** The RFC's recursion: the left part is the largest power of two below the number of leaves. */
function rootBetween(leaves, start, end) {
  const size = end - start;
  if (size === 1) {
    return sha256(concatBytes(LEAF, leaves[start]));
  }
  let left = 1;
  while (2 * left < size) {
    left *= 2;
  }
  const middle = start + left;
  return sha256(
    concatBytes(NODE, rootBetween(leaves, start, middle), rootBetween(leaves, middle, end)),
  );
}
