"""`afterclick collector`: take what clients' SDKs send."""

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Annotated

import typer

from pipeline.collector.server import serve
from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, DataDirectory, Http, LogFormat, TopologyFile
from pipeline.config.collector import resolve_collector
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load
from pipeline.data_directory import DataDirectory as OwnedDirectory
from pipeline.data_directory import DataDirectoryError
from pipeline.kafka.acknowledged_log import AcknowledgedLog
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.clock import Acceleration, WorkerClock
from pipeline.observability.log import configure

log = logging.getLogger(__name__)

NAME = "collector"
# Seconds for the first answer of a broker.
_PATIENCE = 5.0


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where clients send. [env: AFTERCLICK_COLLECTOR_LISTEN]"),
    ] = None,
    brokers: Brokers = None,
    data_dir: DataDirectory = None,
    http: Http = None,
    log_format: LogFormat = None,
    clock: Annotated[str | None, typer.Option("--clock", hidden=True)] = None,
) -> None:
    """Take what the SDKs of Segment, RudderStack, Snowplow, PostHog and GA4 send, until SIGTERM or Ctrl-C. A request is
    answered when its events are on the clickstream, or on this machine's disk while the brokers are away.

    Example: [bold]AFTERCLICK_COLLECTOR_WRITE_KEYS=wk_shop afterclick collector --listen 0.0.0.0:8090[/]
    """
    environment = process_environment()
    settings = resolve(
        environment, topology=topology, brokers=brokers, data_directory=data_dir, http=http, log=log_format
    )
    own = resolve_collector(environment, listen)
    loaded = load(settings.topology, environment)
    failures: list[str] = []

    def broken() -> None:
        failures.append("The producer is broken; start the collector again. What it acknowledged is kept.")
        os.kill(os.getpid(), signal.SIGTERM)

    configure("json" if settings.log == "json" else "text", NAME)
    try:
        properties = Client(settings.brokers, settings.kafka).librdkafka(f"{loaded.name}.{NAME}")
        directory = OwnedDirectory(settings.data_directory / NAME)
        log_end = AcknowledgedLog(properties, loaded.topic("clickstream"), broken)
        try:
            _expect_topic(log_end, loaded.topic("clickstream"))
            serve(own, log_end, directory.path / "spool", settings.http, _clock(clock))
        finally:
            log_end.close()
            directory.release()
    except (ClientError, DataDirectoryError, OSError) as error:
        raise Failure(str(error)) from error
    if failures:
        raise Failure(failures[0])


def _clock(simulated: str | None) -> Callable[[], float]:
    """simulated: START_MS:SPEED:ORIGIN_MS, of demonstrations; None = this machine's clock."""
    if simulated is None:
        return time.time
    shop = WorkerClock(Acceleration.parse(simulated))
    return lambda: shop.at(time.monotonic()) / 1000


def _expect_topic(log_end: AcknowledgedLog, topic: str) -> None:
    """Raises Failure if the brokers say that there is none. While they are away the spool takes what comes."""
    found = log_end.finds_topic(_PATIENCE)
    if found is False:
        raise Failure(f"The brokers have no topic {topic}; `afterclick topics` makes it.")
    if found is None:
        log.warning("No broker answers; what comes goes to the spool.")
