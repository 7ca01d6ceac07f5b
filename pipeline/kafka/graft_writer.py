"""Writes the grafts of one partition: all of them in one transaction, or none."""

from collections.abc import Iterable

from pipeline.kafka.client import Properties
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.runtime.ports import Output


def write_grafts(
    properties: Properties, prefix: str, logical: str, topic: str, partition: int, outputs: Iterable[Output]
) -> None:
    """prefix: of the transactional id: of two runs at a time, the one that began first fails. topic: what `logical` is
    called. Raises OutboxError."""
    outbox = TransactionalOutbox(properties, f"{prefix}.{partition}", {logical: topic}, partition, WorkerClock())
    try:
        outbox.fence()
        outbox.begin()
        try:
            outbox.produce(outputs)
            outbox.commit()
        except BaseException:
            outbox.abort()
            raise
    finally:
        outbox.close()
