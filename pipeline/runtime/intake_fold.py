"""Intake's fold: the clickstream's values into canonical events, dead letters and progress records."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pipeline.domain.event import Event
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.omission import Omission
from pipeline.domain.intake.refusal import OVERSIZE, Refusal
from pipeline.runtime.checkpoint import copy_checkpoint
from pipeline.runtime.dead_letter import DEFAULT_LIMIT, FAILED, dead_letter
from pipeline.runtime.dead_letter_limit import UNLIMITED, DeadLetterLimit
from pipeline.runtime.fold import Counts, Effects, tally
from pipeline.runtime.ports import RECORD_LIMIT, SHOPPER_EVENTS, Batch, Checkpoint, Output, Record
from pipeline.runtime.progress import progress_records

BROKER = "broker"
PRODUCER = "producer"
FIELD = "field"

RECEIVED_AHEAD = "received_ahead"

Calls = list[Answer]


class Accepting(Protocol):
    """`pipeline.domain.intake.intake.Intake`, as the fold sees it."""

    def accept(self, value: bytes | None, received: int, *, from_field: bool = False) -> Calls: ...


class IntakeSettings(msgspec.Struct, frozen=True):
    """partitions: of shopper-events. received: what a record's received time is (topology.md, `time.received`).

    skew: where it comes from producers or fields, how far it may lie ahead of the brokers' time, ms; None: anywhere
    (`tick: off`, where history sets the time). progress_every: progress is told only when it is at least so many ms of
    received time further, because each telling is a record in every partition. dead_letter_bytes: see dead_letter.py.
    letters: most dead letters.
    """

    partitions: int
    received: str = BROKER
    skew: int | None = None
    progress_every: int = 1
    dead_letter_bytes: int = DEFAULT_LIMIT
    letters: DeadLetterLimit = UNLIMITED


class IntakeFold:
    """See `fold.Fold`. Keeps no state but its checkpoint: `time` is the greatest received time forwarded, and received
    time never runs backwards within a source partition, so that what progress says stays true of all later records."""

    def __init__(self, intake: Accepting, settings: IntakeSettings) -> None:
        self._intake = intake
        self._settings = settings

    def decode(self, batch: Batch) -> list[Calls | None]:
        """Nothing yet: a record is read when it is its turn, so that its event is written while it lies in the
        processor's cache."""
        return [None] * len(batch.records)

    def fold(self, batch: Batch, decoded: list[Calls | None], start: int, checkpoint: Checkpoint) -> Effects:
        checkpoint = copy_checkpoint(checkpoint)
        counts, outputs, letters = Counts(), list[Output](), list[int]()
        latest, accept, records = checkpoint.time, self._accept, batch.records
        bound = self._bound(batch)
        for index in range(start, len(decoded)):
            for call in decoded[index] or accept(records[index], batch.now, bound):
                if isinstance(call, Event):
                    if call.received < latest:
                        call.received = latest
                        counts.raised += 1
                    value = _encode(call)
                    if len(value) <= RECORD_LIMIT:
                        latest = call.received
                        counts.events += 1
                        if call.flags:
                            tally(counts.remarks, call.flags)
                        outputs.append(Output(SHOPPER_EVENTS, call.shopper.encode(), value))
                        continue
                    # It would fit the source and not shopper-events, and stop the partition there.
                    call = Refusal(OVERSIZE, records[index].value or b"", f"an event of {len(value)} bytes")
                if isinstance(call, Omission):
                    tally(counts.remarks, (call.reason,))
                    continue
                outputs.append(self._dead_letter(batch, records[index], call))
                tally(counts.dead, (call.reason,))
                letters.append(counts.events + len(letters))
        checkpoint.time = latest
        checkpoint.letters = self._settings.letters.counted(
            batch, checkpoint.letters, letters, counts.events + len(letters), counts.dead
        )
        counts.records = taken = len(decoded) - start
        if taken:
            checkpoint.next_offset = records[-1].offset + 1
        told = checkpoint.sources.get(batch.partition, 0)
        if latest - told >= self._settings.progress_every and taken:
            outputs.extend(self._progress(batch.partition, checkpoint, counts))
        return Effects(checkpoint, taken, True, counts, outputs)

    def refused(self, record: Record, item: Calls | None, error: Exception) -> Calls:
        return [Refusal(FAILED, record.value or b"", type(error).__name__)]

    def idle(self, partition: int, checkpoint: Checkpoint, until: int) -> Effects | None:
        if max(until, checkpoint.time) <= checkpoint.sources.get(partition, 0):
            return None
        checkpoint, counts = copy_checkpoint(checkpoint), Counts()
        checkpoint.time = max(until, checkpoint.time)
        return Effects(checkpoint, 0, True, counts, self._progress(partition, checkpoint, counts))

    def sweep(self, batch: Batch, checkpoint: Checkpoint) -> Effects | None:
        """Nothing: intake keeps no shoppers."""
        return None

    def graft(self, batch: Batch, records: Sequence[Record], checkpoint: Checkpoint) -> Effects | None:
        """Nothing: intake keeps no shoppers."""
        return None

    def pace(self, timers: int) -> None:
        """Nothing is ever due."""

    def keep(self) -> None:
        """Nothing is held."""

    def drop(self) -> None:
        """Nothing is held."""

    def _bound(self, batch: Batch) -> int | None:
        """The latest that a record of the batch may say it was received, ms."""
        skew = self._settings.skew
        return batch.now + skew if skew is not None and batch.now and self._settings.received != BROKER else None

    def _accept(self, record: Record, now: int, bound: int | None) -> Calls:
        received, from_field = record.timestamp, self._settings.received == FIELD
        ahead = bound is not None and not from_field and received > bound
        try:
            calls = self._intake.accept(record.value, now if ahead else received, from_field=from_field)
        except Exception as error:
            # It should never raise; if it does, one record must not stop the others.
            return [Refusal(FAILED, record.value or b"", type(error).__name__)]
        if bound is not None:
            for call in calls:
                if type(call) is Event and (ahead or (from_field and call.received > bound)):
                    _bring_back(call, now)
        return calls

    def _progress(self, partition: int, checkpoint: Checkpoint, counts: Counts) -> list[Output]:
        checkpoint.sources[partition] = checkpoint.time
        counts.progress += 1
        return progress_records(partition, checkpoint.time, self._settings.partitions)

    def _dead_letter(self, batch: Batch, record: Record, refusal: Refusal) -> Output:
        return dead_letter(
            record,
            batch.topic,
            batch.partition,
            refusal.reason,
            refusal.detail,
            limit=self._settings.dead_letter_bytes,
            original=refusal.original if record.value is not None else None,
            item=refusal.item,
        )


_encode = msgspec.json.Encoder().encode


def _bring_back(event: Event, now: int) -> None:
    event.received = now
    event.time = min(event.time, now)
    event.flags = (*event.flags, RECEIVED_AHEAD)
