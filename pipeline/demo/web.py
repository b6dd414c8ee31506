"""Serves the demo web on loopback: `serve(port)` around a piece of work, `main(port)` until Ctrl-C.

Nothing of it reaches further than this machine: it listens on 127.0.0.1 only, and its Content-Security-Policy forbids browsers to
load anything from elsewhere, which keeps the chat loaders of the pages inert.
"""

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipeline import log
from pipeline.demo.pages import Answer, answer

HOST = "127.0.0.1"
PORT = 8765
_POLICY = "default-src 'self'; img-src 'self' data:; script-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'"


class PortTakenError(OSError):
    """The demo web cannot listen where it was asked to."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @property
    def base(self) -> str:
        return f"http://{HOST}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "rivalscope-demo"
    sys_version = ""
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        self._send(answer(self.path, self.server.base))

    def do_HEAD(self) -> None:
        self._send(answer(self.path, self.server.base))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """The demo is read by crawlers: a line for each request would bury what people want to see."""

    def _send(self, found: Answer) -> None:
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(found.body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found.body)


def _server(port: int) -> _Server:
    try:
        return _Server((HOST, port), _Handler)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise PortTakenError(
            f"demo: expected to listen on {HOST}:{port}, found it {'taken' if error.errno == errno.EADDRINUSE else 'forbidden'}. "
            f"Choose another with --port."
        ) from error


@contextmanager
def serve(port: int = PORT) -> Iterator[str]:
    """The demo web's address (`http://127.0.0.1:8765`, no slash at the end) while the block runs. Port 0 takes a free one.

    Raises PortTakenError.
    """
    with _server(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo web", daemon=True)
        thread.start()
        try:
            yield server.base
        finally:
            server.shutdown()
            thread.join()


def main(port: int = PORT) -> int:
    """Serves until Ctrl-C. Raises PortTakenError."""
    with _server(port) as server:
        log.end(f"The demo market is on {server.base}/ (Ctrl-C ends it).", "info")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
