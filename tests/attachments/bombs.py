"""Files that are small and ask for a lot, made by code: each is looked at within two seconds.

Of each kind there is one that the counts refuse, and one that stays below them.
"""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image

from tests.attachments.files import PDF, image

MOST_BYTES = 9_900_000
MEGABYTE = 1_000_000
SIDE = 6_300  # squared: a little below forty megapixels
EXIF_HEAD = b"Exif\x00\x00"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # of deflate: five bytes that unpack to none


def written(form: str, mode: str = "L", side: int = SIDE, **options: Any) -> bytes:
    """A square of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, (side, side), 128).save(buffer, form, **options)
    return buffer.getvalue()


def filled(piece: bytes, most: int = MOST_BYTES) -> bytes:
    """As many copies of a piece as a file may hold."""
    return piece * (most // len(piece))


@cache
def progressive() -> bytes:
    return written("JPEG", progressive=True, quality=50)


def jpeg_scans(count: int) -> bytes:
    """The last scan of a progressive photo of forty megapixels, again and again."""
    photo = progressive()
    start, end = photo.rindex(b"\xff\xda"), photo.rindex(b"\xff\xd9")
    return photo[:end] + photo[start:end] * count + photo[end:]


def jpeg_with(segments: bytes) -> bytes:
    photo = image()
    return photo[:2] + segments + photo[2:]


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def looping_exif() -> bytes:
    """A directory of 5,000 entries, each of them a directory: this one."""
    entries = b"".join(struct.pack(">HHII", 0x8769, 4, 1, 8) for _ in range(5_000))
    return b"MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">H", 5_000) + entries + bytes(4)


def many_exifs() -> bytes:
    return filled(segment(0xE1, EXIF_HEAD + looping_exif()))


def xmp_orientations() -> bytes:
    words = b"http://ns.adobe.com/xap/1.0/\x00" + filled(b"<tiff:Orientation", 65_000)
    return segment(0xE1, words)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(chunks: bytes) -> bytes:
    picture = image("PNG")
    at = picture.index(b"IDAT") - 4
    return picture[:at] + chunks + picture[at:]


def packed_text(kind: bytes, head: bytes) -> bytes:
    return chunk(kind, head + zlib.compress(bytes(MEGABYTE), 9))


def png_of(depth: int, colour: int, packed: bytes, *, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def png_rows(depth: int, colour: int, samples: int, *, interlaced: bool = False) -> bytes:
    """Forty megapixels of zeros, whatever the kind of PNG."""
    packer, piece = zlib.compressobj(9), bytes(MEGABYTE)
    size = SIDE * (SIDE * samples * depth // 8 + 2)
    packed = b"".join(packer.compress(piece) for _ in range(size // MEGABYTE + 3))
    return png_of(depth, colour, packed + packer.flush(), interlaced=interlaced)


def png_of_crumbs() -> bytes:
    """The picture's data, a byte to each chunk."""
    packed = zlib.compress(bytes(SIDE * 400))
    crumbs = b"".join(chunk(b"IDAT", packed[n : n + 1]) for n in range(len(packed)))
    return png_with(filled(crumbs))


def frames_of_png() -> bytes:
    control = struct.pack(">IIIIIHHBB", 0, 40, 20, 0, 0, 1, 1, 0, 0)
    return chunk(b"acTL", struct.pack(">II", 60_000, 0)) + filled(
        chunk(b"fcTL", control) + chunk(b"fdAT", bytes(30)), MOST_BYTES - 100
    )


def riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def lossless(*, padding: int = 0) -> bytes:
    return written("WEBP", "RGB", lossless=True, method=0) + bytes(padding)


def moving_webp(frames: int) -> bytes:
    """An animation that draws forty megapixels again and again."""
    still = lossless()[12:]
    size = struct.pack("<I", SIDE - 1)[:3] * 2
    frame = riff_chunk(b"ANMF", bytes(6) + size + bytes(4) + still)
    head = riff_chunk(b"VP8X", b"\x02\x00\x00\x00" + size)
    return riff(head + riff_chunk(b"ANIM", bytes(6)) + frame * frames + bytes(30_000))


@cache
def noise() -> bytes:
    """An honest photo of forty megapixels, as hard to decode as any."""
    buffer = io.BytesIO()
    grain = Image.effect_noise((SIDE, SIDE), 60)
    Image.merge("RGB", (grain, grain.transpose(Image.Transpose.ROTATE_90), grain)).save(
        buffer, "WEBP", quality=1, method=0
    )
    return buffer.getvalue()


def pdf(body: bytes) -> bytes:
    return PDF.replace(b"trailer", body + b"\ntrailer")


def object_stream(packed: bytes) -> bytes:
    return b"1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n" + packed + b"\nendstream "


def streams_of_nothing() -> bytes:
    """Streams of objects that each unpack all that follows, which is ten megabytes of nothing."""
    heads = b"".join(
        object_stream(zlib.compress(b"", 0)[:2] + b"\x00" + struct.pack("<HH", n, n ^ 0xFFFF))
        for n in range(60_000, 59_400, -1)
    )
    return heads + bytes(60_000) + filled(EMPTY_BLOCK, 9_000_000)


def escaped_objects() -> bytes:
    packed = zlib.compress(b"#41" * 99_000, 9)
    return filled(object_stream(packed), 300_000)


TAKEN = 201
COMPLEX, PIXELS = "too_complex", "too_many_pixels"
BROKEN, BROKEN_PDF, UNSAFE = "broken_image", "broken_document", "unsafe_document"

# What becomes of each: taken (with nothing of the bomb in it), or refused with one of these codes.
BOMBS: dict[str, tuple[Callable[[], bytes], frozenset[str | int]]] = {
    name: (make, frozenset(ends))
    for name, (make, *ends) in {
        "JPEG of 300 scans": (lambda: jpeg_scans(300), COMPLEX),
        "JPEG of 11,000 scans": (lambda: jpeg_scans(11_000), COMPLEX),
        "JPEG of ten scans more": (lambda: jpeg_scans(8), TAKEN),
        "JPEG of comments": (lambda: jpeg_with(filled(segment(0xFE, b""))), COMPLEX),
        "JPEG of tables": (lambda: jpeg_with(filled(segment(0xDB, b"\x00" * 65))), COMPLEX),
        "JPEG of fill bytes": (lambda: jpeg_with(filled(b"\xff")), TAKEN),
        "JPEG of restarts": (
            lambda: image()[:-2] + filled(b"\xff\xd0") + b"\xff\xd9",
            TAKEN,
            BROKEN,
        ),
        "JPEG of looping Exif": (lambda: jpeg_with(many_exifs()), TAKEN, BROKEN),
        "JPEG of orientations": (lambda: jpeg_with(xmp_orientations()), TAKEN),
        "PNG of chunks": (lambda: png_with(filled(chunk(b"teSt", b""))), COMPLEX),
        "PNG of texts": (lambda: png_with(filled(chunk(b"tEXt", b"a\0b"))), COMPLEX),
        "PNG of profiles": (lambda: png_with(filled(packed_text(b"iCCP", b"a\0\0"))), TAKEN),
        "PNG of packed texts": (lambda: png_with(filled(packed_text(b"zTXt", b"a\0\0"))), TAKEN),
        "PNG of hexadecimal Exif": (
            lambda: png_with(packed_text(b"zTXt", b"Raw profile type exif\0\0")),
            TAKEN,
            BROKEN,
        ),
        "PNG of looping Exif": (
            lambda: png_with(chunk(b"eXIf", looping_exif())),
            TAKEN,
            BROKEN,
        ),
        "PNG of frames": (lambda: png_with(frames_of_png()), COMPLEX),
        "PNG of crumbs": (png_of_crumbs, COMPLEX),
        "PNG of one bit": (lambda: png_rows(1, 0, 1), COMPLEX),
        "PNG of 16 bits and four channels": (lambda: png_rows(16, 6, 4), TAKEN),
        "PNG in seven passes": (lambda: png_rows(8, 2, 3, interlaced=True), TAKEN),
        "PNG of nothing": (lambda: png_of(8, 2, b"\x78\x9c" + filled(EMPTY_BLOCK)), BROKEN),
        "WebP of one colour": (lossless, COMPLEX),
        "WebP of one colour, padded": (lambda: lossless(padding=30_000), TAKEN),
        "WebP that moves": (lambda: moving_webp(1_000), TAKEN),
        "WebP of chunks": (
            lambda: riff(image("WEBP")[12:] + filled(riff_chunk(b"abcd", b""))),
            COMPLEX,
        ),
        "WebP of grain": (noise, TAKEN, "took_too_long"),
        "PDF of streams": (lambda: pdf(filled(b"stream\n")), TAKEN),
        "PDF of objects": (lambda: pdf(filled(b"obj stream\n")), TAKEN),
        "PDF of escapes": (lambda: pdf(filled(b"#41")), COMPLEX),
        "PDF of escapes and streams": (
            lambda: pdf(b"obj" + filled(b"#41", 3_000_000) + filled(b"stream\n", 6_000_000)),
            COMPLEX,
        ),
        "PDF of slashes": (lambda: pdf(filled(b"/")), TAKEN),
        "PDF of halves of names": (lambda: pdf(filled(b"/EmbeddedFilex")), TAKEN),
        "PDF of comments": (lambda: pdf(filled(b"%obj\n")), TAKEN),
        "PDF of texts": (lambda: pdf(filled(b"(")), TAKEN),
        "PDF of packed objects": (
            lambda: pdf(filled(object_stream(zlib.compress(b"x")))),
            UNSAFE,
        ),
        "PDF of names of packed objects": (lambda: pdf(filled(b"/ObjStm<<")), UNSAFE),
        "PDF of a packed bomb": (
            lambda: pdf(object_stream(zlib.compress(b"/" * 31 * MEGABYTE, 9))),
            TAKEN,
        ),
        "PDF of a bomb in a bomb": (
            lambda: pdf(object_stream(zlib.compress(zlib.compress(bytes(300 * MEGABYTE), 9), 9))),
            TAKEN,
        ),
        "PDF of streams of nothing": (lambda: pdf(streams_of_nothing()), UNSAFE),
        "PDF of escaped objects": (lambda: pdf(escaped_objects()), COMPLEX),
        "carriage returns": (lambda: b"%PDF-1.4" + filled(b"\r") + b"%%EOF", TAKEN),
        "beginnings of a boundary": (lambda: b"%PDF-1.4" + filled(b"\r\n--") + b"%%EOF", TAKEN),
    }.items()
}
