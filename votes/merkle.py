"""The tree hash of RFC 9162, section 2.1, over SHA-256: one root for a list of byte strings.

A leaf is SHA-256(0x00 + its bytes), a node SHA-256(0x01 + left + right), and the root of no leaves
SHA-256 of nothing. The RFC splits a list at the largest power of two below its length; joining
neighbours level by level, an odd last one moving up as it is, makes the same tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from votes.errors import VotingError


def root(leaves: Sequence[bytes]) -> bytes:
    """The 32 bytes that stand for all leaves in their order."""
    top = hashlib.sha256().digest()
    for level in _levels(leaves):
        top = level[0]
    return top


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes beside the way from the leaf at `index` up to the root, the lowest first.

    Raises `VotingError` with code `no_such_leaf`.
    """
    if not 0 <= index < len(leaves):
        raise VotingError("no_such_leaf", "The tree has no leaf there.", index=index)
    return tuple(
        level[(index >> height) ^ 1]
        for height, level in enumerate(_levels(leaves))
        if (index >> height) ^ 1 < len(level)
    )


def proves_inclusion(
    proof: Sequence[bytes], leaf: bytes, index: int, size: int, root: bytes
) -> bool:
    """Whether the proof leads from `leaf`, as number `index` of `size` leaves, to this root."""
    if not 0 <= index < size:
        return False
    node, last, siblings = _leaf(leaf), size - 1, list(reversed(proof))
    while last:
        if index ^ 1 <= last:
            if not siblings:
                return False
            sibling = siblings.pop()
            node = _node(sibling, node) if index & 1 else _node(node, sibling)
        index, last = index >> 1, last >> 1
    return not siblings and node == root


def _levels(leaves: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The hashes of every level, from the leaves to the root; no level for no leaves."""
    level = [_leaf(leaf) for leaf in leaves]
    while len(level) > 1:
        yield level
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [_node(*pair) for pair in pairs] + level[len(level) & ~1 :]
    if level:
        yield level


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
