"""A simulated broker: transactions that take offsets as they are produced, isolation, fencing, and compaction."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from enum import Enum

from pipeline.runtime.ports import CHANGELOG, Fenced, OutboxError, Output, Record, Uncertain
from tests.support.memory_broker import Crash, LogKey, MemoryBroker


class Fate(Enum):
    """Of a transaction. UNDECIDED: the commit is on its way, and its client has given up waiting."""

    OPEN = "open"
    UNDECIDED = "undecided"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Transaction:
    """last: greatest offset of each partition touched."""

    def __init__(self) -> None:
        self.fate = Fate.OPEN
        self.last: dict[LogKey, int] = {}


class SimulatedBroker(MemoryBroker):
    """As Kafka does it: what is produced lies in the log at once; a reader of committed records stops at the first open
    transaction and leaves out aborted ones; whoever fences an id ends the open transaction of its predecessor."""

    def __init__(self, partitions: dict[str, int]) -> None:
        super().__init__(partitions)
        self._fates: dict[LogKey, list[Transaction | None]] = {}
        self._current: dict[str, Transaction] = {}
        self.arrives: Callable[[], bool] = lambda: False
        """Whether a commit on its way gets there before the fencing that would end it."""

    def fence(self, transactional_id: str) -> int:
        """The new epoch. The transaction of the one before ends here, if it has not."""
        current = self._current.get(transactional_id)
        if current is not None:
            arrived = current.fate is Fate.UNDECIDED and self.arrives()
            self.end(current, Fate.COMMITTED if arrived else Fate.ABORTED)
        self.epochs[transactional_id] = self.epochs.get(transactional_id, 0) + 1
        return self.epochs[transactional_id]

    def owns(self, transactional_id: str, epoch: int) -> bool:
        return self.epochs[transactional_id] == epoch

    def begin(self, transactional_id: str) -> Transaction:
        transaction = self._current[transactional_id] = Transaction()
        return transaction

    def write(self, output: Output, transaction: Transaction) -> None:
        record = self._append(output, None)
        key = (output.topic, self.partition_of(output))
        self._fates[key][-1] = transaction
        transaction.last[key] = record.offset

    def end(self, transaction: Transaction, fate: Fate) -> None:
        """Write the markers, if nobody has yet."""
        if transaction.fate in (Fate.OPEN, Fate.UNDECIDED):
            transaction.fate = fate
            for key in transaction.last:
                self.ends[key] += 1

    def undecided(self) -> list[Transaction]:
        return [one for one in self._current.values() if one.fate is Fate.UNDECIDED]

    def read(
        self, topic: str, partition: int, offset: int = 0, limit: int | None = None, committed: bool = True
    ) -> list[Record]:
        """committed False: read as a consumer does that takes what is not committed, or never will be."""
        key = (topic, partition)
        log, fates = self.logs.get(key, []), self._fates.get(key, [])
        found: list[Record] = []
        for index in range(bisect_left(log, offset, key=lambda entry: entry[0].offset), len(log)):
            transaction = fates[index]
            if committed and transaction is not None and transaction.fate is not Fate.COMMITTED:
                if transaction.fate is Fate.ABORTED:
                    continue
                break
            found.append(log[index][0])
            if len(found) == limit:
                break
        return found

    def all(self, topic: str) -> list[Record]:
        return [record for key in sorted(self.logs) if key[0] == topic for record in self.read(*key)]

    def headers(self, topic: str) -> list[dict[str, bytes]]:
        found = []
        for key in sorted(self.logs):
            if key[0] == topic:
                headers = {record.offset: told for record, told in self.logs[key]}
                found += [dict(headers[record.offset] or []) for record in self.read(*key)]
        return found

    def compact(self, topic: str, partition: int) -> None:
        """Of each key keep the latest committed record; the end of the log stays as it is."""
        key = (topic, partition)
        latest = {record.key: record.offset for record in self.read(topic, partition)}
        kept: list[tuple[tuple[Record, list[tuple[str, bytes]] | None], Transaction | None]] = []
        for entry, transaction in zip(self.logs.get(key, []), self._fates.get(key, []), strict=True):
            ended = transaction is None or transaction.fate in (Fate.COMMITTED, Fate.ABORTED)
            if not ended or latest.get(entry[0].key) == entry[0].offset:
                kept.append((entry, transaction))
        self.logs[key] = [entry for entry, _ in kept]
        self._fates[key] = [transaction for _, transaction in kept]

    def _append(self, output: Output, timestamp: int | None) -> Record:
        record = super()._append(output, timestamp)
        self._fates.setdefault((output.topic, self.partition_of(output)), []).append(None)
        return record


class SimulatedOutbox:
    """A `pipeline.runtime.ports.Outbox`. at: called in each call, and for each record; raises what goes wrong there:
    OutboxError (refused), Crash, or Uncertain; the last two leave it open whether a commit still happens."""

    def __init__(
        self, broker: SimulatedBroker, transactional_id: str, changelog: str, at: Callable[[str], None]
    ) -> None:
        self._broker = broker
        self._id = transactional_id
        self._changelog = changelog
        self._at = at
        self._transaction: Transaction | None = None
        self._epoch = broker.fence(transactional_id)

    def begin(self) -> None:
        self._check("begin")
        assert self._transaction is None, "a transaction is open"
        self._transaction = self._broker.begin(self._id)

    def produce(self, outputs: Iterable[Output]) -> None:
        transaction = self._opened("produce")
        for output in outputs:
            self._check("inside produce")
            topic = self._changelog if output.topic == CHANGELOG else output.topic
            self._broker.write(Output(topic, output.key, output.value, output.headers, output.partition), transaction)

    def commit(self) -> int:
        transaction = self._opened("commit")
        try:
            self._check("inside commit")
        except (Uncertain, Crash):
            if transaction.fate is Fate.OPEN:
                transaction.fate = Fate.UNDECIDED
            raise
        if transaction.fate is not Fate.OPEN:
            raise OutboxError("the transaction has been ended")
        self._broker.end(transaction, Fate.COMMITTED)
        self._transaction = None
        return max((offset for (topic, _), offset in transaction.last.items() if topic == self._changelog), default=-1)

    def abort(self) -> None:
        transaction = self._opened("abort")
        self._broker.end(transaction, Fate.ABORTED)
        self._transaction = None

    def _opened(self, call: str) -> Transaction:
        self._check(call)
        if self._transaction is None:
            raise OutboxError("no transaction is open")
        return self._transaction

    def _check(self, call: str) -> None:
        # The world may move on in here, so the epoch is looked at after it.
        self._at(call)
        if not self._broker.owns(self._id, self._epoch):
            raise Fenced(self._id)
