"""A small shop of the demo's own: a page to click in, a collector that its tag sends to, and what was decided."""

import importlib.resources
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.demo.child import Child
from pipeline.demo.ticker import Headline
from pipeline.demo.worker_watch import free_port
from pipeline.kafka.clock import Acceleration
from pipeline.observability.endpoint import JSON, Answer, Endpoint, Routes

VISITOR_PREFIX = "web-"
"""Of the ids of whoever is on the page: simulated shoppers have others."""

_WRITE_KEY = "demo"
_REMEMBERED = 200
_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css", "js": "text/javascript"}
_FILES = ("index.html", "shop.css", "tag.js", "shop.js")
_STOP_BUDGET = 10.0

_json = msgspec.json.Encoder().encode


class Scene(NamedTuple):
    """Where the collector plays. clock: the shop's. folder: of its spool and log."""

    topology: Path
    brokers: str
    clock: Acceleration
    folder: Path
    environment: Mapping[str, str]


class Storefront:
    """host: what is listened on. clock: an instant (ms) as the shop's clocks show it."""

    def __init__(self, host: str, scene: Scene, clock: Callable[[int], str]) -> None:
        self._host = host
        self._scene = scene
        self._clock = clock
        self._gate = threading.Lock()
        self._heard: deque[dict[str, object]] = deque(maxlen=_REMEMBERED)
        self._count = 0
        self._collector_port = free_port(host)
        self._collector: Child | None = None
        self._endpoint = Endpoint((host, 0), self._routes())
        self.url = f"http://{host}:{self._endpoint.port}"

    @property
    def failure(self) -> str:
        """A sentence once the collector has failed; else ""."""
        return "" if self._collector is None else self._collector.failure

    def open(self) -> None:
        """Start the collector; the page is there before, and its tag tries again until it answers."""
        topology, brokers, clock, folder, environment = self._scene
        place = ["--data-dir", str(folder / "collector"), "--http", "off"]
        listen = ["--listen", f"{self._host}:{self._collector_port}", "--clock", str(clock)]
        arguments = ["collector", "--topology", str(topology), "--brokers", brokers, *place, *listen]
        origins = f"{self.url},http://localhost:{self._endpoint.port}"
        settings = {"AFTERCLICK_COLLECTOR_WRITE_KEYS": _WRITE_KEY, "AFTERCLICK_COLLECTOR_ORIGINS": origins}
        self._collector = Child("collector", arguments, folder / "collector.log", {**environment, **settings})

    def hear(self, shopper: str, headline: Headline) -> bool:
        """Something was decided. Whether it is about somebody on the page, who is then told."""
        if not shopper.startswith(VISITOR_PREFIX):
            return False
        with self._gate:
            self._count += 1
            at = self._clock(headline.at)
            self._heard.append({"number": self._count, "shopper": shopper, "time": at, "text": headline.text})
        return True

    def close(self) -> None:
        if self._collector is not None:
            self._collector.ask_to_end()
            self._collector.end(_STOP_BUDGET)
        self._endpoint.close()

    def _routes(self) -> Routes:
        files = importlib.resources.files("pipeline.demo") / "shop"
        contents = {f"/{name}": (files / name).read_bytes() for name in _FILES}
        settings = {
            "collector": f"http://{self._host}:{self._collector_port}",
            "writeKey": _WRITE_KEY,
            "visitor": VISITOR_PREFIX,
        }
        contents["/settings.js"] = b"window.settings = " + _json(settings)
        contents["/"] = contents.pop("/index.html")
        fixed = {path: _constant(path, content) for path, content in contents.items()}
        return {**fixed, "/decisions": self._decisions}

    def _decisions(self) -> Answer:
        with self._gate:
            return Answer(200, JSON, _json(list(self._heard)))


def _constant(path: str, content: bytes) -> Callable[[], Answer]:
    answer = Answer(200, _TYPES[path.rpartition(".")[2] if "." in path else "html"], content)
    return lambda: answer
