"""The segments of a JPEG (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.attachments.formats.limits import MAX_SCANNED_SAMPLES, MAX_SCANS, MAX_SEGMENTS, check_size
from app.attachments.refusals import BrokenImage
from app.confined.refusals import TooComplex

END, SCAN = 0xD9, 0xDA
ALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})  # markers without parameters
FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
# Lossless, differential and arithmetic: no camera writes them, and not every program reads them.
OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman, quantization, restart interval
JFIF, EXIF_OR_XMP, ADOBE = 0xE0, 0xE1, 0xEE
EXIF, XMP = b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00"
# Within a scan a marker is an FF that neither a zero nor a restart (D0 to D7) follows.
MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")


class Segment(NamedTuple):
    """A marker with its parameters, and for a scan the coded data behind them."""

    marker: int
    payload: bytes
    data: bytes


def jpeg_to_decode(upload: bytes, max_pixels: int) -> bytes:
    """The first image of the file with nothing but what decodes it and turns it upright.

    Raises BrokenImage, TooManyPixels; TooComplex where its scans are more than a camera writes.
    """
    kept, samples, scans, work = [b"\xff\xd8"], None, 0, 0
    seen: set[bytes] = set()
    for segment in _segments(upload):
        if segment.marker in FRAMES:
            if samples is not None:
                raise BrokenImage
            samples = _samples(segment.payload, max_pixels, len(upload))
        elif segment.marker == SCAN:
            scans += 1
            work += sum((samples or {}).get(component, 0) for component in _scanned(segment))
            if scans > MAX_SCANS or work > MAX_SCANNED_SAMPLES:
                raise TooComplex
        elif segment.marker in OTHER_FRAMES:
            raise TooComplex
        elif not _is_needed(segment, seen):
            continue
        kept.append(_written(segment))
    if samples is None:
        raise BrokenImage
    return b"".join(kept)


def _segments(upload: bytes) -> Iterator[Segment]:
    """Up to the end of the first image, which ends with the file where its marker is missing."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = MARKER.search(upload, at)
        if found is None:
            return
        marker, at = found[1][0], found.end()
        if marker == END:
            yield Segment(marker, b"", b"")
            return
        if marker in ALONE:
            continue
        length = int.from_bytes(upload[at : at + 2])
        if length < 2:
            raise BrokenImage
        payload, at = upload[at + 2 : at + length], at + length
        data = b""
        if marker == SCAN:
            following = MARKER.search(upload, at)
            end = len(upload) if following is None else following.start()
            data, at = upload[at:end], end
        yield Segment(marker, payload, data)
    raise TooComplex


def _samples(frame: bytes, max_pixels: int, file_bytes: int) -> dict[int, int]:
    """How many samples each component has, by its number (B.2.2)."""
    height, width, count = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5]), frame[5:6]
    check_size(width, height, max_pixels, file_bytes)
    parts = frame[6 : 6 + 3 * count[0]]
    factors = {
        parts[n]: (parts[n + 1] >> 4, parts[n + 1] & 15) for n in range(0, len(parts) - 2, 3)
    }
    across = max((horizontal for horizontal, _ in factors.values()), default=0)
    down = max((vertical for _, vertical in factors.values()), default=0)
    if not across or not down:
        raise BrokenImage
    return {
        number: width * height * horizontal * vertical // (across * down)
        for number, (horizontal, vertical) in factors.items()
    }


def _scanned(scan: Segment) -> bytes:
    """The numbers of the components of a scan (B.2.3)."""
    return scan.payload[1 : 1 + 2 * scan.payload[0] : 2] if scan.payload else b""


def _is_needed(segment: Segment, seen: set[bytes]) -> bool:
    """Whether it helps to decode the image; of Exif and XMP, which may turn it, the first."""
    if segment.marker in TABLES or segment.marker in (END, JFIF, ADOBE):
        return True
    if segment.marker != EXIF_OR_XMP:
        return False
    for beginning in (EXIF, XMP):
        if segment.payload.startswith(beginning) and beginning not in seen:
            seen.add(beginning)
            return True
    return False


def _written(segment: Segment) -> bytes:
    head = bytes((0xFF, segment.marker))
    if segment.marker == END:
        return head
    return b"".join((head, (len(segment.payload) + 2).to_bytes(2), segment.payload, segment.data))
