"""Requests to a collector over loopback: as many as it answers, or so many a second whatever it does.

At a rate each request has its time from the start, and its latency counts from then: one that has to wait because the
one before it is late is late itself.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

_PATIENCE = 30.0


class Load(NamedTuple):
    """requests: answered with 200. seconds: from the first sent to the last answered. latencies: seconds each, in the
    order of the answers."""

    requests: int
    seconds: float
    latencies: list[float]

    def percentile(self, share: float) -> float:
        """In seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def saturated(port: int, requests: Sequence[bytes], seconds: float, connections: int) -> Load:
    """Each connection sends its next request when the one before is answered."""
    return asyncio.run(_saturated(port, requests, seconds, connections))


def paced(port: int, requests: Sequence[bytes], seconds: float, rate: float, connections: int) -> Load:
    """rate: requests a second, evenly spread; connections: the most that wait for answers at a time."""
    return asyncio.run(_paced(port, requests, seconds, rate, connections))


class _Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[None] | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("closed before the answer"))

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        assert self._answer is not None
        if head.startswith(b"HTTP/1.1 200"):
            self._answer.set_result(None)
        else:
            self._answer.set_exception(RuntimeError(self._got.decode()))

    async def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._got = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await asyncio.wait_for(self._answer, _PATIENCE)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _connected(port: int, connections: int) -> list[_Client]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(_Client, "127.0.0.1", port))[1] for _ in range(connections)]


async def _saturated(port: int, requests: Sequence[bytes], seconds: float, connections: int) -> Load:
    clients = await _connected(port, connections)
    begun, latencies = time.perf_counter(), list[float]()

    async def keep_on(client: _Client, first: int) -> None:
        number = first
        while (sent := time.perf_counter()) - begun < seconds:
            await client.ask(requests[number % len(requests)])
            latencies.append(time.perf_counter() - sent)
            number += connections

    await asyncio.gather(*(keep_on(client, number) for number, client in enumerate(clients)))
    took = time.perf_counter() - begun
    for client in clients:
        client.close()
    return Load(len(latencies), took, latencies)


async def _paced(port: int, requests: Sequence[bytes], seconds: float, rate: float, connections: int) -> Load:
    free: asyncio.Queue[_Client] = asyncio.Queue()
    for client in await _connected(port, connections):
        free.put_nowait(client)
    begun, latencies = time.perf_counter(), list[float]()

    async def one(number: int, due: float) -> None:
        client = await free.get()
        await client.ask(requests[number % len(requests)])
        latencies.append(time.perf_counter() - due)
        free.put_nowait(client)

    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * rate)):
            due = begun + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(one(number, due))
    took = time.perf_counter() - begun
    while not free.empty():
        free.get_nowait().close()
    return Load(len(latencies), took, latencies)
