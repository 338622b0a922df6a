"""The text in the QR code of a paper slip's stub, with which the voter finds the own marks later.

One line of ASCII, its parts separated by colons: `yueyuetan-stub-v1`, the session's id, the serial
of the slip, and its 16 random bytes in lower-case hexadecimal. The trackers of the marks follow
from it as from any nonce (see `votes.receipt`), without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from votes.ballot import Mark, PriorityBallot
from votes.errors import VotingError
from votes.explanation import label as printed
from votes.receipt import labels, tracker

FORMAT = "yueyuetan-stub-v1"
_TEXT = re.compile(rf"{FORMAT}:([!-9;-~]+):([2-9A-Z]+):([0-9a-f]{{32}})")


class Stub(NamedTuple):
    """What a voter keeps of a paper slip."""

    session_id: str
    serial: str
    nonce: bytes


def write_stub(stub: Stub) -> str:
    """The stub as its QR code holds it."""
    return f"{FORMAT}:{stub.session_id}:{stub.serial}:{stub.nonce.hex()}"


def read_stub(text: str) -> Stub:
    """The stub of a scanned text. Raises `VotingError` with code `invalid_stub`."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise VotingError("invalid_stub", "This is not the text of a stub.")
    session_id, serial, nonce = found.groups()
    return Stub(session_id, serial, bytes.fromhex(nonce))


def marks_of(bundle: Mapping[str, Any], stub: Stub) -> list[Mark]:
    """The marks that were counted for this slip, heaviest first: none for a blank ballot, or one
    that was withdrawn or never counted. The bundle obeys the format."""
    counted = {
        (column["weight"], code): matter
        for column in bundle["picks"]
        for code, matter in column["marks"]
    }
    slots = [
        Mark(slot["weight"], f"{pick:05}")
        for slot in bundle["manifest"]["scheme"]
        for pick in range(slot["picks"])
    ]
    full = PriorityBallot(tuple(slots))
    found = [
        (weight, counted.get((weight, tracker(stub.nonce, stub.session_id, label).hex())))
        for label, (weight, _) in zip(labels(full), full.marks, strict=True)
    ]
    return [Mark(weight, matter) for weight, matter in found if matter is not None]


def report(bundle: Mapping[str, Any], text: str) -> Iterator[str]:
    """What a voter is told who brings the text of a stub, Chinese first. Raises `VotingError` with
    code `invalid_stub`, or `another_session` for a stub of another vote."""
    stub = read_stub(text)
    if stub.session_id != bundle["manifest"]["session_id"]:
        raise VotingError("another_session", "The stub belongs to another vote.")
    titles = {
        row["matter_id"]: (row["number"], row["title"]) for row in bundle["manifest"]["matters"]
    }
    listed = stub.serial in bundle["paper_serials"]
    yield f"\n纸票 {stub.serial}：{'已计入' if listed else '不在计入的纸票号里'}"
    yield f"Slip {stub.serial}: {'counted' if listed else 'not among the serials counted'}"
    marks = marks_of(bundle, stub)
    for weight, matter in marks:
        number, title = titles[matter]
        yield f"  {weight}分 · {weight} points: {printed(number)} {title}"
    if listed and not marks:
        yield "  空白票 · a blank ballot"
