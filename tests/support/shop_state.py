"""What the engine keeps of the shoppers of some calls, and a worker's stores that hold it."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.kafka.changelog_lookup import partition_of
from pipeline.runtime.ports import Checkpoint, StateWrite
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore

CODEC = RecordCodec()


def opened(shopper: Shopper) -> Shopper:
    """A copy for comparing, of which all is decoded, also what a record keeps encoded until an event asks for it."""
    copy = msgspec.structs.replace(shopper)
    _ = copy.orders, copy.words
    if copy.messages is not None:
        copy.messages = msgspec.structs.replace(copy.messages)
        copy.messages.open()
    return copy


def records_of(plan: Plan, calls: Iterable[bytes]) -> dict[bytes, bytes]:
    """Record by shopper after these calls, in received order, with all timers that were due by the last one."""
    engine, intake = Engine(plan), Intake(plan)
    shoppers: dict[str, Shopper] = defaultdict(Shopper)
    now = 0
    for call in calls:
        for event in intake.accept(call, now, from_field=True):
            if isinstance(event, Event):
                now = max(now, event.received)
                engine.decide(shoppers[event.shopper], event, now)
    for shopper_id, shopper in shoppers.items():
        engine.on_due(shopper, shopper_id, now)
    return {shopper_id.encode(): CODEC.encode(shopper) for shopper_id, shopper in shoppers.items()}


def write_stores(directory: Path, records: dict[bytes, bytes], partitions: int = 2) -> None:
    """As the shopper agent of a worker with this data directory would have left them."""
    store = RocksStore(directory / "shopper" / "state")
    for partition in range(partitions):
        of_it = [(key, value) for key, value in records.items() if partition_of(key, partitions) == partition]
        due = [(when, key) for key, value in of_it if (when := CODEC.due(value))]
        state = store.open(str(partition))
        state.write(StateWrite(of_it, len(of_it), Checkpoint(next_offset=len(of_it), time=1_767_225_600_000), due))
        state.close()
