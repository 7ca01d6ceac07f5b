"""Who may look, and how a browser has to treat what it gets."""

import base64
import binascii
import hmac
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LEAST_KEY = 16
"""Characters of a key: one that can be guessed is none."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """Around the application. key: a browser asks its user for it as a password, of any name; "" = none is needed, and
    then only names of this machine are answered to: a page elsewhere may have its own name point here."""

    def __init__(self, application: ASGIApp, key: str) -> None:
        self._application = application
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        if self._key and not self._holds(headers.get("authorization", "")):
            asked = {"www-authenticate": 'Basic realm="afterclick", charset="UTF-8"'}
            refusal = PlainTextResponse("AFTERCLICK_CONSOLE_KEY is the password, with any name.\n", 401, asked)
            await refusal(scope, receive, dressed)
        elif not self._key and host_of(headers.get("host", "")) not in LOOPBACK:
            await PlainTextResponse("Ask for localhost, or 127.0.0.1.\n", 421)(scope, receive, dressed)
        else:
            await self._application(scope, receive, dressed)

    def _holds(self, authorization: str) -> bool:
        scheme, _, told = authorization.partition(" ")
        try:
            _, _, password = base64.b64decode(told, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(password, self._key)


def host_of(header: str) -> str:
    """Without its port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
