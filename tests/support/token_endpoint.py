"""An OpenID provider's token endpoint on loopback, over TLS: client credentials grant, tokens that nobody signed."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support.certificates import Certificate


class TokenEndpoint:
    """secrets: client id -> secret. certificate: of the endpoint. asked: form of each request so far, refused ones too.
    One who is refused reads the secret again in the answer: whoever passes it on to a log is found out."""

    def __init__(self, secrets: Mapping[str, str], certificate: Certificate) -> None:
        self.asked: list[str] = []
        self._clients = {
            f"Basic {base64.b64encode(f'{client}:{secret}'.encode()).decode()}": client
            for client, secret in secrets.items()
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/token"

    def __enter__(self) -> "TokenEndpoint":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                client = endpoint._clients.get(self.headers["Authorization"])
                secret = base64.b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")[2]
                answer: dict[str, Any] = {"error": "invalid_client", "error_description": f"{secret} is wrong"}
                if client is not None:
                    answer = {"access_token": token(client), "token_type": "Bearer", "expires_in": 600}
                body = json.dumps(answer).encode()
                self.send_response(401 if client is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def token(subject: str) -> str:
    """A JWT without signature, good for ten minutes; no two are the same."""
    now = time.time()
    claims = {"sub": subject, "iat": now, "exp": now + 600}
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
