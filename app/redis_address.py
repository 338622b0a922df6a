"""Whether two addresses lead to the same Redis, as far as addresses tell."""

import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from redis.connection import parse_url

PORT = 6379
LOOPBACK = "loopback"


def is_same_redis(first: str, second: str) -> bool:
    """Whether both name one server, be it another database of it: `localhost` and `127.0.0.1`, a
    name and what it resolves to, a socket and a link to it. Raises ValueError for what is no
    address; its words may hold a password."""
    return not _places(first).isdisjoint(_places(second))


def _places(url: str) -> set[tuple[str, int]]:
    """Where the server listens: (host, port) for each address of the host, or (path, 0)."""
    found: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    path = found.get("path")
    if path:
        return {(str(Path(path).resolve()), 0)}
    host, port = str(found.get("host") or "localhost"), int(found.get("port") or PORT)
    return {(name, port) for name in _addresses(host)}


def _addresses(host: str) -> set[str]:
    names = {host.lower().rstrip(".")}
    # A name that nobody knows now may be known later; then the name alone is compared.
    with suppress(OSError, UnicodeError):
        names |= {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    return {LOOPBACK if _is_loopback(name) else name for name in names}


def _is_loopback(name: str) -> bool:
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
