"""A partition in memory: shoppers, decoded, and when each wants to be woken."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.domain.decide import Engine
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.identity.identities import identities_of
from pipeline.domain.identity.letter import Item, Letter
from pipeline.domain.identity.step import Step
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import SHOPPER_LIMIT

# Takes what came of a record or a timer, of whom, and where the record stood (None: a timer).
Publish = Callable[[Outcome, Shopper, dict[str, Any] | None], None]

# Takes a record that had waited, or was passed on, and was refused: its place in its partition, and why.
Refuse = Callable[[int, int, str], None]

# Hears of a letter before it is delivered: to which partition, at which place of it.
Notice = Callable[[int, int, Letter], None]


class Seat:
    """A shopper's place in a partition. queued: the due time it is queued under, ms, 0 = it is not."""

    __slots__ = ("queued", "shopper")

    def __init__(self) -> None:
        self.shopper = Shopper()
        self.queued = 0


class Partition:
    """State of one partition. An entry of the queue is a hint: where a shopper turns out to be due later, it is put
    back then, so that an event that only moves a timer away costs nothing.

    What shoppers tell each other is in `letters` until `deliver` is told of it, see `exchange`.
    """

    def __init__(self, number: int, engine: Engine, publish: Publish, topic: str, refuse: Refuse | None = None) -> None:
        self._number, self._engine, self._publish, self._topic = number, engine, publish, topic
        self._identities, self._refuse = identities_of(engine, SHOPPER_LIMIT), refuse
        self._seats: dict[str, Seat] = {}
        self._queue: list[tuple[int, str]] = []
        self._offset = 0
        self.letters: deque[Letter] = deque()

    def __len__(self) -> int:
        return sum(1 for _ in self.shoppers())

    def shoppers(self) -> Iterator[tuple[str, Shopper]]:
        """Those there are; no alias is one."""
        for shopper_id, seat in self._seats.items():
            book = seat.shopper.identity
            if seat.shopper.created and not (book is not None and book.alias):
                yield shopper_id, seat.shopper

    def records(self) -> Iterator[tuple[str, Shopper]]:
        """All there are, those of aliases, too."""
        return ((shopper_id, seat.shopper) for shopper_id, seat in self._seats.items())

    @property
    def offset(self) -> int:
        """Of the next event."""
        return self._offset

    def apply(self, event: Event) -> str | None:
        """Let time pass up to the event's received time, then apply it; its refusal, if it was refused."""
        received, shopper_id = event.received, event.shopper
        if self._queue and self._queue[0][0] <= received:
            self.advance(received)
        if self._identities is not None:
            return self._take(shopper_id, event, received)
        if event.type == CLAIM:
            return None
        seat = self._seats.get(shopper_id)
        if seat is None:
            seat = self._seats[shopper_id] = Seat()
        outcome = self._engine.decide(seat.shopper, event, received)
        self._queue_up(seat, shopper_id)
        if outcome.decisions or outcome.remarks:
            self._publish(outcome, seat.shopper, self._source())
        self._post(outcome)
        self._offset += 1
        return outcome.refusal

    def deliver(self, letter: Letter) -> None:
        """Take in what another shopper says."""
        if self._identities is None:
            if isinstance(letter.item, Event):
                self.apply(letter.item)
            return
        place = self._offset
        refusal = self._take(letter.to, letter.item, letter.item.received if isinstance(letter.item, Event) else 0)
        if refusal is not None and self._refuse is not None:
            self._refuse(self._number, place, refusal)

    def advance(self, until: int) -> None:
        """Fire every timer due by `until` (ms), in order of (due, shopper)."""
        queue = self._queue
        while queue and queue[0][0] <= until:
            due, shopper_id = heapq.heappop(queue)
            seat = self._seats[shopper_id]
            if seat.queued != due:
                continue
            shopper = seat.shopper
            if 0 < shopper.due <= due:
                self._wake(shopper, shopper_id, due)
            seat.queued = shopper.due
            if shopper.due:
                heapq.heappush(queue, (shopper.due, shopper_id))

    def _wake(self, shopper: Shopper, shopper_id: str, due: int) -> None:
        if self._identities is not None:
            self._note(self._identities.wake(shopper, shopper_id, due), shopper, None)
            return
        outcome = self._engine.on_due(shopper, shopper_id, due)
        if outcome.decisions or outcome.remarks:
            self._publish(outcome, shopper, None)
        self._post(outcome)

    def _post(self, outcome: Outcome) -> None:
        self.letters.extend(Letter(event.shopper, event) for event in outcome.letters)

    def _take(self, shopper_id: str, item: Item, received: int) -> str | None:
        if self._identities is None:
            return None
        seat = self._seats.get(shopper_id)
        if seat is None:
            seat = self._seats[shopper_id] = Seat()
        place = self._offset
        self._offset += 1
        now = max(received, seat.shopper.now)
        step = self._identities.take(seat.shopper, shopper_id, item, now, place)
        self._queue_up(seat, shopper_id)
        return self._note(step, seat.shopper, place)

    def _note(self, step: Step, shopper: Shopper, place: int | None) -> str | None:
        """Publish what came of an item at `place`, None of a timer; its refusal."""
        refusal = None
        for told in step.told:
            source = None if place is None else self._source(told.place if told.value is not None else place)
            self._publish(told.outcome, shopper, source)
            self._post(told.outcome)
            if told.outcome.refusal is not None and told.value is None:
                refusal = told.outcome.refusal
            elif told.outcome.refusal is not None and self._refuse is not None:
                self._refuse(self._number, told.place, told.outcome.refusal)
        self.letters.extend(step.letters)
        return refusal

    def _queue_up(self, seat: Seat, shopper_id: str) -> None:
        due = seat.shopper.due
        if due and (due < seat.queued or not seat.queued):
            seat.queued = due
            heapq.heappush(self._queue, (due, shopper_id))

    def _source(self, place: int | None = None) -> dict[str, Any]:
        return {
            "topic": self._topic,
            "partition": self._number,
            "offset": self._offset if place is None else place,
        }


def exchange(partitions: list[Partition], place_of: Callable[[str], int], notice: Notice | None = None) -> None:
    """Deliver what shoppers told each other, and what that leads to, until all is said. place_of: the partition that a
    shopper is in."""
    waiting = [one for one in partitions if one.letters]
    while waiting:
        for one in waiting:
            while one.letters:
                letter = one.letters.popleft()
                to = place_of(letter.to)
                if notice is not None:
                    notice(to, partitions[to].offset, letter)
                partitions[to].deliver(letter)
        waiting = [one for one in partitions if one.letters]
