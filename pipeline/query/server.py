"""The query API as a process beside the agents: it reads their stores and the topics, and writes neither."""

import asyncio
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
import uvloop

from pipeline.collector.connection import Bounds, bounded
from pipeline.collector.in_flight import InFlight
from pipeline.collector.listening import listening_on
from pipeline.config.query import QuerySettings
from pipeline.config.topology import Topology
from pipeline.query.answers import Answers, Decided
from pipeline.query.http import QueryApi
from pipeline.query.key_ring import KeyRing
from pipeline.query.partitions import Partitions
from pipeline.query.placement import Placements
from pipeline.query.rate_limit import RateLimit

log = logging.getLogger(__name__)

_CONNECTIONS = 1_000
_ARRIVAL, _IDLE, _GRACE = 10.0, 65, 5
_HEADERS = 16 * 1024
_HEADS_IN_FLIGHT = 8 * 1024 * 1024
_WAITERS = 4
# Steps down in the scheduler's order: where both want the processor, the agents have it.
_NICER = 5


def serve(settings: QuerySettings, topology: Topology, stores: Path, socket: Path, published: Decided) -> None:
    """Answers until SIGTERM, or until the process that started this one is gone. stores: directory of the shopper
    agent's stores. socket: where the agent says which partitions it has. Raises OSError if the address is taken."""
    listening = listening_on(settings.listen, "AFTERCLICK_QUERY")
    os.nice(_NICER)
    partitions = Partitions(topology, stores, Placements(socket).now, settings.age)
    reader, waiters = ThreadPoolExecutor(1, "stores"), ThreadPoolExecutor(_WAITERS, "topics")
    answers = Answers(topology, partitions, published)
    application = QueryApi(answers, KeyRing(settings.keys), RateLimit(settings.rate), reader, waiters)
    # It would write a line for each malformed request.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server takes these signals itself, and raises them again when it is through.
        signal.signal(number, lambda *_: None)
    server = uvicorn.Server(_configuration(application))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_orphaned(server, listening))
    finally:
        listening.close()
        reader.submit(partitions.close).result()
        reader.shutdown()
        waiters.shutdown(wait=False, cancel_futures=True)


async def _until_orphaned(server: uvicorn.Server, listening: "object") -> None:
    parent = os.getppid()
    serving = asyncio.ensure_future(server.serve([listening]))  # type: ignore[list-item]
    while not serving.done():
        await asyncio.wait([serving], timeout=1.0)
        if os.getppid() != parent:
            server.should_exit = True
    await serving


def _configuration(application: QueryApi) -> uvicorn.Config:
    bounds = Bounds(_CONNECTIONS, _ARRIVAL, InFlight(_HEADS_IN_FLIGHT), lambda reason: None)
    return uvicorn.Config(
        application,
        http=bounded(bounds),
        ws="none",
        h11_max_incomplete_event_size=_HEADERS,
        lifespan="off",
        # It would log addresses and ids.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
    )
