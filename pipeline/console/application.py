"""The console's pages and what they ask for, over HTTP."""

import asyncio
import importlib.resources
import logging
from collections.abc import AsyncIterator

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline.console.gate import Gate
from pipeline.console.live_state import LiveState
from pipeline.console.shopper_page import NotFound, ShopperPage

log = logging.getLogger(__name__)

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_FILES = ("index.html", "console.css", "console.js", "element.js", "live.js", "shopper.js")
_PERIOD = 0.5
_STREAMS = 50
_LOOK_UPS = 2
_LONGEST_ID = 1_024

_json = msgspec.json.Encoder(enc_hook=str).encode


class Console:
    """Reads only; nothing here changes anything."""

    def __init__(self, state: LiveState, page: ShopperPage) -> None:
        self._state = state
        self._page = page
        self._streams = self._look_ups = 0

    def application(self, key: str) -> ASGIApp:
        """key: see Gate."""
        files = importlib.resources.files("pipeline.console") / "site"
        routes = [_file(f"/{name}", name, (files / name).read_bytes()) for name in _FILES]
        routes.append(_file("/", _FILES[0], (files / _FILES[0]).read_bytes()))
        routes += [Route("/api/live", self._live), Route("/api/shopper", self._shopper)]
        return Gate(Starlette(routes=routes), key)

    async def _live(self, request: Request) -> Response:
        if self._streams >= _STREAMS:
            return _refusal(503, f"{_STREAMS} pages are open already; close one.")
        self._streams += 1
        return StreamingResponse(self._frames(), media_type="text/event-stream")

    async def _frames(self) -> AsyncIterator[bytes]:
        """A page that comes again begins with the latest: it keeps nothing over a lost connection."""
        try:
            after = 0
            while True:
                frame = self._state.frame(after)
                after = max([after, *(one["number"] for one in frame["latest"])])
                yield b"data: " + _json(frame) + b"\n\n"
                await asyncio.sleep(_PERIOD)
        finally:
            self._streams -= 1

    async def _shopper(self, request: Request) -> Response:
        shopper = request.query_params.get("id", "")
        if not 0 < len(shopper) <= _LONGEST_ID:
            return _refusal(400, "Name a shopper, by the id that clients send.")
        if self._look_ups >= _LOOK_UPS:
            return _refusal(503, "Other shoppers are being looked up; ask again.")
        self._look_ups += 1
        try:
            data = await asyncio.to_thread(self._page.data, shopper)
        except NotFound as missing:
            return _refusal(404, str(missing))
        except Exception as error:
            # Its message may quote the shopper.
            log.error("A shopper can't be shown: %s.", type(error).__name__)
            return _refusal(500, "This is a fault of ours; the console's log names it.")
        finally:
            self._look_ups -= 1
        return Response(_json(data), media_type="application/json")


def _refusal(status: int, message: str) -> Response:
    return Response(_json({"message": message}), status, media_type="application/json")


def _file(path: str, name: str, content: bytes) -> Route:
    kind = _TYPES[name.rpartition(".")[2]]

    async def answer(request: Request) -> Response:
        return Response(content, media_type=kind)

    return Route(path, answer)
