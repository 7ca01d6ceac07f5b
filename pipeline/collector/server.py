"""A collector as a process: its sockets, its producer, its spool, and how they end."""

import asyncio
import gc
import logging
import resource
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import uvicorn
import uvloop
from prometheus_client import generate_latest

from pipeline.collector.connection import Bounds, Connection, bounded
from pipeline.collector.delivery import Delivery, Log
from pipeline.collector.health import Health
from pipeline.collector.http import Collector
from pipeline.collector.in_flight import InFlight
from pipeline.collector.listening import listening_on
from pipeline.collector.metrics import Metrics
from pipeline.collector.record import Recorder
from pipeline.collector.spool import Spool
from pipeline.config.collector import CollectorSettings
from pipeline.observability.endpoint import PROMETHEUS, Answer, Endpoint

log = logging.getLogger(__name__)

# Seconds: of an idle connection, of a request from its first byte to its last, and for requests under way when the
# process is asked to end.
_IDLE = 65
_ARRIVAL = 20.0
_GRACE = 10
# New objects that bring on a walk for cycles; a request of 20 events makes some 200 that count.
_YOUNG = 50_000
# File descriptors beside those of clients: brokers, the spool, the process itself.
_OWN_FILES = 128
# Bytes of a request's line and headers: a GET of Snowplow's has its whole event in the line.
_HEADERS = 64 * 1024


def serve(
    settings: CollectorSettings,
    log_end: Log,
    directory: Path,
    scraped: tuple[str, int] | None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Answers until SIGTERM or Ctrl-C. directory: of the spool. scraped: where metrics are read, None = nowhere.
    clock: of received times, seconds since 1970.

    Raises OSError if an address or the disk cannot be used.
    """
    spool = Spool(directory, settings.spool_bytes)
    in_flight, metrics = InFlight(settings.in_flight_bytes), Metrics()
    delivery = Delivery(log_end, spool, in_flight)
    metrics.watch("collector_spool_bytes", lambda: spool.size)
    metrics.watch("collector_in_flight_bytes", lambda: in_flight.used)
    metrics.watch("collector_spooling", lambda: delivery.spooling)
    recorder = Recorder(lambda: str(uuid.uuid4()), settings.store_address)
    health = Health(delivery, log_end)
    application = Collector(settings, delivery, in_flight, recorder, metrics, health, clock).application()
    bounds = Bounds(_connections(settings.connections), _ARRIVAL, in_flight, metrics.refuse)
    endpoint = None if scraped is None else Endpoint(scraped, {"/metrics": lambda: _scraped(metrics)})
    listening = listening_on(settings.listen, "--listen")
    # It would write a line for each malformed request; they are counted.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server takes these signals itself, and raises them again when it is through.
        signal.signal(number, lambda *_: None)
    delivery.start()
    try:
        server = uvicorn.Server(configuration(application, settings, bounded(bounds)))
        metrics.watch("collector_connections", lambda: len(server.server_state.connections))
        # What was made up to now stays; and what a request makes is not walked a dozen times a second.
        gc.freeze()
        gc.set_threshold(_YOUNG)
        # The server takes the loop of its configuration only where it makes one itself.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve([listening]))
    finally:
        listening.close()
        delivery.stop()
        if endpoint is not None:
            endpoint.close()


def _connections(wanted: int) -> int:
    """As many as wanted, or as the system lets this process have files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    most = soft - _OWN_FILES
    log.warning("Only %d connections at a time: the system lets this process have %d files open.", most, soft)
    return most


def _scraped(metrics: Metrics) -> Answer:
    return Answer(200, PROMETHEUS, generate_latest(metrics.registry))


def configuration(application: object, settings: CollectorSettings, connection: type[Connection]) -> uvicorn.Config:
    """How the server is set up."""
    return uvicorn.Config(
        application,  # type: ignore[arg-type]
        http=connection,
        ws="none",
        h11_max_incomplete_event_size=_HEADERS,
        lifespan="off",
        # It would log addresses.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
    )
