"""A client's connection: how long a request may take to arrive, and how many connections there may be."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.collector.in_flight import Busy, InFlight


@dataclass(frozen=True, slots=True)
class Bounds:
    """connections: at a time. arrival: seconds from a connection or a request's first byte to its last one. in_flight:
    where bytes of heads that are not whole yet are counted. refused: called for each connection beyond the bounds, with
    the reason."""

    connections: int
    arrival: float
    in_flight: InFlight
    refused: Callable[[str], None]


class Connection(H11Protocol):
    """The server's own bounds begin with a whole head: a client that sends a byte now and then, or none, it would hold
    for ever."""

    bounds: ClassVar[Bounds]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self.bounds.connections:
            self.transport = transport
            self._refuse("connections")
            return
        super().connection_made(transport)
        self._watch(True)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        head = len(self.conn.trailing_data[0])
        try:
            self._hold(head)
        except Busy:
            self._refuse("memory")
            return
        self._watch(head > 0 or self.conn.their_state is h11.SEND_BODY)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch(False)
        self._hold(0)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self.bounds.refused("malformed")
        super().send_400_response(msg)

    def _hold(self, size: int) -> None:
        if size > self._held:
            self.bounds.in_flight.take(size - self._held)
        elif size < self._held:
            self.bounds.in_flight.give_back(self._held - size)
        self._held = size

    def _watch(self, arriving: bool) -> None:
        if arriving and self._deadline is None:
            self._deadline = self.loop.call_later(self.bounds.arrival, self._refuse, "slow")
        elif not arriving and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, reason: str) -> None:
        self.bounds.refused(reason)
        self.transport.abort()


def bounded(bounds: Bounds) -> type[Connection]:
    """The kind of connection that a server is to make."""
    return type("BoundedConnection", (Connection,), {"bounds": bounds})
