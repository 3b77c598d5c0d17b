"""A WSGI application behind waitress, on a thread of its own, on loopback."""

from __future__ import annotations

import errno
import socket
import threading
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

from .stop import CannotStart

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Claim a port (0: any free one) before anything else is started. Stops, naming the port, if it is taken."""
    claimed = socket.socket()
    claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        claimed.bind((HOST, port))
        claimed.listen(128)
    except OSError as error:
        claimed.close()
        if error.errno == errno.EADDRINUSE:
            another = port + 100 if port < 65_000 else 8000
            raise CannotStart(
                f"Port {port} is taken by another program. Use another: PORT={another} make run"
            ) from None
        if error.errno == errno.EACCES:
            raise CannotStart(f"Port {port} may not be used by you. Use another one: PORT=8000 make run") from None
        raise
    return claimed


def port_of(listening: socket.socket) -> int:
    """The port a socket listens on."""
    return int(listening.getsockname()[1])


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress 3.0.2 answers `Expect: 100-continue` and then waits for ever where the body is empty: S3's copy, say."""

    def parse_header(self, header_plus: bytes) -> None:
        """Expect nothing more where nothing more comes."""
        super().parse_header(header_plus)
        if not self.content_length and not self.chunked:
            self.expect_continue = False


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser


class HttpServer:
    """Serves one application until closed. `largest` is the largest request body in bytes, refused with 413 above it."""

    def __init__(
        self, app: WSGIApplication, listening: socket.socket, *, threads: int = 4, largest: int = 256 * 1024 * 1024
    ) -> None:
        self.url = f"http://{HOST}:{port_of(listening)}"
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listening],
            threads=threads,
            max_request_body_size=largest,
            clear_untrusted_proxy_headers=False,  # forged X-Forwarded-For reaches the application in AWS too
            ident=None,
        )
        self._server.channel_class = _Channel
        self._thread = threading.Thread(target=self._server.run, name=f"http-{port_of(listening)}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the requests at hand (three seconds at most), then close every connection."""
        self._server.task_dispatcher.shutdown(timeout=3)
        # waitress' loop may only be touched from its own thread; a trigger's thunk runs there.
        self._server.trigger.pull_trigger(self._close_all)
        self._thread.join(timeout=3)

    def _close_all(self) -> None:
        for channel in list(self._map.values()):
            channel.close()
        self._map.clear()
