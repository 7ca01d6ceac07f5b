"""CPU time of each step of a batch, in process: both agents' processors over RocksDB, with an outbox that drops all.

Usage: python -m benchmarks.stages [--events 300000] [--batch 5000]
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agents.intake import IntakeParts
from agents.shopper import ShopperParts
from benchmarks.cluster import FIELD_TIME, REFERENCE
from benchmarks.result import record
from benchmarks.workload import workload
from pipeline.config.topology import Topology, load
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.runtime.partition import AnyProcessor
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, Output, Record
from pipeline.worker import settle_collector
from schemas.codec import DecisionCodec

PARTITIONS = 4


class Stopwatch:
    """Thread time between `before STEP` and `after STEP`, by step, s."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._begun = 0.0

    def __call__(self, point: str) -> None:
        when, step = point.split()
        if when == "before":
            self._begun = time.thread_time()
        else:
            self.seconds[step] += time.thread_time() - self._begun


class Drain:
    """An outbox that keeps what goes to shopper-events, by partition, and counts the rest."""

    def __init__(self, kept: list[list[Record]]) -> None:
        self._kept = kept
        self.outputs = 0
        self._changelog = -1

    def begin(self) -> None:
        """Nothing to do."""

    def produce(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            self.outputs += 1
            if output.topic == SHOPPER_EVENTS:
                partition = hash(output.key) % PARTITIONS if output.partition is None else output.partition
                kept = self._kept[partition]
                kept.append(Record(len(kept), 0, output.key, output.value))
            elif output.topic == "changelog":
                self._changelog += 1

    def commit(self) -> int:
        return self._changelog

    def abort(self) -> None:
        """Nothing to do."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--batch", type=int, default=5_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        topology = reference_topology(Path(folder))
        clickstream = partitioned(workload(given.events))
        settle_collector()
        canonical: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        intake = IntakeParts(topology, Path(folder) / "intake")
        figures = {"events": given.events, **through("intake", intake, clickstream, lambda: Drain(canonical), given)}
        shopper = ShopperParts(topology, encoder_of(topology), Path(folder) / "shopper")
        figures |= through("shopper", shopper, canonical, lambda: Drain([[]]), given)
    record(
        "stages",
        "Thread CPU time in microseconds an event of each step of both agents' processors, in one thread, with "
        "RocksDB and without Kafka: commits are free, produce is only the walk over the outputs.",
        "none of its own; tells where the time of `worker` goes",
        figures,
    )


def reference_topology(folder: Path) -> Topology:
    """The reference topology, with time from the records; its file is put into `folder`."""
    path = folder / "topology.yaml"
    path.write_text(REFERENCE.read_text() + FIELD_TIME)
    return load(path, {})


def partitioned(calls: Iterable[tuple[bytes, bytes]]) -> list[list[Record]]:
    """(key, value) as records of as many partitions as the reference has."""
    partitions: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for key, value in calls:
        partition = partitions[hash(key) % PARTITIONS]
        partition.append(Record(len(partition), 0, key, value))
    return partitions


def encoder_of(topology: Topology) -> DecisionCodec:
    """Decisions as JSON, under their logical topics."""
    return DecisionCodec("json", topology.name, topics={topic: topic for topic in DECISION_TOPICS}, registry="")


def through(
    agent: str,
    parts: IntakeParts | ShopperParts,
    sources: Sequence[Sequence[Record]],
    outbox: Callable[[], Drain],
    given: argparse.Namespace,
) -> dict[str, float]:
    """Take all records of each source through the agent's processors, in batches; us an event of each step."""
    watch = Stopwatch()
    processors = [_processor(parts, partition, outbox(), watch) for partition in range(len(sources))]
    size = given.batch
    for start in range(0, max(map(len, sources)), size):
        for partition, processor in enumerate(processors):
            records = sources[partition][start : start + size]
            if records:
                batch = Batch("source", partition, start - 1, records)
                while not processor.process(batch).finished:
                    pass
    spent = {f"{agent}_{step}_us": round(seconds / given.events * 1e6, 2) for step, seconds in watch.seconds.items()}
    return spent | {f"{agent}_us": round(sum(watch.seconds.values()) / given.events * 1e6, 2)}


def _processor(parts: IntakeParts | ShopperParts, partition: int, outbox: Drain, watch: Stopwatch) -> AnyProcessor:
    processor = parts.processor(partition, parts.open_state(partition), outbox)
    processor.start(0)
    processor._at = watch
    return processor


if __name__ == "__main__":
    main()
