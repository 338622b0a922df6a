"""What a call and an answer of the protocol port are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

JSON_TYPE = "application/json; encoding=utf-8"


class ApiError(Exception):
    """A business error, answered with HTTP 200."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass(frozen=True)
class Call:
    """A request as it came in. Of a repeated query parameter the last one counts.

    `peer` tells the connections apart.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: str


class Ending(Enum):
    """How an exchange ends on the wire."""

    ANSWER = "answer"
    HANG = "hang"
    RESET = "reset"
    CUT = "cut"


@dataclass(frozen=True)
class Reply:
    """What goes out. `delay_s` holds it back; `sent` cuts the body after so many bytes."""

    body: bytes
    content_type: str
    status: int = 200
    ending: Ending = Ending.ANSWER
    delay_s: float = 0
    sent: int | None = None
