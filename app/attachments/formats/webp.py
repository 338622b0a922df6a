"""The chunks of a WebP (RFC 9649)."""

from collections.abc import Iterator
from typing import NamedTuple

from app.attachments.formats.limits import MAX_CHUNKS, MAX_DATA, check_size
from app.attachments.refusals import BrokenImage
from app.confined.refusals import TooComplex

RIFF_BYTES = 12  # "RIFF", the length, "WEBP"
LOSSY, LOSSLESS, EXTENDED = b"VP8 ", b"VP8L", b"VP8X"
ANIMATION, FRAME, ALPHA = b"ANIM", b"ANMF", b"ALPH"
EXIF, XMP = b"EXIF", b"XMP "
STILL = (ALPHA, LOSSY, LOSSLESS)
MOVING = (ANIMATION, FRAME)
FRAME_HEAD_BYTES = 16
IS_MOVING, HAS_PROFILE = 0x02, 0x20


class Chunk(NamedTuple):
    """A chunk: its four letters and what it holds."""

    kind: bytes
    payload: bytes


def webp_to_decode(upload: bytes, max_pixels: int) -> bytes:
    """The image, or the first frame of an animation, with nothing but what decodes it and turns it
    upright.

    Raises BrokenImage, TooManyPixels; TooComplex where it has more chunks than programs write.
    """
    first: dict[bytes, bytes] = {}  # of each kind
    for chunk in _chunks(upload, RIFF_BYTES):
        if chunk.kind not in first and (chunk.kind not in (EXIF, XMP) or _is_short(chunk)):
            first[chunk.kind] = chunk.payload
    head = first.get(EXTENDED, b"")
    is_moving = bool(head) and bool(head[0] & IS_MOVING)
    kinds = MOVING if is_moving else STILL
    pictures = [Chunk(kind, payload) for kind, payload in first.items() if kind in kinds]
    inside = _chunks(first.get(FRAME, b""), FRAME_HEAD_BYTES) if is_moving else pictures
    sizes = [size for size in map(_size, [Chunk(EXTENDED, head), *inside]) if size]
    if not sizes or (head and len(sizes) < 2):
        raise BrokenImage
    for width, height in sizes:
        check_size(width, height, max_pixels, len(upload))
    return _written(head, pictures, [Chunk(k, first[k]) for k in (EXIF, XMP) if k in first])


def _chunks(data: bytes, start: int) -> Iterator[Chunk]:
    at = start
    for _ in range(MAX_CHUNKS):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(kind) < 4:
            return
        yield Chunk(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    raise TooComplex


def _is_short(chunk: Chunk) -> bool:
    return len(chunk.payload) <= MAX_DATA


def _size(chunk: Chunk) -> tuple[int, int] | None:
    """Width and height that a chunk tells, if it is one that does."""
    kind, data = chunk
    if kind == EXTENDED and data:
        across, down = int.from_bytes(data[4:7], "little"), int.from_bytes(data[7:10], "little")
        return across + 1, down + 1
    if kind == LOSSY:
        across, down = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
        return across & 0x3FFF, down & 0x3FFF
    if kind == LOSSLESS:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _written(head: bytes, pictures: list[Chunk], turns: list[Chunk]) -> bytes:
    """The file anew; without a head there is nothing but the picture."""
    chunks = pictures
    if head:
        plain = Chunk(EXTENDED, bytes((head[0] & ~HAS_PROFILE,)) + head[1:])
        chunks = [plain, *pictures, *turns]
    body = b"".join(
        kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
