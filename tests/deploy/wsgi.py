"""The application, which also tells in its answers how a request reached it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from app import create_app

SEEN = ("HTTP_HOST", "wsgi.url_scheme", "CONTENT_LENGTH")
CLAIMS = ("SCRIPT_NAME", "PATH_INFO")
application = create_app()


def is_told(name: str) -> bool:
    """Whether this part of the environment says how a request came."""
    return name in SEEN or name in CLAIMS or name.startswith("HTTP_X_") or "FORWARDED" in name


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    came = dict(environ)

    def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        seen = {name: str(value) for name, value in came.items() if is_told(name)}
        # What the application makes of it, as far as it trusts the proxy.
        seen["client"], seen["scheme"] = environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]
        return start_response(status, [*headers, ("X-Seen", json.dumps(seen))], *rest)

    return application(environ, respond)
