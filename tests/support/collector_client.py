"""The collector over ASGI, without a network, on a log that is a list."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx2

from pipeline.collector.delivery import Delivery, Done
from pipeline.collector.health import Health
from pipeline.collector.http import Collector
from pipeline.collector.in_flight import InFlight
from pipeline.collector.metrics import Metrics
from pipeline.collector.record import Record, Recorder
from pipeline.collector.spool import Spool
from pipeline.config.collector import CollectorSettings, resolve_collector

RECEIVED = 1_796_000_000.25

T = TypeVar("T")


class ListLog:
    """away: whether the broker does not answer."""

    def __init__(self, away: bool = False) -> None:
        self.records: list[Record] = []
        self.away = away

    def send(self, records: Sequence[Record], done: Done) -> None:
        if not self.away:
            self.records.extend(records)
        done(not self.away)

    def answers(self) -> bool:
        return not self.away


class CollectorClient:
    """settings: of AFTERCLICK_COLLECTOR_."""

    def __init__(self, folder: Path, *, away: bool = False, **settings: str) -> None:
        given = {"WRITE_KEYS": "wk_test,phc_test,shop", "ORIGINS": "https://shop.example"} | settings
        self.settings: CollectorSettings = resolve_collector(
            {f"AFTERCLICK_COLLECTOR_{name}": value for name, value in given.items()}
        )
        self.log = ListLog(away)
        self.spool = Spool(folder / "spool", self.settings.spool_bytes)
        self.in_flight = InFlight(self.settings.in_flight_bytes)
        self.delivery = Delivery(self.log, self.spool, self.in_flight)
        self.metrics = Metrics()
        self._ids = iter(range(1_000_000))
        recorder = Recorder(lambda: f"fresh-{next(self._ids)}", self.settings.store_address)
        health = Health(self.delivery, self.log)
        self.application = Collector(
            self.settings, self.delivery, self.in_flight, recorder, self.metrics, health, lambda: RECEIVED
        ).application()

    def request(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        async def ask(client: httpx2.AsyncClient) -> httpx2.Response:
            return await client.request(method, target, content=body, headers=headers or {})

        return self.run(ask)

    def run(self, use: Callable[[httpx2.AsyncClient], Awaitable[T]]) -> T:
        """For requests that come at the same time."""

        async def session() -> T:
            transport = httpx2.ASGITransport(app=self.application, client=("203.0.113.9", 4711))
            async with httpx2.AsyncClient(transport=transport, base_url="http://collector") as client:
                return await use(client)

        return asyncio.run(session())
