"""The run of a backfill: what each partition of shoppers lacks is folded anew, and written as grafts for its worker."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.backfill.partition_history import PartitionHistory, fillable
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.replay.reader import readings
from pipeline.replay.source import Source
from pipeline.runtime.fold import Refused
from pipeline.runtime.gap import Gap, unpack
from pipeline.runtime.graft_log import HEAD_KEY, SEAL_KEY, Head, LogError, decode_head, encode_graft, encode_head
from pipeline.runtime.item import decode_event, decode_item
from pipeline.runtime.ports import Checkpoint, Output, Record

NOTHING, WAITING, WRITTEN, FOUND = "nothing", "waiting", "written", "found"
"""Of a partition: nothing that can be filled; a run before has written it, and its worker has yet to take it in; this
run has written it; this run found it and writes nothing."""

_STRIDE = 10_000


class Retained(Protocol):
    """A partition of the source; `pipeline.kafka.retained_topic.RetainedPartition`. first: its first offset."""

    first: int

    def records(self) -> Iterator[Record]: ...


@dataclass(frozen=True, slots=True)
class PartitionResult:
    """What became of a partition. head: of what was found. events: how many were read for it."""

    partition: int
    state: str
    head: Head | None = None
    events: int = 0


@dataclass(frozen=True, slots=True)
class Backfill:
    """A run to be. sources, stall: see runtime/shopper_settings.py. files: history of before the first retained record.
    partition_of: where a shopper's key lies. progress: called now and then with the events of the partition so far."""

    plan: Plan
    sources: int
    stall: int | None
    files: Sequence[Source] = ()
    partition_of: Callable[[bytes], int] = lambda key: 0
    progress: Callable[[int], None] | None = None

    def histories(
        self, checkpoints: Mapping[int, Checkpoint], retained: Mapping[int, Retained], waiting: Iterable[int] = ()
    ) -> Iterator[tuple[PartitionResult, PartitionHistory | None]]:
        """Fold the history of each partition, one after the other; with files, all at once, as they are read once.

        Raises InputError.
        """
        lacking = {
            partition: gaps
            for partition, checkpoint in sorted(checkpoints.items())
            if partition not in waiting and (gaps := fillable(checkpoint))
        }
        begun = self._begun(lacking, retained) if self.files else {}
        for partition in sorted(checkpoints):
            if partition not in lacking:
                yield PartitionResult(partition, WAITING if partition in waiting else NOTHING), None
                continue
            history = begun.pop(partition, None) or self._history(lacking[partition])
            self._read(history, retained[partition])
            yield PartitionResult(partition, FOUND, history.head(), history.events), history

    def _history(self, gaps: Sequence[Gap]) -> PartitionHistory:
        return PartitionHistory(self.plan, gaps, self.sources, self.stall)

    def _read(self, history: PartitionHistory, retained: Retained) -> None:
        until, begun = history.needed_until, False
        for record in retained.records():
            if until is not None and record.offset >= until:
                return
            if not begun and (received := _received(record)):
                history.begin(retained.first, received)
                begun = True
            history.take(record)
            if self.progress is not None and not record.offset % _STRIDE:
                self.progress(history.events)

    def _begun(
        self, lacking: Mapping[int, Sequence[Gap]], retained: Mapping[int, Retained]
    ) -> dict[int, PartitionHistory]:
        """Histories that have what the files tell of before the first retained record."""
        histories = {partition: self._history(gaps) for partition, gaps in lacking.items()}
        ends = {
            partition: _first_received(retained[partition], gaps) or min(gap.at for gap in gaps)
            for partition, gaps in lacking.items()
        }
        for received, call, *_ in readings(self.files, Intake(self.plan)):
            if type(call) is not Event:
                continue
            key = call.shopper.encode()
            partition = self.partition_of(key)
            if partition in histories and received < ends[partition]:
                histories[partition].before(key, call)
        return histories


def _first_received(retained: Retained, gaps: Sequence[Gap]) -> int:
    """Received time, ms, of the first record that belongs to what is missing; 0 if there is none any more."""
    for record in retained.records():
        if record.offset >= max(gap.end for gap in gaps):
            return 0
        if received := _received(record):
            return received
    return 0


def _received(record: Record) -> int:
    """0 of what is no event."""
    event = decode_event(record) if decode_item(record) is None else None
    return 0 if event is None or isinstance(event, Refused) else event.received


def log_records(partition: int, topic: str, head: Head, history: PartitionHistory) -> Iterator[Output]:
    """A partition's grafts, as one transaction writes them. topic: logical."""
    yield Output(topic, HEAD_KEY, encode_head(head), None, partition)
    for key, graft in history.grafts():
        yield Output(topic, key, encode_graft(graft), None, partition)
    yield Output(topic, SEAL_KEY, b"{}", None, partition)


def is_waiting(checkpoint: Checkpoint, log: Iterable[Record]) -> bool:
    """Whether what the partition lacks is written already, but not taken in. log: of grafts, from where the checkpoint
    has come to."""
    if checkpoint.grafting.head is not None and checkpoint.grafting.head.gaps:
        return True
    lacks = {(piece, gap.begin, gap.end) for gap in fillable(checkpoint) for piece in unpack(gap.pieces)}
    for record in log:
        if record.key == HEAD_KEY:
            try:
                head = decode_head(record.value or b"")
            except LogError:
                continue
            fills = {(piece, gap.begin, gap.end) for gap in head.gaps for piece in unpack(gap.pieces)}
            if lacks and lacks <= fills:
                return True
    return False
