"""One partition of the shopper agent, all by itself: its processor over RocksDB, with an outbox that keeps nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from agents.shopper import ShopperParts
from benchmarks.cluster import FIELD_TIME, reference
from benchmarks.workload import workload
from pipeline.config.topology import Topology, parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import DECISION_TOPICS, Decision
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import (
    CHANGELOG,
    SHOPPER_EVENTS,
    Batch,
    DecisionEncoder,
    Headers,
    Output,
    Record,
    StatePartition,
    StateWrite,
)
from pipeline.state.record import RecordCodec
from schemas.codec import DecisionCodec

_encode = msgspec.json.Encoder().encode


def topology(partitions: int = 1, time_block: str = FIELD_TIME) -> Topology:
    """The reference topology."""
    return parse(reference(partitions) + time_block, {})


class Dropping:
    """An outbox that keeps nothing and counts changelog records."""

    def __init__(self) -> None:
        self._changelog = -1

    def begin(self) -> None:
        """Nothing to do."""

    def produce(self, outputs: Iterable[Output]) -> None:
        self._changelog += sum(output.topic == CHANGELOG for output in outputs)

    def commit(self) -> int:
        return self._changelog

    def abort(self) -> None:
        """Nothing to do."""


class Telling:
    """A decision encoder that shows each decision to `told` and has another one encode it."""

    def __init__(self, encoder: DecisionEncoder, told: Callable[[Decision], None]) -> None:
        self._encoder, self._told = encoder, told

    def encode(self, decision: Decision, source: dict[str, Any]) -> tuple[bytes, Headers]:
        self._told(decision)
        return self._encoder.encode(decision, source)


class ShopperPartition:
    """Partition 0 with its state in `folder`; close it. told: see Telling."""

    def __init__(
        self, folder: Path, shop: Topology | None = None, told: Callable[[Decision], None] | None = None
    ) -> None:
        shop = shop or topology()
        codec = DecisionCodec("json", shop.name, topics={topic: topic for topic in DECISION_TOPICS}, registry="")
        self.folder = folder
        parts = ShopperParts(shop, codec if told is None else Telling(codec, told), folder)
        self.state: StatePartition = parts.open_state(0)
        self.processor = parts.processor(0, self.state, Dropping())
        self.processor.start(0)

    def take(self, values: Sequence[tuple[bytes, bytes]], size: int = 5_000) -> None:
        """Records (key, value) in batches of `size`."""
        for start in range(0, len(values), size):
            batch = self.batch(values[start : start + size])
            while not self.processor.process(batch).finished:
                pass

    def batch(self, values: Sequence[tuple[bytes, bytes]]) -> Batch:
        """What comes next, as a fetch."""
        first = self.processor.next_offset
        records = [Record(first + number, 0, key, value) for number, (key, value) in enumerate(values)]
        return Batch(SHOPPER_EVENTS, 0, first - 1, records)

    def close(self) -> None:
        self.processor.close()
        self.state.close()


def canonical(events: int, shopper: Callable[[int], str], seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of shopper-events: the reference mix, of the shoppers that `shopper` names by position."""
    intake = Intake(topology().plan())
    for number, (_, value) in enumerate(workload(events, seed=seed)):
        for event in intake.accept(value, 0, from_field=True):
            if isinstance(event, Event):
                event.shopper = shopper(number)
                yield event.shopper.encode(), _encode(event)


def write_records(state: StatePartition, records: Iterable[tuple[bytes, bytes]], size: int = 20_000) -> None:
    """Put (key, stored record) into the store, with their due entries, without any event."""
    codec, offset = RecordCodec(), state.changelog_offset()
    batch: list[tuple[bytes, bytes | None]] = []

    def flush() -> None:
        nonlocal offset
        offset += len(batch)
        due = [(at, key) for key, value in batch if (at := codec.due(value or b""))]
        state.write(StateWrite(list(batch), offset, due_added=due))
        batch.clear()

    for one in records:
        batch.append(one)
        if len(batch) == size:
            flush()
    if batch:
        flush()


def stored_records(count: int) -> list[bytes]:
    """Stored records of shoppers with one to three events each of the reference mix."""
    engine, codec = Engine(topology().plan()), RecordCodec()
    shoppers: dict[bytes, Shopper] = {}
    for key, value in canonical(2 * count, lambda number: f"u{number * (1 if number < count else 7) % count}"):
        event = msgspec.json.decode(value, type=Event)
        engine.decide(shoppers.setdefault(key, Shopper()), event, event.received)
    return [codec.encode(shopper) for shopper in shoppers.values()]
