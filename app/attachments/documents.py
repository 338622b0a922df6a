"""PDF documents are stored as they came, so those that could do anything are refused."""

import re
import zlib

from app.attachments.errors import BrokenDocument, UnsafeDocument

# Names of ISO 32000-1 for what acts, carries files, or keeps us from looking.
ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|XFA|Encrypt)"
    rb"(?![^\s()<>\[\]{}/%])"
)
HEADER = re.compile(rb"%PDF-[12]\.\d")
TRAILER_BYTES = 1024
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# Objects may lie compressed in streams of their own (ISO 32000-1, 7.5.7).
OBJECT_STREAM = re.compile(rb"/ObjStm\b")
STREAM = re.compile(rb"stream\r?\n")
MAX_STREAMS = 1000
MAX_OBJECTS = 32 * 1024 * 1024
PIECE = 64 * 1024


def check_document(upload: bytes) -> None:
    """Raises BrokenDocument where it is no whole PDF, UnsafeDocument where it could do anything.

    Scripts, forms that are sent, files inside, starting programs and passwords are refused.
    """
    if not HEADER.match(upload) or b"%%EOF" not in upload[-TRAILER_BYTES:]:
        raise BrokenDocument
    _refuse_active(upload)
    left, streams, whole = MAX_OBJECTS, 0, memoryview(upload)
    for found in STREAM.finditer(upload):
        # The dictionary of a stream begins with its object, however many comments are in between.
        dictionary = upload[max(0, upload.rfind(b"obj", 0, found.start())) : found.start()]
        if not OBJECT_STREAM.search(_plain(dictionary)):
            continue
        streams += 1
        if streams > MAX_STREAMS or left <= 0:
            raise UnsafeDocument
        objects = _inflated(whole[found.end() :], left)
        left -= len(objects)
        _refuse_active(objects)


def _refuse_active(text: bytes) -> None:
    if ACTIVE.search(_plain(text)):
        raise UnsafeDocument


def _plain(text: bytes) -> bytes:
    """With the escapes in names resolved: `/J#61vaScript`."""
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _inflated(compressed: memoryview, limit: int) -> bytes:
    """What a stream of objects holds; what we cannot read we cannot call safe."""
    inflate, objects = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(compressed), PIECE):
            piece = compressed[start : start + PIECE]
            objects += inflate.decompress(piece, limit + 1 - len(objects))
            if inflate.eof:
                return bytes(objects)
            if len(objects) > limit:
                break
    except zlib.error:
        pass
    raise UnsafeDocument
