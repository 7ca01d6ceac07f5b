"""Two owners of one partition, one of which does not know that it is none any more: what every kind of broker that
fences has to pass."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.partition_owner import PartitionOwner, Wiring
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch
from pipeline.runtime.partition import AnyProcessor, PartitionProcessor
from pipeline.runtime.ports import Batch, Fenced, Outbox, Record, StatePartition
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.changelog import Restore
from pipeline.state.memory import MemoryPartition
from tests.support.fake_engine import FakeEngine
from tests.support.topology_driver import CODEC, PlainEncoder

T = 1_767_434_400_000
RECORDS = [
    Record(number, T, b"ann", msgspec.json.encode(Event("track", "X", "ann", T + number, T + number, f"m{number}")))
    for number in range(6)
]


class Place(NamedTuple):
    """Where the partition is. client: properties."""

    client: dict[str, Any]
    source: str = "source"
    changes: str = "changes"
    decisions: str = "decisions"
    letters: str = "letters"


class _Parts:
    """at: called at each crash point of the processor."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self._at = at

    def open_state(self, partition: int) -> StatePartition:
        return MemoryPartition()

    def discard_state(self, partition: int) -> None: ...

    def restoring(self, state: StatePartition) -> Restore:
        return Restore(state, CODEC)

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor:
        fold = ShopperFold(FakeEngine(), state, CODEC, PlainEncoder(), Settings(1, None))
        return PartitionProcessor("source", partition, fold, state, outbox, self._at)


def own(
    place: Place,
    at: Callable[[str], None] = lambda step: None,
    restored: Callable[[], None] = lambda: None,
) -> PartitionOwner:
    """An owner of partition 0, as a worker of its own would have it; not open yet. restored: called as soon as the
    changelog is read to its end."""
    wiring = Wiring(
        source=place.source,
        changelog=place.changes,
        outputs={"segment-changes": place.decisions, "clickstream-dlq": place.letters},
        transactional_prefix=place.changes,
        producer=place.client,
        consumer={**place.client, "group.id": "shop.shopper"},
    )
    watch: Any = PartitionWatch(Metrics("shopper"))
    watch.restored = lambda *told: restored()
    return PartitionOwner(0, _Parts(at), wiring, WorkerClock(), watch)


def never() -> bool:
    return False


def take(owner: PartitionOwner, begin: int, end: int) -> None:
    owner.take(Batch("source", 0, begin - 1, RECORDS[begin:end]), never)


def take_the_rest(owner: PartitionOwner) -> None:
    """From wherever its checkpoint stands."""
    take(owner, owner.next_offset or 0, len(RECORDS))


class Zombies:
    """To be derived from, beside fixtures `place` and `said` (message ids decided on, in order)."""

    def test_a_zombie_that_wakes_up_between_fold_and_commit_says_nothing(
        self, place: Place, said: Callable[[], Sequence[str]]
    ) -> None:
        # given an owner that is paused when all of its batch is sent, and not committed
        paused = [False]

        def at(step: str) -> None:
            if paused[0] and step == "before commit":
                heir.open(never)
                take_the_rest(heir)

        zombie, heir = own(place, at), own(place)
        zombie.open(never)
        take(zombie, 0, 2)
        paused[0] = True
        # when it goes on after another one has taken the partition over, and the same batch with it
        with pytest.raises(Fenced):
            take(zombie, 2, 6)
        # then its heir alone has spoken
        zombie.close()
        heir.close()
        assert list(said()) == [f"m{number}" for number in range(6)]

    def test_nothing_is_committed_behind_the_back_of_an_heir_that_restores(
        self, place: Place, said: Callable[[], Sequence[str]]
    ) -> None:
        zombie = own(place)
        zombie.open(never)
        take(zombie, 0, 2)
        fenced = []

        def restored() -> None:
            # when the owner before goes on just as its heir has read the changelog to its end
            try:
                take(zombie, 2, 4)
            except Fenced:
                fenced.append(True)

        heir = own(place, restored=restored)
        heir.open(never)
        take_the_rest(heir)
        zombie.close()
        heir.close()
        # then it comes too late: whatever it could commit would be missing in what was restored
        assert fenced
        assert list(said()) == [f"m{number}" for number in range(6)]


def message_ids(values: Sequence[bytes | None]) -> list[str]:
    return [one["message_id"] for one in map(msgspec.json.decode, values) if one["type"] == "seen"]  # type: ignore[arg-type]
