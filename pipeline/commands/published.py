"""Lines of an output topic, as commands read them back: from what a replay wrote, or from the brokers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.commands.failure import Failure
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology

# Seconds that brokers may take to answer.
_PATIENCE = 10.0


def replayed(directory: Path, topic: str, shopper: str | None = None) -> Iterator[dict[str, Any]]:
    """Those of a replay's output, of one shopper or of all. Raises Failure."""
    file = directory / f"{topic}.ndjson"
    # A line of another shopper is not parsed: files may be large.
    mark = "" if shopper is None else json.dumps(shopper, ensure_ascii=False)
    try:
        with file.open(encoding="utf-8") as lines:
            found = (json.loads(line) for line in lines if mark in line)
            yield from (line for line in found if shopper in (None, line["shopper"]))
    except FileNotFoundError:
        raise Failure(f"There is no {file.name} in {directory}; name a directory that a replay wrote.") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{file} can't be read: {error}") from error


def retained(
    topology: Topology, settings: Settings, topic: str, shopper: str | None = None
) -> Iterator[dict[str, Any]]:
    """Those that the brokers still keep, of one shopper or of all, each partition's in order. Raises Failure."""
    # Imported where it is needed: who reads a replay does not wait for Kafka's libraries.
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.changelog_lookup import partition_of, values_of
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.restore import RestoreError
    from schemas.decision_reader import decision_reader

    key = None if shopper is None else shopper.encode()
    every = range(topology.kafka.partitions)
    read = decision_reader(topic, topology.kafka.format)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        for partition in every if key is None else (partition_of(key, len(every)),):
            yield from map(read, values_of(client, topology.topic(topic), partition, key))
    except (BrokersAway, AdminError, ClientError, RestoreError) as error:
        raise Failure(str(error)) from error
