"""A lean HTTP client: one connection a request, as a phone makes it, and many of them at once.

It tells a whole answer from a broken one, so that nothing is held for acknowledged that was not.
"""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

PREFIX = "/api/v1"
TIMEOUT_SECONDS = 60
Address = tuple[str, int]
Job = Callable[[], object]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class BrokenConnection(Exception):
    """No whole answer came: the request may have been carried out, or not."""


@dataclass(frozen=True)
class Answer:
    """Status, headers with lower-case names, and body of an answer that came whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal; empty for anything else."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return ""
        return str(self.json["code"])


def request(method: str, path: str, token: str | None = None, body: Any = None) -> bytes:
    """A request to the API at `path` below its prefix, ready to be sent."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {PREFIX}{path} HTTP/1.1", "Host: yueyuetan", "Connection: close"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines.append("Content-Type: application/json")
    if content or method != "GET":
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def call(address: Address, message: bytes, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """Send a request and read its answer. Raises BrokenConnection."""
    try:
        with socket.create_connection(address, timeout=timeout) as connection:
            connection.sendall(message)
            return _parse(_read_all(connection))
    except OSError as error:
        raise BrokenConnection(type(error).__name__) from error


def hang_up(address: Address, message: bytes, *, rudely: bool) -> None:
    """Send a request and close before its answer; `rudely` resets the connection at once."""
    try:
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(message)
            if rudely:
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    except OSError:
        return  # whoever does not wait for the answer does not care


def _read_all(connection: socket.socket) -> bytes:
    """All that comes, or as much as the answer says that it has."""
    raw, wanted = bytearray(), None
    while wanted is None or len(raw) < wanted:
        part = connection.recv(65536)
        if not part:
            break
        raw += part
        if wanted is None and (end := raw.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(raw, 0, end + 2)
            wanted = end + 4 + int(found[1]) if found else None
    return bytes(raw)


def _parse(raw: bytes) -> Answer:
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator:
        raise BrokenConnection("no head")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    if int(headers.get("content-length", len(body))) != len(body):
        raise BrokenConnection("half a body")
    return Answer(int(status_line.split(" ", 2)[1]), headers, body)


def crowd(jobs: Iterable[Job], clients: int) -> None:
    """Do the jobs in their order by so many clients at once. The first error ends it all."""
    waiting, lock = iter(jobs), threading.Lock()
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            try:
                job()
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
