"""The exact bytes behind a voter's receipt, so that a second program can recompute them.

All text is ASCII but for the voter's word. `\\n` is the single byte 0x0A; every line ends in it,
the last one too. Numbers are decimal without sign, leading zeros or separators. Ids are printable
ASCII without spaces (0x21 to 0x7E). `+` joins bytes.

canonical ballot, one line for each mark, weight descending, then matter id in byte order; a blank
ballot has the first two lines only:

    yueyuetan-ballot-v1\\n
    <session id>\\n
    <weight> <matter id>\\n

commitment, 32 bytes; the nonce is 16 random bytes made by the voter's device for each cast:

    SHA-256( nonce + canonical ballot )

tracker of one mark, the first 10 bytes of

    SHA-256( "pick\\n" + session id + "\\n" + label + "\\n" + nonce + word )

where `label` is the weight for the first mark of a slot and the weight, a full stop and the
position for the further ones ("5", "5.2", "5.3"), counted in canonical order; `word` is the
voter's own optional text in Unicode NFC as UTF-8, empty if there is none. The layout can be read
in one way only: no id or label contains a newline, the nonce has a fixed length, and the word is
all that follows.

promise, the text that the operator signs; the commitment is in lower-case hexadecimal, and the
version is 1 for a voter's first cast and grows by one with each replacement:

    yueyuetan-promise-v1\\n
    <session id>\\n
    <commitment>\\n
    <version>\\n
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter

from votes.ballot import PriorityBallot
from votes.errors import VotingError

NONCE_BYTES = 16
TRACKER_BYTES = 10

_ID = re.compile(r"[!-~]+")


def canonical(session_id: str, ballot: PriorityBallot) -> bytes:
    """The one spelling of a ballot in a session.

    Raises `VotingError` with code `invalid_id` for an id that the format cannot hold.
    """
    marks = [f"{mark.weight} {_checked_id(mark.matter)}" for mark in ballot.marks]
    return _lines("yueyuetan-ballot-v1", _checked_id(session_id), *marks)


def commitment(nonce: bytes, session_id: str, ballot: PriorityBallot) -> bytes:
    """The 32 bytes that bind a voter to a ballot without showing it.

    Raises `VotingError` with code `invalid_nonce` or `invalid_id`.
    """
    return hashlib.sha256(_checked_nonce(nonce) + canonical(session_id, ballot)).digest()


def tracker(nonce: bytes, session_id: str, label: str, word: str = "") -> bytes:
    """The 10 bytes by which a voter finds one mark in the published list.

    Raises `VotingError` with code `invalid_nonce`, `invalid_id`, or `invalid_word` for a word
    that UTF-8 cannot hold.
    """
    head = _lines("pick", _checked_id(session_id), _checked_id(label))
    return hashlib.sha256(head + _checked_nonce(nonce) + _word_bytes(word)).digest()[:TRACKER_BYTES]


def trackers(
    nonce: bytes, session_id: str, ballot: PriorityBallot, word: str = ""
) -> tuple[bytes, ...]:
    """The trackers of a ballot, one for each mark and in the order of its marks."""
    return tuple(tracker(nonce, session_id, label, word) for label in labels(ballot))


def labels(ballot: PriorityBallot) -> list[str]:
    """The label of each mark, in the order of the ballot's marks."""
    found = []
    picks: Counter[int] = Counter()
    for weight, _ in ballot.marks:
        picks[weight] += 1
        found.append(f"{weight}" if picks[weight] == 1 else f"{weight}.{picks[weight]}")
    return found


def promise_message(session_id: str, commitment: bytes, version: int) -> bytes:
    """The text that the operator signs to promise that this cast was received.

    Raises `VotingError` with code `invalid_id`.
    """
    return _lines("yueyuetan-promise-v1", _checked_id(session_id), commitment.hex(), str(version))


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _checked_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise VotingError("invalid_id", "An id is printable ASCII without spaces.", id=value)
    return value


def _checked_nonce(nonce: bytes) -> bytes:
    if len(nonce) != NONCE_BYTES:
        raise VotingError("invalid_nonce", "A nonce has 16 bytes.", length=len(nonce))
    return nonce


def _word_bytes(word: str) -> bytes:
    try:
        return unicodedata.normalize("NFC", word).encode("utf-8")
    except UnicodeEncodeError as error:
        raise VotingError("invalid_word", "The word has half a surrogate pair.") from error
