"""The embedded broker: librdkafka's mock cluster, in process, speaking real Kafka over TCP on loopback.

For demonstrations and tests. Its limits: nothing is kept on disk, a partition keeps about 100,000 messages or 5 MB, no
compaction, no append time, no admin requests, and zombies are not fenced.
"""

import ctypes
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import confluent_kafka

from pipeline.kafka.clock import Acceleration

_PRODUCER = 0
_ERROR_SIZE = 512


class Embedded(NamedTuple):
    """The brokers are the embedded one: no topic administration, no append time. acceleration: None = real time."""

    acceleration: Acceleration | None = None


class EmbeddedBrokerError(Exception):
    """The embedded broker can't run here."""


class EmbeddedBroker:
    """One broker on a free loopback port; lives until `close`, or as long as the process.

    topics: name -> number of partitions. One that is named only later gets 4.
    """

    def __init__(self, topics: Mapping[str, int] | None = None) -> None:
        self._library = _librdkafka()
        error = ctypes.create_string_buffer(_ERROR_SIZE)
        configuration = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"0", error, _ERROR_SIZE)
        self._client = self._library.rd_kafka_new(_PRODUCER, configuration, error, _ERROR_SIZE)
        if not self._client:
            raise EmbeddedBrokerError(error.value.decode())
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            raise EmbeddedBrokerError("The embedded broker did not start.")
        # Else every first join of a group takes 3 s.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        for topic, partitions in (topics or {}).items():
            self.create_topic(topic, partitions)

    @property
    def brokers(self) -> str:
        """Address, for `AFTERCLICK_BROKERS`."""
        addresses: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return addresses.decode()

    def create_topic(self, topic: str, partitions: int) -> None:
        code = self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)
        if code:
            raise EmbeddedBrokerError(f"Topic {topic} can't be made on the embedded broker (error {code}).")

    def close(self) -> None:
        """End the broker and forget everything. Idempotent."""
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._library.rd_kafka_destroy(self._client)
            self._cluster = None


def _librdkafka() -> ctypes.CDLL:
    """The library that confluent-kafka brings along; its Python API does not reach the mock cluster's functions."""
    package = Path(confluent_kafka.__file__).parent
    suffix = "*.dylib" if sys.platform == "darwin" else "librdkafka*.so*"
    places = (package.parent / "confluent_kafka.libs", package / ".dylibs")
    found = sorted(path for place in places for path in place.glob(suffix) if "librdkafka" in path.name)
    if not found:
        raise EmbeddedBrokerError("confluent-kafka came without its own librdkafka; use a real broker (--brokers).")
    library = ctypes.CDLL(str(found[0]))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures: dict[str, tuple[object, list[object]]] = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set": (number, [pointer, text, text, text, ctypes.c_size_t]),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [pointer, ctypes.c_int32]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
