"""The HTTP edge: who asks, what for, and how answers say how fresh they are."""

import asyncio
import hashlib
import logging
import math
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipeline.explain.known import Alias, UnknownShopper
from pipeline.query import key_ring
from pipeline.query.answers import VOLATILE, Answers, Data
from pipeline.query.key_ring import KeyRing, Unauthorized
from pipeline.query.operation import INCLUDE, Operation, arguments_of, operation_of, segments_of
from pipeline.query.rate_limit import RateLimit
from pipeline.query.refused import Elsewhere, Refused
from pipeline.runtime.ports import StateError

log = logging.getLogger(__name__)

_METHODS = ("GET", "HEAD")
_PRIVATE = {"cache-control": "private, no-cache", "vary": "authorization"}

_json = msgspec.json.Encoder(enc_hook=str).encode


class QueryApi:
    """An ASGI application. stores: an executor of one thread, for what reads the stores; topics: for what waits for
    brokers."""

    def __init__(self, answers: Answers, keys: KeyRing, rate: RateLimit, stores: Executor, topics: Executor) -> None:
        self._answers = answers
        self._keys = keys
        self._rate = rate
        self._stores = stores
        self._topics = topics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answered(request)
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except Refused as refused:
            return _refusal(refused)
        except Unauthorized:
            body = {"code": "unauthorized", "message": "Send `Authorization: Bearer KEY` with a key of this API."}
            return _response(401, body, {"www-authenticate": "Bearer"})
        except Elsewhere as elsewhere:
            return _moved(elsewhere.url + _target(request), "elsewhere", "Another worker has it.")
        except UnknownShopper:
            return _refusal(Refused(404, "unknown_shopper", "This shopper is not known."))
        except StateError as error:
            log.warning("A store can't be read: %s.", type(error).__name__)
            return _refusal(Refused(503, "state_unreadable", "The store can't be read just now; ask again.", 1))
        except Exception as error:
            # Its message may quote the request.
            log.error("A query failed: %s.", type(error).__name__)
            return _refusal(Refused(500, "failed", "This is a fault of ours; the log of the worker names it."))

    async def _answer(self, request: Request) -> Response:
        operation, captured = operation_of(segments_of(_raw_path(request)))
        if request.method not in _METHODS:
            refusal = Refused(405, "not_allowed", "Nothing can be changed here; use GET.")
            return _response(405, {"code": refusal.code, "message": refusal.message}, {"allow": "GET, HEAD"})
        holder = self._admitted(operation, request)
        arguments = arguments_of(operation, request.url.query)
        wanted = key_ring.Scope.PERSONAL if arguments.get(INCLUDE.name) else operation.scope
        if wanted is not None and (holder is None or holder < wanted):
            raise Refused(403, "wrong_scope", f"This needs a key with the scope {wanted.name.lower()}.")
        work = getattr(self._answers, operation.name)
        try:
            data = await self._run(operation, lambda: work(**captured, **arguments))
        except Alias as alias:
            segments = _raw_path(request).split(b"/")
            segments[3] = quote(alias.user, safe="").encode()
            target = b"/".join(segments).decode("ascii") + _query(request)
            return _moved(target, "merged", "This id has become another shopper's.")
        return _told(operation, data, request)

    def _admitted(self, operation: Operation, request: Request) -> key_ring.Scope | None:
        """The scope of the key; None where none is needed. Raises Unauthorized, Refused."""
        if operation.scope is None:
            return None
        key, scope = self._keys.holder(request.headers.get("authorization", ""))
        wait = self._rate.wait(key)
        if wait:
            message = "This key asks more often than AFTERCLICK_QUERY_RATE lets it."
            raise Refused(429, "too_often", message, math.ceil(wait))
        return scope

    async def _run(self, operation: Operation, work: Callable[[], Data]) -> Data:
        pool = self._topics if operation.name in Answers.OF_TOPICS else self._stores
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def _told(operation: Operation, data: Data, request: Request) -> Response:
    if operation.name == "health":
        return _response(200 if data["status"] == "ok" else 503, data, {"cache-control": "no-store"})
    headers = dict(_PRIVATE)
    freshness = data.get("freshness")
    if freshness is not None and freshness["partition_time"] is not None:
        # Of 304 too, which has no body.
        headers["afterclick-partition-time"] = freshness["partition_time"]
    tag = headers["etag"] = _tag(data)
    asked = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return _response(200, data, headers)


def _tag(data: Data) -> str:
    """Weak: the same state at a later time is the same to who asks."""
    return f'W/"{hashlib.blake2b(_json(_settled(data)), digest_size=12).hexdigest()}"'


def _settled(data: Data) -> Any:
    return {
        name: _settled(value) if isinstance(value, dict) else value
        for name, value in data.items()
        if name not in VOLATILE
    }


def _moved(location: str, code: str, message: str) -> Response:
    return _response(307, {"code": code, "message": message, "location": location}, {"location": location} | _PRIVATE)


def _refusal(refused: Refused) -> Response:
    headers = {"retry-after": str(refused.retry_after)} if refused.retry_after else {}
    return _response(refused.status, {"code": refused.code, "message": refused.message}, headers)


def _response(status: int, data: Data, headers: dict[str, str]) -> Response:
    return Response(_json(data), status, headers, media_type="application/json")


def _raw_path(request: Request) -> bytes:
    found: bytes = request.scope["raw_path"]
    return found


def _query(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    return "?" + query.decode("latin-1") if query else ""


def _target(request: Request) -> str:
    return _raw_path(request).decode("latin-1") + _query(request)
