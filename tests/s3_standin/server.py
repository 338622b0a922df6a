"""One bucket behind one listener on loopback."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.s3_standin.signature import fault_of

BUCKET, KEY, SECRET = "yueyuetan", "standin-key", "standin-secret"
STATUS = {"NoSuchKey": 404, "NoSuchBucket": 404, "InternalError": 500}


class _Handler(BaseHTTPRequestHandler):
    """Answers one request after another on a connection."""

    server: "_Listener"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        state = self.server.state
        fault = state.failing or fault_of(self.command, self.path, headers, body, KEY, SECRET)
        url = urlsplit(self.path)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        if fault is None and bucket != BUCKET:
            fault = "NoSuchBucket"
        if fault is None and self.command == "GET" and key and key not in state.objects:
            fault = "NoSuchKey"
        if fault is not None:
            state.faults.append(fault)
            self._send(STATUS.get(fault, 403), f"<Error><Code>{fault}</Code></Error>".encode())
        elif self.command == "PUT":
            state.objects[key] = body
            self._send(200, b"", ETag=f'"{hashlib.md5(body).hexdigest()}"')
        elif self.command == "POST":
            self._send(200, state.delete(body))
        elif key:
            self._send(200, state.objects[key])
        else:
            self._send(200, state.listing(parse_qs(url.query).get("prefix", [""])[0]))

    do_GET = do_PUT = do_POST = _serve

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Last-Modified", "Thu, 12 Mar 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        for name, value in {"ETag": '"0"', **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests read `objects` and `faults`."""


class _Listener(ThreadingHTTPServer):
    def __init__(self, state: "S3StandIn") -> None:
        self.state = state
        super().__init__(("127.0.0.1", 0), _Handler)


class S3StandIn:
    """The service in threads of this process. `objects` is the bucket; while `failing` names an
    S3 error, every request is answered with it."""

    bucket, key, secret = BUCKET, KEY, SECRET

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.failing: str | None = None
        self._listener = _Listener(self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_port}"

    def listing(self, prefix: str) -> bytes:
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size>"
            '<ETag>"0"</ETag><LastModified>2026-03-12T00:00:00.000Z</LastModified></Contents>'
            for key, body in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        head = "<ListBucketResult><IsTruncated>false</IsTruncated>"
        return f"{head}{contents}</ListBucketResult>".encode()

    def delete(self, order: bytes) -> bytes:
        """DeleteObjects: as the real one, content with keys that are not there."""
        keys = [each.text or "" for each in ElementTree.fromstring(order).iter() if each.text]
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return f"<DeleteResult>{gone}</DeleteResult>".encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
