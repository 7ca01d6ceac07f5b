"""The shopper agent's fold: canonical events and progress records into decisions and shopper records."""

from collections.abc import Iterable, Sequence

from pipeline.domain.decision import ERASURES, SEGMENT_CALLS
from pipeline.domain.identity.identities import Identities
from pipeline.domain.intake.refusal import OVERSIZE
from pipeline.domain.shopper import DamagedRecord, Shopper
from pipeline.runtime import progress as partition_time
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.checkpoint import copy_checkpoint
from pipeline.runtime.dead_letter_limit import TooManyDeadLetters
from pipeline.runtime.decider import Decider
from pipeline.runtime.due_queue import DueQueue
from pipeline.runtime.fold import Effects, Refused, tally
from pipeline.runtime.grafting import StoreGrafting
from pipeline.runtime.grave import DigestOf, Graves
from pipeline.runtime.item import Item, decode_event, decode_item
from pipeline.runtime.overlay import Held, Overlay, RecordTooLarge, check_lengths
from pipeline.runtime.poison import Poison, failed
from pipeline.runtime.ports import (
    Batch,
    Checkpoint,
    DecisionEncoder,
    DecisionRenderer,
    Outcome,
    Output,
    Record,
    ShopperCodec,
    StateFormatError,
    StatePartition,
)
from pipeline.runtime.progress import PROGRESS_PREFIX, Progress
from pipeline.runtime.resolving import Resolving
from pipeline.runtime.round import Round
from pipeline.runtime.shopper_settings import Settings
from pipeline.runtime.sweep import Brought, StoreSweep, take_over


class ShopperFold:
    """See `fold.Fold`. Before a record is applied, all that is due by partition time has fired, in order of (due,
    shopper), or at least what is due of its shopper (`Settings.timers_first`); a record behind its shopper's now or
    behind partition time is raised to it. One thread at a time."""

    def __init__(
        self,
        engine: Decider,
        state: StatePartition,
        codec: ShopperCodec,
        encoder: DecisionEncoder,
        settings: Settings,
        caches: CacheBudget | None = None,
        renderer: DecisionRenderer | None = None,
        identities: Identities | None = None,
        digest_of: DigestOf | None = None,
    ) -> None:
        """caches: shared with other partitions; None: one of `settings.cache_bytes`. renderer: what else to publish.
        identities: around the engine, of a topology with `identity`. digest_of: see Graves."""
        self._engine, self._settings, self._encoder, self._renderer = engine, settings, encoder, renderer
        self._graves = Graves(state, digest_of)
        self._overlay = Overlay(state, codec, caches or CacheBudget(settings.cache_bytes), self._graves)
        self._due = DueQueue(state, self._overlay, settings.timers)
        self._sweep = StoreSweep(identities or engine, state, codec, self._overlay, settings)
        self._grafting = StoreGrafting(identities or engine, self._overlay, settings)
        self._resolving, self._apply_all, self.pace = None, self._apply_events, self._due.pace
        if identities is not None:
            self._resolving = Resolving(identities, self._overlay, self._due, self._tell, settings)
            self._apply_all = self._resolving.apply_events

    def decode(self, batch: Batch) -> list[Item | None]:
        return [decode_item(record) for record in batch.records]

    def fold(self, batch: Batch, decoded: list[Item | None], start: int, checkpoint: Checkpoint) -> Effects:
        poisoned = 0
        while True:
            round_ = self._begin(batch, start, checkpoint)
            try:
                taken, finished = self._apply(round_, decoded, start)
                break
            except Poison as poison:
                # What the record did to its shopper before it failed can't be undone in place: fold anew without it.
                self.drop()
                poisoned += 1
                if poisoned > self._settings.poison:
                    raise TooManyDeadLetters(
                        f"more than {self._settings.poison} records of one batch make the core fail "
                        f"({type(poison.cause).__name__}): this version has a fault"
                    ) from poison.cause
                decoded[poison.index] = failed(poison.cause)
            except DamagedRecord as damaged:
                raise StateFormatError(str(damaged)) from damaged
        if taken:
            round_.checkpoint.next_offset = batch.records[start + taken - 1].offset + 1
        effects = self._effects(round_, taken, finished)
        self._check_bounds(round_, effects)
        return effects

    def refused(self, record: Record, item: Item | None, error: Exception) -> Item | None:
        """A progress record is never left out: nobody's timers would fire any more."""
        if isinstance(item, Progress) or (record.key or b"").startswith(PROGRESS_PREFIX):
            return None
        return Refused(OVERSIZE, str(error)) if isinstance(error, RecordTooLarge) else failed(error)

    def idle(self, partition: int, checkpoint: Checkpoint, until: int) -> Effects | None:
        """Nothing: a shopper partition's time is in its records."""
        return None

    def sweep(self, batch: Batch, checkpoint: Checkpoint) -> Effects | None:
        """See sweep.py. What is due comes first, as in any round, and in `graft`."""
        round_ = self._begin(batch, 0, checkpoint)
        if round_.checkpoint.sweep.done:
            return None
        if not self._fire(round_, round_.checkpoint.time, batch.follows):
            return self._effects(round_, 0, False)
        round_.counts.swept = self._bring(round_, self._sweep.take(round_.checkpoint))
        return self._effects(round_, 0, round_.checkpoint.sweep.done)

    def graft(self, batch: Batch, records: Sequence[Record], checkpoint: Checkpoint) -> Effects | None:
        """See grafting.py."""
        round_ = self._begin(batch, 0, checkpoint)
        if not self._fire(round_, round_.checkpoint.time, batch.follows):
            return self._effects(round_, 0, False)
        round_.counts.grafted = self._bring(round_, self._grafting.take(records, round_.checkpoint))
        return self._effects(round_, 0, True) if round_.checkpoint.grafting != checkpoint.grafting else None

    def _bring(self, round_: Round, brought: Iterable[Brought]) -> int:
        """Tell what came of records that no event was behind; how many there were."""
        found = 0
        for one in brought:
            if isinstance(one, str):
                tally(round_.counts.remarks, (one,))
            else:
                held, shopper, outcome = one
                found += 1
                self._tell(round_, outcome, shopper, Record(round_.batch.follows, 0, held.key, None))
                self._due.arm(held)
        return found

    def keep(self) -> None:
        self._overlay.keep()
        self._due.keep()

    def drop(self) -> None:
        self._overlay.drop()
        self._due.drop()

    def _begin(self, batch: Batch, start: int, checkpoint: Checkpoint) -> Round:
        round_ = Round(batch, copy_checkpoint(checkpoint), start)
        take_over(round_.checkpoint, self._engine.digest)
        self._grafting.keep_account(round_.checkpoint)
        self._graves.enter(round_.checkpoint)
        return round_

    def _effects(self, round_: Round, taken: int, finished: bool) -> Effects:
        counts, erased = round_.counts, self._graves.dig(self._overlay.erased(), round_.checkpoint)
        counts.records, counts.progress, counts.shoppers = taken, len(round_.progress), len(self._overlay.touched)
        counts.hits, counts.misses = self._overlay.take_counts()
        counts.entries = self._due.met
        return Effects(
            checkpoint=round_.checkpoint,
            taken=taken,
            finished=finished,
            counts=counts,
            outputs=round_.outputs,
            values=self._overlay.changes(),
            due_added=self._due.added(),
            due_dropped=[*self._due.dropped, *erased],
            behind=self._due.is_full(round_.checkpoint.time),
        )

    def _check_bounds(self, round_: Round, effects: Effects) -> None:
        check_lengths(effects.values, self._settings.shopper_bytes)
        counts, checkpoint = round_.counts, round_.checkpoint
        checkpoint.letters = self._settings.letters.counted(
            round_.batch, checkpoint.letters, round_.letters, effects.taken - counts.progress, counts.dead
        )

    def _apply(self, round_: Round, items: list[Item | None], start: int) -> tuple[int, bool]:
        """Returns how many records were taken, and whether all of the batch is done with."""
        records, checkpoint = round_.batch.records, round_.checkpoint
        first, index, end = self._settings.timers_first, start, len(items)
        if not self._fire(round_, checkpoint.time, checkpoint.next_offset - 1) and (first or start == end):
            return 0, False
        keys = (records[index].key for index in range(start, end) if items[index] is None)
        self._overlay.load(keys)  # type: ignore[arg-type]  # see decode_item
        while index < end:
            index, until = self._take(round_, items, index)
            if until is not None and not self._fire(round_, until, records[index - 1].offset) and first:
                return index - start, False
        return end - start, True

    def _take(self, round_: Round, items: list[Item | None], start: int) -> tuple[int, int | None]:
        """Take the records from `start` on, up to and with the one that moves partition time, or to the end. Returns
        where they end, and the new time, None if it stands where it was.

        While time stands still shoppers do not know of each other. So they are taken one after the other, each with all
        of its events while its record lies in the processor's cache, and what they lead to is sorted in the end.
        """
        records, checkpoint, settings = round_.batch.records, round_.checkpoint, self._settings
        time, outputs, begun = checkpoint.time, round_.outputs, len(round_.outputs)
        of_shopper: dict[bytes | None, list[int]] = {}
        until = None
        for index in range(start, len(items)):
            item = items[index]
            if item is None:
                key = records[index].key
                if key in of_shopper:
                    of_shopper[key].append(index)
                else:
                    of_shopper[key] = [index]
            elif isinstance(item, Progress):
                round_.progress.append(index)
                until = partition_time.advance(checkpoint, item, settings.sources, settings.stall)
                if until > time:
                    break
                until = None
            else:
                round_.unsorted.append((index, len(outputs)))
                round_.refuse(index, item, settings.dead_letter_bytes)
        touched = self._overlay.touched
        for key, indexes in of_shopper.items():
            self._apply_all(round_, touched[key], indexes, time)  # type: ignore[index]  # see decode_item
        round_.sort(begun)
        return index + 1, until

    def _apply_events(self, round_: Round, held: Held, indexes: list[int], time: int) -> None:
        """Apply events of one shopper, at partition time `time`. The hot loop."""
        records, counts, outputs, decide = round_.batch.records, round_.counts, round_.outputs, self._engine.decide
        changed_at, shopper = round_.checkpoint.sweep.since, self._overlay.open(held)
        taken, index = 0, indexes[0]
        try:
            for index in indexes:
                record, told = records[index], len(outputs)
                event = decode_event(record)
                if isinstance(event, Refused):
                    round_.unsorted.append((index, told))
                    round_.refuse(index, event, self._settings.dead_letter_bytes)
                    continue
                taken += 1
                now = event.received
                if now < time or now < shopper.now:
                    now = max(time, shopper.now)
                    counts.raised += 1
                outcome = decide(shopper, event, now, changed_at)
                if outcome.decisions or outcome.remarks or outcome.letters:
                    self._tell(round_, outcome, shopper, record)
                if outcome.refusal is not None:
                    round_.turn_away(index, outcome.refusal, self._settings.dead_letter_bytes)
                if 0 < shopper.due <= now:
                    # A deadline that had passed when the record created it.
                    past = self._engine.on_due(shopper, event.shopper, now, changed_at)
                    self._tell(round_, past, shopper, record)
                if len(outputs) > told:
                    round_.unsorted.append((index, told))
        except DamagedRecord:
            raise
        except Exception as error:
            raise Poison(index, error) from error
        if taken:
            counts.events += taken
            self._overlay.close(held, shopper)
            self._due.arm(held)

    def _fire(self, round_: Round, until: int, offset: int) -> bool:
        """Fire what is due by `until`, unless that is more than a round may do: then False, and it goes on with the
        next one. offset: of the record that moved time, the source of the decisions."""
        due, counts = self._due, round_.counts
        while True:
            if due.is_full(until):
                return False
            if (entry := due.pop(until)) is None:
                return True
            at, held = entry
            shopper = self._overlay.open(held)
            if 0 < shopper.due <= at and self._resolving is not None:
                self._resolving.wake(round_, held, shopper, at, until, offset)
            elif 0 < shopper.due <= at:
                outcome = self._engine.on_due(shopper, held.key.decode(), at, round_.checkpoint.sweep.since)
                for decision in outcome.decisions:
                    decision.decided_at = max(decision.decided_at, until)
                self._overlay.close(held, shopper)
                counts.fire(at)
                self._tell(round_, outcome, shopper, Record(offset, 0, held.key, None))
            due.arm(held)

    def _tell(self, round_: Round, outcome: Outcome, shopper: Shopper, cause: Record) -> None:
        batch, counts = round_.batch, round_.counts
        source = {"topic": batch.topic, "partition": batch.partition, "offset": cause.offset}
        for decision in outcome.decisions:
            value, headers = self._encoder.encode(decision, source)
            # A receipt names nobody.
            key = cause.key if decision.topic != ERASURES else decision.shopper.encode()
            round_.outputs.append(Output(decision.topic, key, value, headers))
            counts.count(decision)
            if self._renderer is not None:
                for value, headers in self._renderer.render(decision, shopper):
                    round_.outputs.append(Output(SEGMENT_CALLS, cause.key, value, headers))
        if outcome.letters or outcome.remarks:
            round_.write_to(outcome.letters)
            tally(counts.remarks, outcome.remarks)
