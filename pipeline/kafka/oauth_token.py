"""Tokens of an OpenID provider for SASL OAUTHBEARER, for aiokafka; librdkafka fetches its own, by the same settings."""

import asyncio
import logging
import ssl
import threading
import time
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client

from pipeline.kafka.client import TOKEN_ENDPOINT, ClientError, variable

log = logging.getLogger(__name__)

_TIMEOUT = 10.0
_USED = 0.8
"""Part of a token's lifetime after which it is not given out any more."""


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Client credentials grant (RFC 6749, 4.4). One token is given to every connection until it is near its end.

    trust: knows who may have signed the endpoint's certificate.
    """

    def __init__(
        self, endpoint: str, client_id: str, client_secret: str, scope: str | None, trust: ssl.SSLContext
    ) -> None:
        self._endpoint = endpoint
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._trust = trust
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:
        """Raises ClientError, upon which aiokafka tries again to connect."""
        return await asyncio.to_thread(self._current)

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._good_until:
                asked = time.monotonic()
                answer = self._fetch()
                self._token = str(answer["access_token"])
                self._good_until = asked + _USED * float(answer.get("expires_in") or 0)
            return self._token

    def _fetch(self) -> dict[str, Any]:
        try:
            with OAuth2Client(
                self._client_id, self._client_secret, scope=self._scope, timeout=_TIMEOUT, verify=self._trust
            ) as client:
                answer: dict[str, Any] = client.fetch_token(self._endpoint, grant_type="client_credentials")
                return answer
        except Exception as error:
            # Of the error only what can't hold the request, which holds the secret.
            sentence = f"No token comes from {variable(TOKEN_ENDPOINT)}: {_reason(error)}."
            log.warning(sentence)
            raise ClientError(sentence) from None


def _reason(error: BaseException) -> str:
    if isinstance(error, AuthlibBaseError):
        return str(error.error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{cause.verify_message}; check {variable('https.ca.location')}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
