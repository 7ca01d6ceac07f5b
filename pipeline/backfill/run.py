"""The run of a backfill: what each partition of shoppers lacks is folded anew, and written as grafts for its worker."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.backfill.partition_history import PartitionHistory, fillable, reachable
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.replay.reader import readings
from pipeline.replay.source import Source
from pipeline.runtime.fold import Refused
from pipeline.runtime.gap import Gap, unpack
from pipeline.runtime.graft_log import (
    HEAD_KEY,
    SEAL_KEY,
    Grafting,
    Head,
    LogError,
    decode_head,
    encode_graft,
    encode_head,
)
from pipeline.runtime.item import decode_event, decode_item
from pipeline.runtime.ports import Checkpoint, Output, Record

NOTHING, GONE, WAITING, WRITTEN, FOUND = "nothing", "gone", "waiting", "written", "found"
"""Of a partition: it lacks nothing; nothing is retained of what it lacks; a run before has written it, and its worker
has yet to take it in; this run has written it; this run found it and writes nothing."""

Lacking = dict[int, tuple[Gap, ...]]
"""Gaps by partition."""

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

    def lacking(self, checkpoints: Mapping[int, Checkpoint], retained: Mapping[int, Retained]) -> Lacking:
        """What of each partition can be filled."""
        return {
            partition: reachable(fillable(checkpoint), retained[partition].first, files=bool(self.files))
            for partition, checkpoint in sorted(checkpoints.items())
        }

    def histories(
        self, lacking: Lacking, retained: Mapping[int, Retained]
    ) -> Iterator[tuple[PartitionResult, PartitionHistory]]:
        """Fold the history of each partition, one after the other; with files, all at once, as they are read once.

        Raises InputError.
        """
        begun = self._begun(lacking, retained) if self.files else {}
        for partition, gaps in lacking.items():
            history = begun.pop(partition, None) or self._history(gaps, retained[partition])
            self._read(history, retained[partition])
            yield PartitionResult(partition, FOUND, history.head(), history.events), history

    def _history(self, gaps: Sequence[Gap], retained: Retained) -> PartitionHistory:
        return PartitionHistory(self.plan, gaps, self.sources, self.stall, retained.first)

    def _read(self, history: PartitionHistory, retained: Retained) -> None:
        until = history.needed_until
        for record in retained.records():
            if until is not None and record.offset >= until:
                return
            history.take(record)
            if self.progress is not None and not record.offset % _STRIDE:
                self.progress(history.events)

    def _begun(self, lacking: Lacking, retained: Mapping[int, Retained]) -> dict[int, PartitionHistory]:
        """Histories that have what the files tell of before the first retained record."""
        histories = {partition: self._history(gaps, retained[partition]) for partition, gaps in lacking.items()}
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
        event = decode_event(record) if decode_item(record) is None else None
        if event is not None and not isinstance(event, Refused):
            return event.received
    return 0


def log_records(partition: int, topic: str, head: Head, history: PartitionHistory) -> Iterator[Output]:
    """A partition's grafts, as one transaction writes them. topic: logical."""
    yield Output(topic, HEAD_KEY, encode_head(head), None, partition)
    for key, graft in history.grafts():
        yield Output(topic, key, encode_graft(graft), None, partition)
    yield Output(topic, SEAL_KEY, b"{}", None, partition)


def is_waiting(grafting: Grafting, gaps: Sequence[Gap], log: Iterable[Record]) -> bool:
    """Whether what fills these gaps is written already, but not taken in. grafting: how far the partition has come;
    log: of grafts, from there on."""
    if grafting.head is not None and grafting.head.gaps:
        return True
    lacks = {(piece, gap.begin, gap.end) for gap in gaps for piece in unpack(gap.pieces)}
    for record in log:
        if record.key == HEAD_KEY:
            try:
                head = decode_head(record.value or b"")
            except LogError:
                continue
            fills = {(piece, gap.begin, gap.end) for gap in head.gaps for piece in unpack(gap.pieces)}
            if lacks <= fills:
                return True
    return False
