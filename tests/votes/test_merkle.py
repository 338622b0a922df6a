import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from votes.errors import VotingError
from votes.merkle import inclusion_proof, proves_inclusion, root

# The test data of Certificate Transparency: the roots of the first 0 to 8 of these leaves.
LEAVES = tuple(
    map(
        bytes.fromhex,
        (
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ),
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

lists_of_leaves = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def numbered(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


def root_by_the_definition(leaves: Sequence[bytes]) -> bytes:
    """The recursive definition of the RFC, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = root_by_the_definition(leaves[:split]), root_by_the_definition(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(9))
def test_root_golden(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_root_equals_the_recursive_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == root_by_the_definition(leaves)


@pytest.mark.parametrize("size", [*range(1, 35), 63, 64, 65, 200])
def test_root_and_proofs_equal_pymerkle(size: int) -> None:
    leaves = numbered(size)
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)

    assert root(leaves) == tree.get_root()
    for index in range(size):
        # pymerkle counts leaves from one, and a path of its begins with the leaf.
        theirs = tree.prove_inclusion(index + 1).path
        assert [root([leaves[index]]), *inclusion_proof(leaves, index)] == theirs


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = (hashlib.sha256(b"\x00" + leaf).digest() for leaf in (b"a", b"b"))

    assert root([left + right]) != root([b"a", b"b"])


@given(lists_of_leaves, st.data())
def test_every_proof_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)

    assert proves_inclusion(proof, leaves[index], index, len(leaves), root(leaves))
    assert len(proof) <= (len(leaves) - 1).bit_length()


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13])
def test_proof_holds_for_nothing_else(size: int) -> None:
    leaves = numbered(size)
    top = root(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, index)
        flipped = bytes([proof[0][0] ^ 1]) + proof[0][1:]
        assert not proves_inclusion(proof, b"another", index, size, top)
        assert not proves_inclusion(proof, leaf, index, size, bytes(32))
        assert not proves_inclusion(proof[:-1], leaf, index, size, top)
        assert not proves_inclusion((*proof, bytes(32)), leaf, index, size, top)
        assert not proves_inclusion((flipped, *proof[1:]), leaf, index, size, top)
        for other in range(size):
            assert proves_inclusion(proof, leaf, other, size, top) == (other == index)


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_leaf_outside_the_tree_has_no_proof(index: int) -> None:
    with pytest.raises(VotingError) as refusal:
        inclusion_proof([b"a", b"b"], index)

    assert refusal.value.code == "no_such_leaf"
    assert not proves_inclusion((), b"a", index, 2, root([b"a"]))
