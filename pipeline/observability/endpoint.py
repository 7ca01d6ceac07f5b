"""A small HTTP server on a thread of its own: it answers also while the event loop is busy or stuck."""

import http.client
import logging
import os
import socket
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec

log = logging.getLogger(__name__)

JSON = "application/json"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    status: int
    content_type: str
    body: bytes


Routes = Mapping[str, Callable[[], Answer]]
Address = tuple[str, int] | Path
"""Host and port, or the path of a unix socket: how the processes of a worker talk to their supervisor."""


class EndpointError(OSError):
    """The address can't be listened on; the message says what to do."""


class Endpoint:
    """Serves GET of `routes` until closed. Raises EndpointError if the address is taken."""

    def __init__(self, address: Address, routes: Routes) -> None:
        handler = type("Handler", (_Handler,), {"routes": dict(routes)})
        self._path = address if isinstance(address, Path) else None
        try:
            self._server = _UnixServer(address, handler) if isinstance(address, Path) else _tcp(address, handler)
        except OSError as error:
            raise EndpointError(_sentence(address, error)) from error
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="http")
        self._thread.daemon = True
        self._thread.start()

    @property
    def port(self) -> int:
        """The port listened on, which port 0 leaves to the system; 0 of a unix socket."""
        return 0 if self._path is not None else int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def get(address: Path, path: str, timeout: float) -> Answer:
    """GET from an endpoint on a unix socket. timeout: s. Raises OSError, http.client.HTTPException."""
    connection = _UnixConnection(address, timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("content-type", ""), response.read())
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    routes: Routes = {}
    server_version = "afterclick"
    sys_version = ""
    # A client that connects and says nothing holds a thread no longer than this, s.
    timeout = 10

    def do_GET(self) -> None:
        route = self.routes.get(self.path.partition("?")[0])
        if route is None:
            answer = Answer(404, "text/plain", ("There is: " + " ".join(sorted(self.routes)) + "\n").encode())
        else:
            try:
                answer = route()
            except Exception as error:
                log.warning("Answering %s failed: %s", self.path.partition("?")[0], type(error).__name__)
                answer = Answer(500, "text/plain", b"internal error\n")
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line."""

    def address_string(self) -> str:
        return "client"


class _TcpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    # ThreadingHTTPServer lets a second process bind the same port on some systems; we want to be told.
    allow_reuse_port = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away before its answer."""

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name, which may ask a slow DNS."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", 0


class _V6Server(_TcpServer):
    address_family = socket.AF_INET6


class _UnixServer(_TcpServer):
    address_family = socket.AF_UNIX

    def __init__(self, path: Path, handler: type[BaseHTTPRequestHandler]) -> None:
        path.unlink(missing_ok=True)
        super().__init__(str(path), handler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "", 0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def _tcp(address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> _TcpServer:
    return (_V6Server if ":" in address[0] else _TcpServer)(address, handler)


def _sentence(address: Address, error: OSError) -> str:
    where = str(address) if isinstance(address, Path) else f"{address[0]}:{address[1]}"
    return (
        f"Health and metrics can't listen on {where} ({error.strerror or error}): "
        "set AFTERCLICK_HTTP to another host:port, or to off."
    )
