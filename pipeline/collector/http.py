"""The HTTP edge: requests in, answers as clients need them (wire-format.md, what a collector must answer)."""

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.collector.body import read_body
from pipeline.collector.cors import cors_headers
from pipeline.collector.delivery import Delivery
from pipeline.collector.format import CONFIGURATION, PATHS, SDK_SETTINGS, SETTINGS, Format, format_of
from pipeline.collector.header import Headers
from pipeline.collector.health import Health
from pipeline.collector.in_flight import Busy, InFlight
from pipeline.collector.metrics import Metrics
from pipeline.collector.openapi import document
from pipeline.collector.record import Record, Recorder
from pipeline.collector.wire.request import EVENT_LIMIT, FIELD_LIMIT, Rejected, WireRequest
from pipeline.config.collector import CollectorSettings

log = logging.getLogger(__name__)

# Seconds that a body may take to arrive.
_BODY = 10.0
_RETRY_AFTER = "2"

_NOTHING_HERE = "There is nothing to be sent here in this way."

_json = msgspec.json.Encoder().encode


class Collector:
    """What one process answers with. clock: seconds since 1970."""

    def __init__(
        self,
        settings: CollectorSettings,
        delivery: Delivery,
        in_flight: InFlight,
        recorder: Recorder,
        metrics: Metrics,
        health: Health,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._headers = Headers(settings.country_headers, settings.privacy_headers)
        self._delivery = delivery
        self._in_flight = in_flight
        self._recorder = recorder
        self._metrics = metrics
        self._health = health
        self._clock = clock

    def application(self) -> Starlette:
        # One route: each further one would be tried in turn, for every request.
        return Starlette(
            routes=[Route("/{path:path}", self._entry, methods=["GET", "POST", "OPTIONS"])],
            exception_handlers={405: _not_there},
        )

    async def _entry(self, request: Request) -> Response:
        method, path = request.method, request.url.path
        if path in PATHS and method != "HEAD":
            return await self._collect(request)
        if (path in SETTINGS or CONFIGURATION.fullmatch(path)) and method != "HEAD":
            return self._settings_of_posthog(request)
        if path == "/health" and method == "GET":
            return await self._told()
        if path == "/openapi.json" and method == "GET":
            return _answer(200, _json(document()))
        there = path in PATHS or path in SETTINGS or path in ("/health", "/openapi.json")
        return _error(405 if there else 404, "not_found", _NOTHING_HERE)

    async def _told(self) -> Response:
        status, state = await self._health.state()
        return _answer(status, _json({"status": state}))

    def _settings_of_posthog(self, request: Request) -> Response:
        """What posthog-js and the other SDKs ask before they go on: there are no flags, no recordings."""
        cors = cors_headers(self._settings, request.headers)
        return Response(b"" if request.method == "OPTIONS" else SDK_SETTINGS, 200, cors, media_type="application/json")

    async def _collect(self, request: Request) -> Response:
        began = time.perf_counter()
        headers = {name.lower(): value for name, value in request.headers.items()}
        cors = cors_headers(self._settings, headers)
        if request.method == "OPTIONS":
            return Response(status_code=200, headers=cors)
        wanted = format_of(request.method, request.url.path, headers)
        if wanted is None:
            return _error(405, "not_found", _NOTHING_HERE)
        response = await self._answered(request, wanted, headers)
        response.headers.update(cors)
        self._metrics.requests.labels(wanted.name, str(response.status_code)).inc()
        self._metrics.seconds.labels(wanted.name).observe(time.perf_counter() - began)
        return response

    async def _answered(self, request: Request, wanted: Format, headers: Mapping[str, str]) -> Response:
        try:
            await self._taken(request, wanted, headers)
            return _answer(200, wanted.answer, wanted.media)
        except Rejected as rejected:
            return _error(rejected.status, rejected.code, rejected.message)
        except Busy as busy:
            return _error(busy.status, "busy", "Send it again later.", {"Retry-After": _RETRY_AFTER})
        except (TimeoutError, ClientDisconnect):
            return _error(408, "slow_body", "The body did not arrive in time.")
        except Exception as error:
            # Its message may quote the request.
            log.error("A request of %s failed: %s.", wanted.name, type(error).__name__)
            return _error(503, "failed", "Send it again later.", {"Retry-After": _RETRY_AFTER})

    async def _taken(self, request: Request, wanted: Format, headers: Mapping[str, str]) -> None:
        received, held = int(self._clock() * 1000), [0]
        try:
            chunks = self._counted(request.stream(), held)
            async with asyncio.timeout(_BODY):
                body = await read_body(chunks, headers.get("content-encoding", ""))
            records = self._records(request, wanted, headers, body, received)
            del body
            await self._delivery.put(records)
            self._metrics.events.labels(wanted.name).inc(len(records))
        finally:
            self._in_flight.give_back(held[0])

    def _records(
        self, request: Request, wanted: Format, headers: Mapping[str, str], body: bytes, received: int
    ) -> list[Record]:
        try:
            return self._read(request, wanted, WireRequest(request.url.path, body, _query(request), headers), received)
        except RecursionError:
            raise Rejected(400, "too_deep", "The body has too many levels.") from None

    def _read(self, request: Request, wanted: Format, sent: WireRequest, received: int) -> list[Record]:
        opened = wanted.opened(sent)
        if not self._settings.takes(_basic(sent.headers) or opened.write_key):
            raise Rejected(401, "unknown_write_key", "The write key is not known here.")
        client = request.client.host if request.client else ""
        records, oversize = self._recorder.records(opened.calls, received, client, self._headers.context(sent.headers))
        if oversize:
            self._metrics.oversize.labels(wanted.name).inc(oversize)
            if len(opened.calls) == 1:
                raise Rejected(400, "too_large", f"An event may have {EVENT_LIMIT} bytes.")
        return records

    async def _counted(self, chunks: AsyncIterator[bytes], held: list[int]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self._in_flight.take(len(chunk))
            held[0] += len(chunk)
            yield chunk


def _query(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.url.query, max_num_fields=FIELD_LIMIT))
    except ValueError:
        raise Rejected(400, "too_many_fields", f"A query may have {FIELD_LIMIT} fields.") from None


def _basic(headers: Mapping[str, str]) -> str | None:
    """The user of basic authorization, which is where SDKs put the write key."""
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(coded).decode().partition(":")[0] or None
    except (binascii.Error, ValueError):
        return None


def _answer(status: int, body: bytes, media: str = "application/json") -> Response:
    return Response(body, status, media_type=media)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """With `code` and `message`: without them RudderStack's Python SDK sends a refused batch for ever."""
    return Response(_json({"code": code, "message": message}), status, headers, media_type="application/json")


async def _not_there(_: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return _error(status, "not_found", _NOTHING_HERE)
