"""PDF documents are stored as they came, so those that could do anything are refused.

One pass over the bytes, whatever they are: every search goes forward, what is unpacked has a bound
together, and so have the bytes that it is unpacked from. Runs in a child (`app.confined`).
"""

import re
import zlib
from collections.abc import Iterator

from app.attachments.refusals import BrokenDocument, UnsafeDocument
from app.confined.refusals import TooComplex

# Names of ISO 32000-1 for what acts, carries files, or keeps us from looking.
ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|XFA|Encrypt)"
    rb"(?![^\s()<>\[\]{}/%])"
)
HEADER = re.compile(rb"%PDF-[12]\.\d")
TRAILER_BYTES = 1024
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
MAX_ESCAPES = 100_000  # names of fonts have some; chance makes 300 in 10 MB of packed pictures
# Objects may lie compressed in streams of their own (7.5.7), whose dictionary says so by a name,
# and any letter of a name may be escaped.
OBJECT_STREAM = re.compile(
    rb"/(?:O|#4[Ff])(?:b|#62)(?:j|#6[Aa])(?:S|#53)(?:t|#74)(?:m|#6[Dd])(?![^\s()<>\[\]{}/%])"
)
# From there to the data: the rest of a plain dictionary, with another in it at most. Where a text
# or a comment stands in it a reader and we might find the data in different places.
REST = re.compile(
    rb"[^()%<>]{0,4096}(?:<<[^()%<>]{0,4096}>>[^()%<>]{0,4096}){0,4}>>[\s\0]{0,64}stream\r?\n"
)
# Differences of bytes, in which a name cannot be found; a name that is not plain; and a second word
# for the beginning.
HIDING = re.compile(rb"/Predictor|#|stream.*stream", re.DOTALL)
MAX_STREAMS = 1000
MAX_OBJECTS = 32 * 1024 * 1024
MAX_PACKED = 64 * 1024 * 1024
PIECE = 64 * 1024


def check_document(upload: bytes) -> None:
    """Raises BrokenDocument where it is no whole PDF, UnsafeDocument where it could do anything,
    TooComplex where it has more escapes than programs write.

    Scripts, forms that are sent, files inside, starting programs and passwords are refused.
    """
    if not HEADER.match(upload) or b"%%EOF" not in upload[-TRAILER_BYTES:]:
        raise BrokenDocument
    look = _Look()
    look.refuse_active(upload)
    for start in _object_streams(upload):
        look.refuse_active(look.unpacked(memoryview(upload)[start:]))


def _object_streams(upload: bytes) -> Iterator[int]:
    """Where the data of each stream of objects begin."""
    for number, found in enumerate(OBJECT_STREAM.finditer(upload)):
        rest = REST.match(upload, found.end())
        if number >= MAX_STREAMS or rest is None or HIDING.search(rest.group()):
            raise UnsafeDocument
        yield rest.end()


class _Look:
    """One look at a document, with a bound for all of it together."""

    def __init__(self) -> None:
        self._escapes_left = MAX_ESCAPES
        self._objects_left, self._packed_left = MAX_OBJECTS, MAX_PACKED

    def refuse_active(self, text: bytes) -> None:
        """Raises UnsafeDocument where a name of what acts stands in the text."""
        if ACTIVE.search(self._plain(text)):
            raise UnsafeDocument

    def unpacked(self, packed: memoryview) -> bytes:
        """What a stream of objects holds; what we cannot read we cannot call safe."""
        inflate, objects = zlib.decompressobj(), bytearray()
        try:
            for start in range(0, len(packed), PIECE):
                piece = packed[start : start + PIECE]
                self._packed_left -= len(piece)
                objects += inflate.decompress(piece, self._objects_left + 1 - len(objects))
                if len(objects) > self._objects_left or self._packed_left < 0:
                    break
                if inflate.eof:
                    self._objects_left -= len(objects)
                    return bytes(objects)
        except zlib.error:
            pass
        raise UnsafeDocument

    def _plain(self, text: bytes) -> bytes:
        """With the escapes in names resolved: `/J#61vaScript`."""
        most = self._escapes_left + 1
        plain, count = ESCAPED.subn(lambda found: bytes([int(found[1], 16)]), text, count=most)
        self._escapes_left -= count
        if self._escapes_left < 0:
            raise TooComplex
        return plain
