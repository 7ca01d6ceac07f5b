"""The life of one owned partition over a broker in memory that fences as Kafka does."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from pipeline.kafka import partition_owner
from pipeline.kafka.restore import Restored, Restoring
from pipeline.runtime.ports import Output
from tests.support.memory_broker import MemoryBroker, MemoryOutbox
from tests.support.zombies import Place, Zombies, message_ids


class FencingOutbox:
    """A TransactionalOutbox over a MemoryBroker."""

    def __init__(self, client: dict[str, Any], transactional_id: str, topics: dict[str, str], *given: Any) -> None:
        self._broker: MemoryBroker = client["broker"]
        self._id = transactional_id
        self._changes = topics["changelog"]
        self._topics = topics
        self._inner: MemoryOutbox | None = None

    def fence(self) -> None:
        self._inner = MemoryOutbox(self._broker, self._id, self._changes)

    @property
    def _owned(self) -> MemoryOutbox:
        assert self._inner is not None, "a producer that has not fenced may not write"
        return self._inner

    def begin(self) -> None:
        self._owned.begin()

    def produce(self, outputs: Iterable[Output]) -> None:
        self._owned.produce(
            Output(self._topics[one.topic], one.key, one.value, one.headers, one.partition) for one in outputs
        )

    def commit(self) -> int:
        return self._owned.commit()

    def abort(self) -> None:
        self._owned.abort()

    def close(self) -> None: ...


def restore(client: dict[str, Any], topic: str, partition: int, restoring: Restoring, *given: Any) -> Restored:
    records = client["broker"].read(topic, partition, restoring.next_offset)
    restoring.apply(records)
    return Restored(len(records), 0.0)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> MemoryBroker:
    monkeypatch.setattr(partition_owner, "TransactionalOutbox", FencingOutbox)
    monkeypatch.setattr(partition_owner, "restore", restore)
    monkeypatch.setattr(partition_owner, "first_offset", lambda *given: 0)
    return MemoryBroker()


@pytest.fixture
def place(broker: MemoryBroker) -> Place:
    return Place({"broker": broker})


@pytest.fixture
def said(broker: MemoryBroker, place: Place) -> Callable[[], Sequence[str]]:
    def found() -> list[str]:
        assert broker.all(place.letters) == []
        return message_ids([record.value for record in broker.all(place.decisions)])

    return found


class TestMemoryBroker(Zombies):
    pass
