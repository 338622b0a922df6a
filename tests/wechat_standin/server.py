"""Two listeners on loopback and how a reply, good or spoilt, goes over the wire."""

import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.wechat_standin import control, paths
from tests.wechat_standin.protocol import Call, Ending, Reply
from tests.wechat_standin.remote import Control
from tests.wechat_standin.state import APPID, SECRET, SEED, Settings, State

LONGEST_BODY = 1_000_000


class _Handler(BaseHTTPRequestHandler):
    """Reads calls from one connection until the client or the listener closes it."""

    server: "_Listener"
    protocol_version = "HTTP/1.1"
    # Head and body leave as one packet, without waiting for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LONGEST_BODY:
            self.send_error(413 if length.isdigit() else 400)
            self.close_connection = True
            return
        url = urlsplit(self.path)
        call = Call(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=dict(self.headers.items()),
            body=self.rfile.read(int(length)),
            peer=f"{self.client_address[0]}:{self.client_address[1]}",
        )
        self._deliver(self.server.serve(call))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _deliver(self, reply: Reply) -> None:
        self.server.stopping.wait(reply.delay_s)
        if reply.ending is Ending.HANG:
            self._wait_for_goodbye()
        if reply.ending is Ending.RESET:
            # Closing with a linger of zero sends RST in place of FIN.
            no_linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        if reply.ending is Ending.ANSWER:
            self._send(reply)
        if reply.ending is not Ending.ANSWER or reply.sent is not None:
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: reply.sent])

    def _wait_for_goodbye(self) -> None:
        """Hold the connection until the client gives up or the stand-in stops."""
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable:
                return

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the control port tells every call, and its output is one line of JSON."""


class _Listener(ThreadingHTTPServer):
    """One port. Stopping it ends its open connections too, so that no thread stays behind."""

    request_queue_size = 128
    daemon_threads = False

    def __init__(self, address: tuple[str, int], serve: Callable[[Call], Reply]) -> None:
        self.serve = serve
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._accepting.is_alive():
            self.shutdown()
            self._accepting.join()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        # The stock method says goodbye in order first; a reset must go without.
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in mid-answer is what the tests are for: nothing to report."""


class StandIn:
    """A stand-in with real sockets, running in threads of this process.

    Port 0 takes a free one. `control` gives orders over the control port, as another process would.
    Raises ValueError for a host that is not on loopback.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        protocol_port: int = 0,
        control_port: int = 0,
        appid: str = APPID,
        secret: str = SECRET,
        seed: int = SEED,
        ticking: bool = False,
    ) -> None:
        if not IPv4Address(host).is_loopback:
            raise ValueError(f"not a loopback address: {host}")
        self.appid = appid
        self.secret = secret
        self.state = State(Settings(appid=appid, secret=secret, seed=seed, ticking=ticking))
        self._protocol = _Listener((host, protocol_port), partial(paths.serve, self.state))
        self._control = _Listener((host, control_port), partial(control.serve, self.state))
        self.control = Control(self._control.url)

    @property
    def url(self) -> str:
        """The base URL that stands for https://api.weixin.qq.com."""
        return self._protocol.url

    @property
    def control_url(self) -> str:
        return self._control.url

    def start(self) -> None:
        self._protocol.start()
        self._control.start()

    def stop(self) -> None:
        """Close both ports and every connection, also those that a fault lets hang."""
        self._protocol.stop()
        self._control.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
