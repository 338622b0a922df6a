"""A lean load generator: one process, plain sockets, a fixed number of requests in flight.

It shares the machine's cores with the server that it loads; what it takes is the same for every
contestant and is reported beside the figures.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.figures import percentile

SILENCE_SECONDS = 60
CHUNK = 65536


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where the connection ended without a whole answer; `seconds` run from opening
    or taking the connection to the last byte."""

    status: int
    seconds: float
    body: bytes
    etag: str = ""


@dataclass(frozen=True)
class Run:
    """Answers in the order of the requests, and what it took."""

    answers: list[Answer]
    seconds: float
    client_seconds: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.answers) / self.seconds

    @property
    def client_share(self) -> float:
        """The share of one core that the load generator took."""
        return self.client_seconds / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the time that an answer took."""
        return 1000 * percentile([each.seconds for each in self.answers], share)

    def statuses(self) -> Counter[int]:
        return Counter(each.status for each in self.answers)


def request_bytes(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


@dataclass
class _Flight:
    """One request on its way."""

    number: int
    began: float
    received: bytearray = field(default_factory=bytearray)


def drive(
    address: tuple[str, int],
    requests: Sequence[bytes],
    connections: int,
    silence: float = SILENCE_SECONDS,
) -> Run:
    """Send all requests, `connections` at a time, and collect the answers.

    Raises TimeoutError when the server is silent for `silence` seconds.
    """
    answers: dict[int, Answer] = {}
    numbers = iter(range(len(requests)))
    began, began_cpu = time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:

        def send_next(link: socket.socket | None) -> None:
            number = next(numbers, None)
            if number is None:
                if link is not None:
                    link.close()
                return
            flight = _Flight(number, time.perf_counter())
            if link is None:
                link = socket.create_connection(address, timeout=silence)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.settimeout(silence)
            link.sendall(requests[number])
            link.setblocking(False)
            selector.register(link, selectors.EVENT_READ, flight)

        for _ in range(min(connections, len(requests))):
            send_next(None)
        while selector.get_map():
            ready = selector.select(silence)
            if not ready:
                raise TimeoutError(f"{len(requests) - len(answers)} requests without an answer")
            for key, _ in ready:
                link, flight = key.fileobj, key.data
                assert isinstance(link, socket.socket)
                answer, may_go_on = _receive(link, flight)
                if answer is None:
                    continue
                answers[flight.number] = answer
                selector.unregister(link)
                if not may_go_on:
                    link.close()
                send_next(link if may_go_on else None)
    seconds = time.perf_counter() - began
    ordered = [answers[number] for number in range(len(requests))]
    return Run(ordered, seconds, time.process_time() - began_cpu)


def _receive(link: socket.socket, flight: _Flight) -> tuple[Answer | None, bool]:
    """The answer once it is whole, and whether the connection can be used again."""
    try:
        chunk = link.recv(CHUNK)
    except BlockingIOError:
        return None, False
    except OSError:
        chunk = b""
    flight.received += chunk
    whole = _parse(bytes(flight.received))
    seconds = time.perf_counter() - flight.began
    if whole is not None:
        status, body, headers = whole
        may_go_on = bool(chunk) and headers.get("connection") != "close"
        return Answer(status, seconds, body, headers.get("etag", "")), may_go_on
    return (None, False) if chunk else (Answer(0, seconds, b""), False)


def _parse(data: bytes) -> tuple[int, bytes, dict[str, str]] | None:
    """Status, body and headers; None while something is missing.

    The answers measured here carry a Content-Length, or have no body by their status.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    status = int(first.split(" ", 2)[1])
    length = 0 if status in (204, 304) else int(headers["content-length"])
    return None if len(body) < length else (status, body[:length], headers)
