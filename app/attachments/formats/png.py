"""The chunks of a PNG (ISO/IEC 15948)."""

from collections.abc import Iterator

from app.attachments.formats.limits import MAX_CHUNKS, MAX_DATA, check_size
from app.attachments.refusals import BrokenImage
from app.confined.refusals import TooComplex

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER, END = b"IHDR", b"IEND"
PICTURE = frozenset({HEADER, b"PLTE", b"tRNS", b"IDAT", END})
FRAME_BYTES = 12  # length, type and checksum of a chunk
# What may say which side is up: Exif, and how ImageMagick and editors wrote it before there was
# a chunk for it.
TURNS = (
    (b"eXIf", b""),
    (b"zTXt", b"Raw profile type "),
    (b"tEXt", b"Raw profile type "),
    (b"iTXt", b"XML:com.adobe.xmp\x00"),
)


def png_to_decode(upload: bytes, max_pixels: int) -> bytes:
    """The first image of the file with nothing but what decodes it and turns it upright: without
    profiles, texts and the frames of an animation.

    Raises BrokenImage, TooManyPixels; TooComplex where it has more chunks than programs write.
    """
    kept, seen = [SIGNATURE], set[tuple[bytes, bytes]]()
    for number, (kind, start, end) in enumerate(_chunks(upload)):
        if (kind == HEADER) is not (number == 0):
            raise BrokenImage
        if kind == HEADER:
            _check_header(upload[start:end], max_pixels, len(upload))
        if kind in PICTURE or _turns(upload, kind, start, end, seen):
            kept.append(upload[start:end])
    return b"".join(kept)


def _chunks(upload: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each chunk, the last one cut off where the file is."""
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length, kind = int.from_bytes(upload[at : at + 4]), upload[at + 4 : at + 8]
        if len(kind) < 4:
            return
        yield kind, at, at + length + FRAME_BYTES
        at += length + FRAME_BYTES
        if kind == END:
            return
    raise TooComplex


def _check_header(chunk: bytes, max_pixels: int, file_bytes: int) -> None:
    width, height = int.from_bytes(chunk[8:12]), int.from_bytes(chunk[12:16])
    check_size(width, height, max_pixels, file_bytes)


def _turns(
    upload: bytes, kind: bytes, start: int, end: int, seen: set[tuple[bytes, bytes]]
) -> bool:
    """Whether it may say which side is up, is no longer than that takes, and is the first."""
    for turn in TURNS:
        is_one = kind == turn[0] and upload.startswith(turn[1], start + 8)
        if is_one and turn not in seen and end - start <= MAX_DATA:
            seen.add(turn)
            return True
    return False
