"""The tree hash of RFC 9162, section 2.1, over SHA-256: one root for a list of byte strings.

A leaf is SHA-256(0x00 + its bytes), a node SHA-256(0x01 + left + right), and the root of no leaves
SHA-256 of nothing. The RFC splits a list at the largest power of two below its length; joining
neighbours level by level, an odd last one moving up as it is, makes the same tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[bytes]) -> bytes:
    """The 32 bytes that stand for all leaves in their order."""
    level = [_leaf(leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [_node(*pair) for pair in pairs] + level[len(level) & ~1 :]
    return level[0] if level else hashlib.sha256().digest()


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
