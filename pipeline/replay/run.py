"""The run: records in order of received time through the engine, timers between them, decisions to files."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from pipeline.domain.decide import Engine
from pipeline.domain.decision import (
    DECISION_TOPICS,
    ERASURES,
    IDENTITY_CHANGES,
    MESSAGE_TOPICS,
    REWARD_TOPICS,
    SEGMENT_CALLS,
)
from pipeline.domain.definition import Plan
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.identity.letter import Letter, has_letters
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.omission import Omission
from pipeline.domain.outcome import Outcome
from pipeline.domain.profile import profile
from pipeline.domain.shopper import Shopper
from pipeline.replay.output import Files
from pipeline.replay.partition import Partition, exchange
from pipeline.replay.reader import Reading, readings, whence
from pipeline.replay.source import Source, Value
from pipeline.replay.summary import Summary
from pipeline.runtime.ports import DecisionRenderer

DUPLICATE = "duplicate"
# Records between two looks at the clock of all partitions, at which what time has passed is written out.
STRIDE = 16_384
_TRACED_TOPIC = "shopper-events"


@dataclass(frozen=True, slots=True)
class Replay:
    """A run to be. until: where time ends, ms (None: at the last record). partitions: separate states; they change no
    byte. trace: tell of the delivery, too. profiles: write a profile of each shopper. renderer: of SEGMENT_CALLS."""

    plan: Plan
    output: Path
    until: int | None = None
    partitions: int = 1
    profiles: bool = False
    trace: bool = False
    renderer: DecisionRenderer | None = None

    def run(self, sources: Sequence[Source], progress: Callable[[int], None] | None = None) -> Summary:
        """Decide over all records of the sources and write the files. progress: called now and then with the number of
        events so far.

        Raises InputError if a source breaks off; then no file is left behind.
        """
        topics = [*self.topics(), *([SEGMENT_CALLS] if self.renderer is not None else [])]
        files = Files(self.output, topics, profiles=self.profiles, trace=self.trace)
        try:
            with collector_off():
                summary = _Run(self, files).through(readings(sources, Intake(self.plan)), progress)
        except BaseException:
            files.abandon()
            raise
        files.finish()
        return summary

    def topics(self) -> list[str]:
        """Of the decisions that the plan may lead to."""
        unused = set(MESSAGE_TOPICS if self.plan.messaging is None else ())
        unused.update(() if self.plan.programmes else REWARD_TOPICS)
        unused.update(() if self.plan.ends_records else (ERASURES,))
        unused.update({IDENTITY_CHANGES} if self.plan.identities is None else ())
        return [topic for topic in DECISION_TOPICS if topic not in unused]


class _Run:
    def __init__(self, replay: Replay, files: Files) -> None:
        self._replay, self._files = replay, files
        self._engine = Engine(replay.plan)
        self._summary = Summary(decisions=dict.fromkeys(replay.topics(), 0))
        self._partitions = [
            Partition(number, self._engine, self._publish, _TRACED_TOPIC, self._refuse_held)
            for number in range(replay.partitions)
        ]
        self._has_letters = has_letters(replay.plan)
        # Whether a user's timer may end the record of a device, before what comes of that.
        self._ends = replay.plan.inactive is not None and replay.plan.identities is not None
        # Where events stand that may wait or be passed on, by partition and place; None: none ever does.
        self._held: dict[tuple[int, int], tuple[str, Value, int]] | None = None
        # The same by message id, of the value that is read.
        self._origins: dict[str, tuple[str, Value, int]] = {}
        if replay.plan.identities is not None:
            self._held = {}

    def through(self, stream: Iterator[Reading], progress: Callable[[int], None] | None) -> Summary:
        summary, until = self._summary, self._replay.until
        partitions, several = self._partitions, len(self._partitions)
        apply, received, left = partitions[0].apply, 0, STRIDE
        for received, call, name, value, index in stream:
            if until is not None and received > until:
                received = until
                break
            if index == 0 and self._has_letters:
                # All that a value says is known before anything that comes of it is told others.
                self._exchange()
                if self._ends:
                    self._advance(received)
                    self._exchange()
            if type(call) is not Event:
                if type(call) is Omission:
                    summary.remarks[call.reason] += 1
                    continue
                number, _, _ = whence(value, index)
                self._dead_letter(call.reason, call.detail, name, number, call.item, value[2] or call.original)  # type: ignore[union-attr]
                continue
            if several > 1:
                apply = partitions[self._place_of(call.shopper)].apply
            if call.flags:
                summary.remarks.update(call.flags)
            if self._held is not None:
                self._remember(call, name, value, index)
            if index == 0 and left <= 0:
                # Between values none waits for what a later part of one says.
                left = STRIDE
                self._advance(received)
                self._files.write_until(received)
                if progress is not None:
                    progress(summary.events)
            refusal = apply(call)
            summary.events += call.type != CLAIM
            if refusal is not None:
                self._refused(refusal, name, value, index)
            left -= 1
        self._exchange()
        self._advance(received if until is None else until)
        summary.last = received
        summary.shoppers = sum(len(partition) for partition in partitions)
        if self._replay.profiles:
            self._write_profiles(received if until is None else until)
        return summary

    def _place_of(self, shopper: str) -> int:
        return crc32(shopper.encode()) % len(self._partitions)

    def _remember(self, event: Event, name: str, value: Value, index: int) -> None:
        """Where an event stands that may have to wait for what its value says further on."""
        if self._held is not None:
            if index == 0:
                self._held.clear()
                self._origins.clear()
            self._origins[event.message_id] = name, value, index
            number = self._place_of(event.shopper)
            self._held[number, self._partitions[number].offset] = name, value, index

    def _refuse_held(self, partition: int, place: int, refusal: str) -> None:
        if self._held is not None and (partition, place) in self._held:
            self._refused(refusal, *self._held[partition, place])

    def _advance(self, until: int) -> None:
        for partition in self._partitions:
            partition.advance(until)
        self._exchange()

    def _exchange(self) -> None:
        if self._has_letters:
            exchange(self._partitions, self._place_of, self._notice if self._held is not None else None)

    def _notice(self, partition: int, place: int, letter: Letter) -> None:
        """An alias passes an event on: should it be refused there, it is the one that was read."""
        if isinstance(letter.item, Event) and self._held is not None and letter.item.message_id in self._origins:
            self._held[partition, place] = self._origins[letter.item.message_id]

    def _publish(self, outcome: Outcome, shopper: Shopper, source: dict[str, Any] | None) -> None:
        for decision in outcome.decisions:
            self._files.decision(decision, source)
            self._summary.count(decision)
            if self._replay.renderer is not None:
                calls = self._replay.renderer.render(decision, shopper)
                self._files.calls(decision, [value for value, _ in calls])
                self._summary.calls += len(calls)
        self._summary.remarks.update(outcome.remarks)

    def _refused(self, refusal: str, name: str, value: Value, index: int) -> None:
        if refusal == DUPLICATE:
            self._summary.duplicates += 1
            return
        number, item, original = whence(value, index)
        self._dead_letter(refusal, "", name, number, item, original)

    def _dead_letter(self, reason: str, detail: str, name: str, number: int, item: int | None, original: bytes) -> None:
        self._summary.dead_letters[reason] += 1
        self._files.dead_letter(reason, detail, {"file": name, "line": number, "item": item}, original)

    def _write_profiles(self, now: int) -> None:
        """Profiles as of `now` (ms): time has come there for every shopper, also for those who did nothing lately."""
        shoppers = [one for partition in self._partitions for one in partition.shoppers()]
        for shopper_id, shopper in sorted(shoppers, key=lambda one: one[0]):
            shopper.now = max(shopper.now, now)
            self._files.profile(profile(self._engine, shopper, shopper_id))


@contextmanager
def collector_off() -> Iterator[None]:
    """Without the collector of cycles: a run keeps millions of small containers and makes no cycles of them, so that
    each collection would walk them all for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
