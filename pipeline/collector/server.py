"""A collector as a process: its sockets, its producer, its spool, and how they end."""

import asyncio
import signal
import socket
import uuid
from pathlib import Path

import uvicorn
from prometheus_client import generate_latest

from pipeline.collector.delivery import Delivery, Log
from pipeline.collector.http import Collector
from pipeline.collector.in_flight import InFlight
from pipeline.collector.metrics import Metrics
from pipeline.collector.record import Recorder
from pipeline.collector.spool import Spool
from pipeline.config.collector import CollectorSettings
from pipeline.observability.endpoint import PROMETHEUS, Answer, Endpoint

# Seconds: of an idle connection, and for requests under way when the process is asked to end.
_IDLE = 65
_GRACE = 10
# Bytes of a request's line and headers: a GET of Snowplow's has its whole event in the line.
_HEADERS = 64 * 1024


def serve(settings: CollectorSettings, log_end: Log, directory: Path, scraped: tuple[str, int] | None) -> None:
    """Answers until SIGTERM or Ctrl-C. directory: of the spool. scraped: where metrics are read, None = nowhere.

    Raises OSError if an address or the disk cannot be used.
    """
    spool = Spool(directory, settings.spool_bytes)
    in_flight, metrics = InFlight(settings.in_flight_bytes), Metrics()
    delivery = Delivery(log_end, spool, in_flight)
    metrics.watch("spool_bytes", "Bytes on disk that are not known to be on the log.", lambda: spool.size)
    metrics.watch("in_flight_bytes", "Bytes of requests in memory.", lambda: in_flight.used)
    metrics.watch("spooling", "1 while records go to the disk first.", lambda: delivery.spooling)
    recorder = Recorder(lambda: str(uuid.uuid4()), settings.store_address)
    application = Collector(settings, delivery, in_flight, recorder, metrics).application()
    endpoint = None if scraped is None else Endpoint(scraped, {"/metrics": lambda: _scraped(metrics)})
    listening = _listening(settings.listen)
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server takes these signals itself, and raises them again when it is through.
        signal.signal(number, lambda *_: None)
    delivery.start()
    try:
        asyncio.run(uvicorn.Server(_configuration(application, settings)).serve([listening]))
    finally:
        listening.close()
        delivery.stop()
        if endpoint is not None:
            endpoint.close()


def _listening(address: tuple[str, int]) -> socket.socket:
    try:
        return socket.create_server(address, family=socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    except OSError as error:
        where = ":".join(map(str, address))
        raise OSError(f"{where} can't be listened on ({error.strerror}); name another with --listen.") from error


def _scraped(metrics: Metrics) -> Answer:
    return Answer(200, PROMETHEUS, generate_latest(metrics.registry))


def _configuration(application: object, settings: CollectorSettings) -> uvicorn.Config:
    return uvicorn.Config(
        application,  # type: ignore[arg-type]
        loop="uvloop",
        # The parser that bounds a request's line and headers.
        http="h11",
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
