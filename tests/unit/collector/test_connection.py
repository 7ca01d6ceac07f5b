"""Clients that send slowly, or nothing, or come in crowds: real sockets on a server of this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from pipeline.collector.connection import Bounds, bounded
from pipeline.collector.server import configuration
from tests.support.apache_kafka import free_port
from tests.support.collector_client import CollectorClient

HEAD = b"POST /v1/track HTTP/1.1\r\nhost: c\r\nauthorization: Basic d2tfdGVzdDo=\r\n"
BODY = b'{"userId":"u-1","event":"A"}'
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A collector on a port. refused: the reasons, in order."""

    def __init__(self, client: CollectorClient, port: int, refused: list[str]) -> None:
        self.client = client
        self.port = port
        self.refused = refused

    async def open(self) -> Ends:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def serving(folder: Path, connections: int = 100, arrival: float = 0.4) -> AsyncIterator[Served]:
    client, port, refused = CollectorClient(folder, IN_FLIGHT_MIB="1"), free_port(), []
    bounds = Bounds(connections, arrival, client.in_flight, refused.append)
    set_up = configuration(client.application, client.settings, bounded(bounds))
    set_up.port = port
    server = uvicorn.Server(set_up)
    server.capture_signals = lambda: _nothing()  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield Served(client, port, refused)
    server.should_exit = True
    await running


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


async def closed(ends: Ends, patience: float = 2.0) -> bool:
    """Whether the server ends it."""
    try:
        async with asyncio.timeout(patience):
            return await ends[0].read() == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def status(ends: Ends) -> int:
    line = await ends[0].readline()
    rest = await ends[0].readuntil(b"\r\n\r\n")
    length = next(int(each.split(b":")[1]) for each in rest.split(b"\r\n") if each.startswith(b"content-length"))
    await ends[0].readexactly(length)
    return int(line.split()[1])


@pytest.mark.parametrize("sent", [b"", b"POST /v1/tr", HEAD, HEAD + b"content-length: 100\r\n\r\n{"])
def test_a_request_that_does_not_arrive_is_ended(tmp_path: Path, sent: bytes) -> None:
    async def run() -> None:
        async with serving(tmp_path) as served:
            ends = await served.open()
            ends[1].write(sent)
            assert await closed(ends)
            assert served.refused == ["slow"] and served.client.in_flight.used == 0

    asyncio.run(run())


def test_a_byte_now_and_then_gains_nothing_and_others_are_served_meanwhile(tmp_path: Path) -> None:
    async def drip(ends: Ends) -> None:
        for byte in HEAD:
            ends[1].write(bytes([byte]))
            await asyncio.sleep(0.05)

    async def run() -> None:
        async with serving(tmp_path) as served:
            slow = await served.open()
            dripping = asyncio.create_task(drip(slow))
            quick = await served.open()
            for _ in range(5):
                quick[1].write(WHOLE)
                assert await status(quick) == 200
                await asyncio.sleep(0.2)
            assert await closed(slow, 0.1)
            dripping.cancel()
            assert served.refused == ["slow"], "one that sends whole requests may stay"

    asyncio.run(run())


def test_connections_beyond_the_bound_are_closed_and_room_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, connections=3, arrival=30) as served:
            held = [await served.open() for _ in range(3)]
            assert await closed(await served.open())
            assert served.refused == ["connections"]
            held[0][1].close()
            await asyncio.sleep(0.1)
            again = await served.open()
            again[1].write(WHOLE)
            assert await status(again) == 200

    asyncio.run(run())


def test_heads_that_are_not_whole_count_as_memory(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, arrival=30) as served:
            held = []
            while not served.refused and len(held) < 60:
                held.append(await served.open())
                held[-1][1].write(b"POST /v1/track HTTP/1.1\r\nx: " + b"x" * 50_000)
                await held[-1][1].drain()
                await asyncio.sleep(0.01)
            assert served.refused[0] == "memory" and 15 < len(held) < 30
            assert served.client.in_flight.used <= 1024 * 1024
            for _, writer in held:
                writer.close()
            await asyncio.sleep(0.2)
            assert served.client.in_flight.used == 0

    asyncio.run(run())


def test_a_head_larger_than_its_bound_is_400(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path) as served:
            ends = await served.open()
            ends[1].write(b"GET /i?" + b"x" * 70_000)
            assert (await ends[0].readline()).split()[1] == b"400"
            assert served.refused == ["malformed"]
            assert b"connection: close" in (await ends[0].read()).lower()

    asyncio.run(run())


def test_a_body_that_is_refused_early_is_still_answered(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, arrival=5) as served:
            ends = await served.open()
            ends[1].write(HEAD + b"content-length: 900000\r\n\r\n")
            for _ in range(9):
                ends[1].write(b" " * 100_000)
                await ends[1].drain()
            assert await status(ends) == 400
            ends[1].write(WHOLE)
            assert await status(ends) == 200, "the rest of the body was taken off the connection"

    asyncio.run(run())
