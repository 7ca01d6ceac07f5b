"""The values and headers of output topics, in the format that topology.yaml names."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pipeline.domain.decision import DECISION_TOPICS, Decision
from pipeline.domain.value.instant import format_instant
from schemas.avro import confluent_prefix, single_object_prefix, writer
from schemas.contract import contract
from schemas.registry import register
from schemas.rendering import json_writer

Format = Literal["json", "avro"]
Headers = list[tuple[str, bytes]]

CONTENT_TYPES: dict[Format, bytes] = {"json": b"application/json", "avro": b"application/avro"}


class DecisionCodec:
    """Decision -> value and headers; `pipeline.runtime.ports.DecisionEncoder`.

    name: of the topology, part of `ce_source`. topics: logical topic -> the shop's name, where it differs; names the
    registry's subjects. registry: its URL, "" for none; used with format avro only. settings: of its client.
    Creating one with a registry registers the schemas and raises `RegistryError`; encoding raises `ContractError`.
    """

    def __init__(
        self,
        format: Format,
        name: str,
        *,
        topics: Mapping[str, str] | None = None,
        registry: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.format = format
        self._writers = {topic: json_writer(topic) for topic in DECISION_TOPICS} if format == "json" else {}
        if format == "avro":
            names = {topic: (topics or {}).get(topic, topic) for topic in DECISION_TOPICS}
            ids = register(registry, names, settings) if registry else {}
            for topic in DECISION_TOPICS:
                prefix = confluent_prefix(ids[topic]) if ids else single_object_prefix(contract(topic).schema)
                self._writers[topic] = writer(topic, prefix)
        self._fixed: Headers = [
            ("ce_specversion", b"1.0"),
            ("ce_source", f"/afterclick/{name}".encode()),
            ("content-type", CONTENT_TYPES[format]),
        ]

    def encode(self, decision: Decision, source: dict[str, Any] | None) -> tuple[bytes, Headers]:
        """Value and headers of the record that publishes `decision`. source: topic, partition, offset of its cause."""
        return self.value(decision, source), self.headers(decision)

    def value(self, decision: Decision, source: dict[str, Any] | None) -> bytes:
        return self._writers[decision.topic](decision, source)

    def headers(self, decision: Decision) -> Headers:
        """CloudEvents 1.0, Kafka binding, binary mode. The time is `effective_at`, the subject the shopper."""
        return [
            *self._fixed,
            ("ce_id", decision.id.encode()),
            ("ce_type", _ce_type(decision.type)),
            ("ce_time", format_instant(decision.effective_at).encode()),
            ("ce_subject", decision.shopper.encode()),
        ]


# There are as many as changes that a rule can tell of, about ten.
@cache
def _ce_type(type: str) -> bytes:
    return f"afterclick.{type}".encode()
