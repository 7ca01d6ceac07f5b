"""An event's way through both agents in one thread, stage by stage, each on what the stage before it made.

Only surfaces that the rooms of the project show each other are called, so that a stage can be made faster from within.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.cluster import FIELD_TIME, REFERENCE
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.runtime.checkpoint import changelog
from pipeline.runtime.intake_fold import FIELD, IntakeFold, IntakeSettings
from pipeline.runtime.item import decode_event
from pipeline.runtime.ports import CHANGELOG, Batch, Checkpoint, Output, Record, StateWrite
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore
from schemas.codec import DecisionCodec

STAGES = (
    "canonicalise", "forward", "decode", "read state", "decide", "encode decisions", "encode state", "write state",
    "produce",
)  # fmt: skip

Measure = Callable[[str], AbstractContextManager[None]]
"""Measures a stage, by name, for as long as its block runs."""


class Workbench:
    """One partition of each agent, with RocksDB in `folder` and the embedded broker; close it. Timers stay untouched:
    what is measured is an event's own cost."""

    def __init__(self, folder: Path, text: str | None = None) -> None:
        """text: of a topology; None: the reference."""
        topology = parse((text or REFERENCE.read_text()) + FIELD_TIME, {})
        self._intake = Intake(topology.plan())
        self._forward = IntakeFold(self._intake, IntakeSettings(partitions=1, received=FIELD))
        self._engine, self._codec = Engine(topology.plan()), RecordCodec()
        self._encoder = DecisionCodec("json", topology.name, topics={}, registry="")
        self._state = RocksStore(folder).open("0")
        topics = {name: name for name in (*DECISION_TOPICS, CHANGELOG)}
        self._broker = EmbeddedBroker(dict.fromkeys(topics.values(), 1))
        properties = {"bootstrap.servers": self._broker.brokers, "log_level": 0}
        self._outbox = TransactionalOutbox(properties, "workbench", topics, 0, WorkerClock())
        self._outbox.fence()
        self._offset = 0

    def take(self, calls: Sequence[tuple[bytes, bytes]], measure: Measure) -> None:
        """Lead a batch of (key, value) of the clickstream through all stages. Raises RuntimeError if some get lost."""
        batch = Batch("clickstream", 0, -1, [Record(n, 0, key, value) for n, (key, value) in enumerate(calls)])
        with measure("canonicalise"):
            accepted = [self._intake.accept(record.value, 0, from_field=True) for record in batch.records]
        with measure("forward"):
            # A fold takes what it is given decoded as it is; else it would do so itself, call by call.
            forwarded = self._forward.fold(batch, list(accepted), 0, Checkpoint()).outputs
        records = [Record(n, 0, one.key, one.value) for n, one in enumerate(forwarded) if one.partition is None]
        with measure("decode"):
            decoded = [decode_event(record) for record in records]
        events = [event for event in decoded if isinstance(event, Event)]
        if len(events) != len(calls):
            raise RuntimeError(f"of {len(calls)} calls {len(events)} came as far as the engine: nothing to measure")
        outputs, changed = self._fold(events, measure)
        checkpoint = Checkpoint(self._offset)
        due = [(shopper.due, key) for key, shopper in changed.items() if shopper.due]
        with measure("encode state"):
            values = [(key, self._codec.encode(shopper)) for key, shopper in changed.items()]
        with measure("write state"):
            self._state.write(StateWrite(values, self._offset, checkpoint, due))
        self._outbox.begin()
        with measure("produce"):
            self._outbox.produce(outputs)
            self._outbox.produce(changelog(0, values, checkpoint))
        self._outbox.commit()
        self._offset += len(events)

    def close(self) -> None:
        self._outbox.close()
        self._broker.close()
        self._state.close()

    def _fold(self, events: Sequence[Event], measure: Measure) -> tuple[list[Output], dict[bytes, Shopper]]:
        """Outputs, and the records of all shoppers of the batch."""
        encode, decide = self._encoder.encode, self._engine.decide
        with measure("read state"):
            keys = list(dict.fromkeys(event.shopper.encode() for event in events))
            stored = self._state.get_many(keys)
            shoppers = {
                key: Shopper() if value is None else self._codec.decode(value)
                for key, value in zip(keys, stored, strict=True)
            }
        outcomes: list[Outcome] = []
        with measure("decide"):
            for event in events:
                outcomes.append(decide(shoppers[event.shopper.encode()], event, event.received))
        outputs: list[Output] = []
        source = {"topic": "shopper-events", "partition": 0, "offset": 0}
        with measure("encode decisions"):
            for event, outcome in zip(events, outcomes, strict=True):
                for decision in outcome.decisions:
                    value, headers = encode(decision, source)
                    outputs.append(Output(decision.topic, event.shopper.encode(), value, headers))
        return outputs, shoppers
