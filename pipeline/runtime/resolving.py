"""Resolving: the shopper fold under a topology that says who is who. Letters between shoppers go to its own source.

Apart from the hot loop of shopper_fold.py, which knows of none of it.
"""

from collections.abc import Callable

import msgspec

from pipeline.domain.event import Event
from pipeline.domain.identity.identities import Identities
from pipeline.domain.identity.letter import MARK, Handoff, Item, Receipt, decode_item, encode_item
from pipeline.domain.identity.step import Step
from pipeline.domain.shopper import DamagedRecord, Shopper
from pipeline.runtime.dead_letter import UNDECODABLE, dead_letter
from pipeline.runtime.due_queue import DueQueue
from pipeline.runtime.fold import Refused, tally
from pipeline.runtime.item import decode_event
from pipeline.runtime.overlay import Held, Overlay
from pipeline.runtime.poison import Poison
from pipeline.runtime.ports import SHOPPER_EVENTS, Outcome, Output, Record
from pipeline.runtime.round import Round
from pipeline.runtime.shopper_settings import Settings

Tell = Callable[[Round, Outcome, Shopper, Record], None]


class Resolving:
    """Applies what shoppers are told. One thread at a time."""

    def __init__(self, identities: Identities, overlay: Overlay, due: DueQueue, tell: Tell, settings: Settings) -> None:
        """tell: publishes what came of a record."""
        self._identities, self._overlay, self._due = identities, overlay, due
        self._tell, self._settings = tell, settings

    def apply_events(self, round_: Round, held: Held, indexes: list[int], time: int) -> None:
        """Apply events and letters of one shopper, at partition time `time`."""
        records, counts, outputs = round_.batch.records, round_.counts, round_.outputs
        changed_at, shopper, shopper_id = round_.checkpoint.sweep.since, self._overlay.open(held), held.key.decode()
        taken, index = 0, indexes[0]
        try:
            for index in indexes:
                record, told = records[index], len(outputs)
                item = _decode(record)
                if isinstance(item, Refused):
                    round_.unsorted.append((index, told))
                    round_.refuse(index, item, self._settings.dead_letter_bytes)
                    continue
                taken += 1
                now = shopper.now
                if isinstance(item, Event):
                    now = max(item.received, time, now)
                    counts.raised += now > item.received
                step = self._identities.take(shopper, shopper_id, item, now, record.offset, changed_at)
                self._publish(round_, step, shopper, record, index)
                now = max(now, time)
                if 0 < shopper.due <= now:
                    # A deadline that had passed when the record created it, or while the shopper waited.
                    step = self._identities.wake(shopper, shopper_id, now, changed_at)
                    self._publish(round_, step, shopper, record, index)
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

    def wake(self, round_: Round, held: Held, shopper: Shopper, at: int, until: int, offset: int) -> None:
        """Fire what is due of one shopper at `at` (ms). offset: of the record that moved time to `until`."""
        step = self._identities.wake(shopper, held.key.decode(), at, round_.checkpoint.sweep.since)
        for told in step.told:
            for decision in told.outcome.decisions:
                decision.decided_at = max(decision.decided_at, until)
        self._overlay.close(held, shopper)
        round_.counts.fire(at)
        self._publish(round_, step, shopper, Record(offset, 0, held.key, None), None)

    def _publish(self, round_: Round, step: Step, shopper: Shopper, record: Record, index: int | None) -> None:
        """index: of the record in its batch, None of a timer."""
        limit = self._settings.dead_letter_bytes
        for told in step.told:
            cause = record if told.value is None else Record(told.place, record.timestamp, record.key, told.value)
            self._tell(round_, told.outcome, shopper, cause)
            refusal = told.outcome.refusal
            if refusal is None:
                continue
            if told.value is None and index is not None:
                round_.turn_away(index, refusal, limit)
            elif refusal == "duplicate":
                round_.counts.duplicates += 1
            else:
                batch = round_.batch
                round_.outputs.append(dead_letter(cause, batch.topic, batch.partition, refusal, limit=limit))
                tally(round_.counts.dead, (refusal,))
        for letter in step.letters:
            round_.outputs.append(Output(SHOPPER_EVENTS, letter.to.encode(), encode_item(letter.item)))


def _decode(record: Record) -> Item | Refused:
    value = record.value or b""
    if value[:1] != MARK:
        return decode_event(record)
    try:
        item = decode_item(value)
    except (msgspec.DecodeError, UnicodeError) as error:
        return Refused(UNDECODABLE, type(error).__name__)
    to = item.user if isinstance(item, Handoff) else item.loser if isinstance(item, Receipt) else ""
    return item if to.encode() == record.key else Refused(UNDECODABLE, "the key is not the one it is for")
