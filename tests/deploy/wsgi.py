"""The application, which also tells in its answers how a request reached it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from app import create_app

SEEN = ("HTTP_HOST", "wsgi.url_scheme", "HTTP_X_REQUEST_ID", "CONTENT_LENGTH")
CLAIMS = ("FORWARDED", "SCRIPT_NAME", "REMOTE_ADDR", "PATH_INFO")
application = create_app()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    seen = {
        name: str(value)
        for name, value in environ.items()
        if name in SEEN or name.startswith("HTTP_X_") or name in CLAIMS or "FORWARDED" in name
    }

    def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*headers, ("X-Seen", json.dumps(seen))], *rest)

    return application(environ, respond)
