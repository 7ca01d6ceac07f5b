"""A broker in memory: topics, transactions with their offset gaps, read committed, and fencing as Kafka does it."""

from collections.abc import Callable, Iterable
from zlib import crc32

from pipeline.runtime.ports import CHANGELOG, Fenced, OutboxError, Output, Record, Uncertain

LogKey = tuple[str, int]


class Crash(BaseException):
    """The process is gone: nothing may catch this but the test."""


def crash_at(step: str, nth: int) -> Callable[[str], None]:
    """For a processor to call at each step: the process is gone at this one, the nth time."""
    left = [nth]

    def at(now: str) -> None:
        left[0] -= now == step
        if not left[0]:
            raise Crash

    return at


class MemoryBroker:
    """partitions: by topic, 1 where not said. now: the brokers' time, ms, what records are stamped with."""

    def __init__(self, partitions: dict[str, int] | None = None) -> None:
        self.partitions = partitions or {}
        self.now = 0
        self.logs: dict[LogKey, list[tuple[Record, list[tuple[str, bytes]] | None]]] = {}
        self.ends: dict[LogKey, int] = {}
        self.epochs: dict[str, int] = {}

    def append(self, topic: str, key: bytes | None, value: bytes | None, **given: object) -> Record:
        """One record outside of any transaction; given: partition, timestamp, headers."""
        return self._append(
            Output(topic, key, value, given.get("headers"), given.get("partition")), given.get("timestamp")
        )  # type: ignore[arg-type]

    def partition_of(self, output: Output) -> int:
        if output.partition is not None:
            return output.partition
        return crc32(output.key or b"") % self.partitions.get(output.topic, 1)

    def read(self, topic: str, partition: int, offset: int = 0, limit: int | None = None) -> list[Record]:
        found = [record for record, _ in self.logs.get((topic, partition), []) if record.offset >= offset]
        return found[:limit]

    def all(self, topic: str) -> list[Record]:
        """Records of all partitions, partition by partition."""
        return [record for key in sorted(self.logs) if key[0] == topic for record, _ in self.logs[key]]

    def headers(self, topic: str) -> list[dict[str, bytes]]:
        return [dict(headers or []) for key in sorted(self.logs) if key[0] == topic for _, headers in self.logs[key]]

    def publish(self, outputs: Iterable[Output]) -> dict[LogKey, int]:
        """Append a transaction with its markers; last offset of each partition touched."""
        last: dict[LogKey, int] = {}
        for output in outputs:
            last[(output.topic, self.partition_of(output))] = self._append(output, None).offset
        for key in last:
            self.ends[key] += 1
        return last

    def discard(self, outputs: Iterable[Output]) -> None:
        """An aborted transaction takes offsets, and nobody sees it."""
        for output in outputs:
            key = (output.topic, self.partition_of(output))
            self.ends[key] = self.ends.get(key, 0) + 1

    def _append(self, output: Output, timestamp: int | None) -> Record:
        key = (output.topic, self.partition_of(output))
        offset = self.ends.get(key, 0)
        record = Record(offset, self.now if timestamp is None else timestamp, output.key, output.value)
        self.logs.setdefault(key, []).append((record, output.headers))
        self.ends[key] = offset + 1
        return record


class MemoryOutbox:
    """A `pipeline.runtime.ports.Outbox`. rename: changelog -> the agent's. trouble: called with each call's name before
    it does anything; raises what should go wrong. `lost` makes the next commit happen and then raise Uncertain."""

    def __init__(
        self,
        broker: MemoryBroker,
        transactional_id: str,
        changelog: str,
        trouble: Callable[[str], None] = lambda call: None,
    ) -> None:
        self._broker = broker
        self._id = transactional_id
        self._changelog = changelog
        self._trouble = trouble
        self._open: list[Output] | None = None
        self.lost = False
        self._epoch = broker.epochs[transactional_id] = broker.epochs.get(transactional_id, 0) + 1

    def begin(self) -> None:
        self._check("begin")
        assert self._open is None, "a transaction is open"
        self._open = []

    def produce(self, outputs: Iterable[Output]) -> None:
        self._check("produce")
        assert self._open is not None, "no transaction is open"
        for output in outputs:
            topic = self._changelog if output.topic == CHANGELOG else output.topic
            self._open.append(Output(topic, output.key, output.value, output.headers, output.partition))

    def commit(self) -> int:
        self._check("commit")
        assert self._open is not None, "no transaction is open"
        last = self._broker.publish(self._open)
        self._open = None
        if self.lost:
            raise Uncertain("no answer")
        return max((offset for (topic, _), offset in last.items() if topic == self._changelog), default=-1)

    def abort(self) -> None:
        self._check("abort")
        if self._open is None:
            raise OutboxError("no transaction is open")
        self._broker.discard(self._open)
        self._open = None

    def _check(self, call: str) -> None:
        if self._broker.epochs[self._id] != self._epoch:
            raise Fenced(self._id)
        self._trouble(call)
