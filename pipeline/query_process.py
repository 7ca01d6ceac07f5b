"""The composition root of the query API's process."""

from pathlib import Path

from pipeline.config.query import QuerySettings
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS, LOYALTY_POINTS
from pipeline.kafka.client import Client
from pipeline.kafka.published_log import PublishedLog
from pipeline.query.decision_ring import DecisionRing
from pipeline.query.published import Published
from pipeline.query.server import serve
from pipeline.topics import SHOPPER
from schemas.decision_reader import decision_reader


def serve_queries(topology: Topology, settings: Settings, own: QuerySettings, socket: Path) -> None:
    """Until it is told to stop. socket: of the shopper agent. Raises OSError if the address is taken, ClientError."""
    used = topology.used_topics()
    readers = {name: decision_reader(name, topology.kafka.format) for name in DECISION_TOPICS if name in used}
    ring = DecisionRing(readers)
    topics = {topology.topic(name): name for name in readers}
    properties = Client(settings.brokers, settings.kafka).librdkafka(f"{topology.name}.query")
    log = PublishedLog(properties, topics, topology.kafka.partitions, topology.topic(LOYALTY_POINTS), ring)
    try:
        stores = settings.data_directory / SHOPPER / "state"
        serve(own, topology, stores, socket, Published(log, ring, readers))
    finally:
        log.close()
