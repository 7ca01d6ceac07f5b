"""A partition in memory: shoppers, decoded, and when each wants to be woken."""

import heapq
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.domain.decide import Engine, Outcome
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper

# Takes what came of a record or a timer, of whom, and where the record stood (None: a timer).
Publish = Callable[[Outcome, Shopper, dict[str, Any] | None], None]


class Seat:
    """A shopper's place in a partition. queued: the due time it is queued under, ms, 0 = it is not."""

    __slots__ = ("queued", "shopper")

    def __init__(self) -> None:
        self.shopper = Shopper()
        self.queued = 0


class Partition:
    """State of one partition. An entry of the queue is a hint: where a shopper turns out to be due later, it is put
    back then, so that an event that only moves a timer away costs nothing."""

    def __init__(self, number: int, engine: Engine, publish: Publish, topic: str) -> None:
        self._number, self._engine, self._publish, self._topic = number, engine, publish, topic
        self._seats: dict[str, Seat] = {}
        self._queue: list[tuple[int, str]] = []
        self._offset = 0

    def __len__(self) -> int:
        return sum(1 for _ in self.shoppers())

    def shoppers(self) -> Iterator[tuple[str, Shopper]]:
        return ((shopper_id, seat.shopper) for shopper_id, seat in self._seats.items() if seat.shopper.created)

    def apply(self, event: Event) -> str | None:
        """Let time pass up to the event's received time, then apply it; its refusal, if it was refused."""
        received, shopper_id = event.received, event.shopper
        if self._queue and self._queue[0][0] <= received:
            self.advance(received)
        seat = self._seats.get(shopper_id)
        if seat is None:
            seat = self._seats[shopper_id] = Seat()
        outcome = self._engine.decide(seat.shopper, event, received)
        due = seat.shopper.due
        if due and (due < seat.queued or not seat.queued):
            seat.queued = due
            heapq.heappush(self._queue, (due, shopper_id))
        if outcome.decisions or outcome.remarks:
            self._publish(outcome, seat.shopper, self._source())
        self._offset += 1
        return outcome.refusal

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
                outcome = self._engine.on_due(shopper, shopper_id, due)
                if outcome.decisions or outcome.remarks:
                    self._publish(outcome, shopper, None)
            seat.queued = shopper.due
            if shopper.due:
                heapq.heappush(queue, (shopper.due, shopper_id))

    def _source(self) -> dict[str, Any]:
        return {"topic": self._topic, "partition": self._number, "offset": self._offset}
