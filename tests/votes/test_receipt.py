import hashlib
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.receipt import canonical, commitment, promise_message, tracker, trackers

NONCE = bytes(range(16))
SESSION = "019c0000-0000-7000-8000-000000000531"
M1 = "019c0000-0000-7000-8000-0000000000a1"
M2 = "019c0000-0000-7000-8000-0000000000b2"
M3 = "019c0000-0000-7000-8000-0000000000c3"
BALLOT = PriorityBallot((Mark(1, M1), Mark(5, M2), Mark(3, M3)))

CANONICAL = (
    b"yueyuetan-ballot-v1\n"
    b"019c0000-0000-7000-8000-000000000531\n"
    b"5 019c0000-0000-7000-8000-0000000000b2\n"
    b"3 019c0000-0000-7000-8000-0000000000c3\n"
    b"1 019c0000-0000-7000-8000-0000000000a1\n"
)
NONCE_AS_BYTES = b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"

ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
nonces = st.binary(min_size=16, max_size=16)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def ballots(draw: st.DrawFn) -> PriorityBallot:
    matters = draw(st.lists(ids, unique=True, max_size=4))
    marked = [Mark(draw(st.sampled_from((5, 3, 1))), matter) for matter in matters]
    return PriorityBallot(tuple(marked))


def pick(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()[:10]


def test_canonical_golden() -> None:
    assert canonical(SESSION, BALLOT) == CANONICAL


def test_canonical_of_a_blank_ballot_has_two_lines() -> None:
    assert canonical("S1", PriorityBallot()) == b"yueyuetan-ballot-v1\nS1\n"


def test_commitment_golden() -> None:
    expected = hashlib.sha256(NONCE_AS_BYTES + CANONICAL)

    assert commitment(NONCE, SESSION, BALLOT) == expected.digest()
    assert (
        expected.hexdigest() == "403f0ced08893ae13c02dc5204c08722059b34cf7a107e96eda64432e6d167e5"
    )


def test_tracker_golden() -> None:
    head = b"pick\n019c0000-0000-7000-8000-000000000531\n"

    assert tracker(NONCE, SESSION, "5") == pick(head, b"5\n", NONCE_AS_BYTES)
    assert tracker(NONCE, SESSION, "5").hex() == "9354bda10fa9b3d64245"
    assert trackers(NONCE, SESSION, BALLOT, "桂花") == (
        pick(head, b"5\n", NONCE_AS_BYTES, b"\xe6\xa1\x82\xe8\x8a\xb1"),
        pick(head, b"3\n", NONCE_AS_BYTES, b"\xe6\xa1\x82\xe8\x8a\xb1"),
        pick(head, b"1\n", NONCE_AS_BYTES, b"\xe6\xa1\x82\xe8\x8a\xb1"),
    )


def test_trackers_number_the_further_picks_of_a_slot() -> None:
    ballot = PriorityBallot(
        (Mark(1, "m0"), Mark(5, "m3"), Mark(5, "m1"), Mark(5, "m2"), Mark(3, "m4"))
    )

    assert trackers(NONCE, "S1", ballot) == tuple(
        pick(b"pick\nS1\n", label, b"\n", NONCE_AS_BYTES)
        for label in (b"5", b"5.2", b"5.3", b"3", b"1")
    )


def test_trackers_of_a_blank_ballot_are_none() -> None:
    assert trackers(NONCE, SESSION, PriorityBallot()) == ()


def test_promise_message_golden() -> None:
    assert promise_message("S1", bytes(range(32)), 2) == (
        b"yueyuetan-promise-v1\n"
        b"S1\n"
        b"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        b"2\n"
    )


def test_word_is_the_same_however_it_was_typed() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"

    assert tracker(NONCE, "S1", "5", decomposed) == tracker(NONCE, "S1", "5", composed)
    assert tracker(NONCE, "S1", "5", composed) == pick(
        b"pick\nS1\n5\n", NONCE_AS_BYTES, b"caf\xc3\xa9"
    )


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(VotingError) as of_commitment:
        commitment(bytes(length), SESSION, BALLOT)
    with pytest.raises(VotingError) as of_tracker:
        tracker(bytes(length), SESSION, "5")

    assert of_commitment.value.code == of_tracker.value.code == "invalid_nonce"


USES_OF_AN_ID: dict[str, Callable[[str], object]] = {
    "canonical, session": lambda bad: canonical(bad, BALLOT),
    "canonical, matter": lambda bad: canonical(SESSION, PriorityBallot((Mark(5, bad),))),
    "tracker, session": lambda bad: tracker(NONCE, bad, "5"),
    "tracker, label": lambda bad: tracker(NONCE, SESSION, bad),
    "promise": lambda bad: promise_message(bad, bytes(32), 1),
}


@pytest.mark.parametrize("use", USES_OF_AN_ID.values(), ids=USES_OF_AN_ID.keys())
@pytest.mark.parametrize("bad", ["", "a b", "a\n", "a\nb", "\x7f", "月", "\ud800"], ids=ascii)
def test_id_that_could_be_read_in_two_ways_is_refused(
    use: Callable[[str], object], bad: str
) -> None:
    with pytest.raises(VotingError) as refusal:
        use(bad)

    assert refusal.value.code == "invalid_id"


def test_word_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(VotingError) as refusal:
        tracker(NONCE, SESSION, "5", "\ud83d")

    assert refusal.value.code == "invalid_word"


@given(nonces, nonces, ids, ids, ballots(), ballots())
def test_commitment_changes_with_every_input(
    nonce: bytes,
    other_nonce: bytes,
    session: str,
    other_session: str,
    ballot: PriorityBallot,
    other_ballot: PriorityBallot,
) -> None:
    assume(nonce != other_nonce and session != other_session and ballot != other_ballot)

    commitments = {
        commitment(nonce, session, ballot),
        commitment(other_nonce, session, ballot),
        commitment(nonce, other_session, ballot),
        commitment(nonce, session, other_ballot),
    }

    assert len(commitments) == 4


@given(nonces, nonces, ids, ids, words)
def test_tracker_changes_with_every_input(
    nonce: bytes, other_nonce: bytes, session: str, other_session: str, word: str
) -> None:
    assume(nonce != other_nonce and session != other_session)

    found = {
        tracker(nonce, session, "5", word),
        tracker(other_nonce, session, "5", word),
        tracker(nonce, other_session, "5", word),
        tracker(nonce, session, "3", word),
        tracker(nonce, session, "5", word + "x"),
    }

    assert len(found) == 5


@given(nonces, ids, ballots(), words)
def test_trackers_of_a_ballot_are_distinct(
    nonce: bytes, session: str, ballot: PriorityBallot, word: str
) -> None:
    found = trackers(nonce, session, ballot, word)

    assert len(set(found)) == len(found) == len(ballot.marks)
    assert {len(value) for value in found} <= {10}
