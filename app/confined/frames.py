"""What parent and child say to each other: JSON, and the bytes that stand in it behind it.

Nothing that is read here can run anything, whoever wrote it; a pickle could.
"""

import io
import json
from typing import IO, Any

LENGTH_BYTES = 8
_BYTES = "bytes"  # {"bytes": 5} stands for the next five bytes behind the JSON


class BrokenFrame(ValueError):
    """Not what `pack` makes, or not all of it."""


def pack(value: Any) -> bytes:
    """A frame: its length, the length of the JSON, the JSON, and the bytes that it names.

    Lists, numbers, texts, None, and dicts with keys of text may hold `bytes` at any depth.
    """
    pieces: list[bytes] = []

    def set_apart(piece: Any) -> dict[str, int]:
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(f"{type(piece).__name__} goes into no frame")
        pieces.append(bytes(piece))
        return {_BYTES: len(pieces[-1])}

    text = json.dumps(value, default=set_apart).encode()
    body = b"".join((len(text).to_bytes(LENGTH_BYTES), text, *pieces))
    return len(body).to_bytes(LENGTH_BYTES) + body


def read_frame(stream: IO[bytes], most: int) -> Any:
    """The value of the frame at which a stream stands; further than its end nothing is read.

    Raises BrokenFrame, also where it has more than `most` bytes.
    """
    length = int.from_bytes(_exactly(stream, LENGTH_BYTES))
    if length > most:
        raise BrokenFrame("too long")
    body = io.BytesIO(_exactly(stream, length))
    text = _exactly(body, int.from_bytes(_exactly(body, LENGTH_BYTES)))

    def put_back(found: dict[str, Any]) -> Any:
        return _exactly(body, found[_BYTES]) if found.keys() == {_BYTES} else found

    try:
        return json.loads(text, object_hook=put_back)
    except (ValueError, TypeError, RecursionError) as error:
        raise BrokenFrame("not ours") from error


def _exactly(stream: IO[bytes], count: int) -> bytes:
    piece = stream.read(count)
    if len(piece) < count:
        raise BrokenFrame("too short")
    return piece
