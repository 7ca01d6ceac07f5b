"""`sequence`: events in order within a span, with equal properties, the last one perhaps absent (readings.md, 20).

An event may still arrive late and stand between two others. So every event that may be a step is kept as long as one
that is accepted can need it: `late.segments` and the span. What is older is settled: it can't change any more.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice, product
from typing import Any

import xxhash

from pipeline.domain.definition import Sequence
from pipeline.domain.event import Event
from pipeline.domain.segments.window import fingerprint
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.operator import compile_filters, compile_mistyped, equality_key
from pipeline.domain.value.path import elements, reach

# A sequence that remembers more events than this loses its oldest ones; counted as `sequence_truncated`.
LIMIT = 1_000

# Size in the state of one event: its time, the steps it may be (bit by bit), fingerprint of its `same` properties.
_WIDTH = 3


class SequenceWatch:
    """A `sequence` condition. `take` an event that one of its steps names; ask `look` for truth and next change.

    State, in `Shopper.windows`: [the instant (ms) from which it is true, 0 = not in sight], then (time, steps, key) of
    each event kept, flat, ascending in time. The instant alone: settled, true for ever.
    """

    __slots__ = ("_absent", "_last", "_late", "_mistyped", "_passes", "_same", "_span", "events", "key", "meaning")

    def __init__(self, sequence: Sequence, late: int) -> None:
        self._absent = sequence.steps[-1].absent
        self._last = len(sequence.steps) - 1
        self._late = late
        self._span = sequence.within
        self._same = sequence.same
        selections = [one.selection for one in sequence.steps]
        self._passes = tuple((frozenset(one.events), compile_filters(one.where)) for one in selections)
        self._mistyped = tuple((frozenset(one.events), compile_mistyped(one.where)) for one in selections)
        self.events = tuple(dict.fromkeys(name for one in selections for name in one.events))
        self.meaning = ("sequence", sequence)
        self.key = fingerprint(self.meaning)

    def look(self, shopper: Shopper, now: int) -> tuple[bool, int]:
        """(true now?, next instant in ms at which that changes without an event; 0 = never)."""
        state = shopper.windows.get(self.key)
        since = state[0] if state else 0
        return (False, since) if since > now else (since > 0, 0)

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], remarks: list[str]) -> None:
        """Fold in one event, as any step that it may be."""
        state = shopper.windows.get(self.key)
        if state is not None and len(state) == 1:
            return
        steps = self._steps(event, properties)
        if not steps and self._mistypes(event, properties):
            remarks.append("filter_mistyped")
        keys = self._keys(properties) if steps else []
        if not keys:
            return
        if state is None:
            state = shopper.windows[self.key] = [0]
        for key in keys:
            _insert(state, event.time, steps, key)
        if self._absent:
            self._expect(state, keys, steps)
        else:
            self._complete(state, event.time, keys)
        self._forget(state, remarks)

    def join(self, shopper: Shopper, other: list[int], remarks: list[str]) -> None:
        """Take in the state of other events; some may be in both. What is settled on one side is so of both."""
        state = shopper.windows.setdefault(self.key, [0])
        if len(state) == 1 and state[0]:
            return
        if len(other) == 1:
            state[:] = other
            return
        kept = [tuple(each[at : at + _WIDTH]) for each in (other, state) for at in range(1, len(each), _WIDTH)]
        state[:] = [0, *(number for one in sorted(dict.fromkeys(kept)) for number in one)]
        if self._absent:
            self._expect(state, [], 1 << self._last)
        else:
            ends = (self._end(times, first) for times in self._times(state, state[3::_WIDTH]) for first in times[0])
            completed = min((end for end in ends if end), default=0)
            if completed:
                state[:] = [completed]
        self._forget(state, remarks)

    def _steps(self, event: Event, properties: dict[str, Any]) -> int:
        found = 0
        for number, (names, passes) in enumerate(self._passes):
            if ("*" in names or event.name in names) and (passes is None or passes(properties, event.time)):
                found |= 1 << number
        return found

    def _mistypes(self, event: Event, properties: dict[str, Any]) -> bool:
        return any(
            mistyped is not None and ("*" in names or event.name in names) and mistyped(properties)
            for names, mistyped in self._mistyped
        )

    def _keys(self, properties: dict[str, Any]) -> list[int]:
        """A fingerprint for each combination of the event's values of the `same` properties; none if one is missing."""
        if not self._same:
            return [0]
        values = [
            [equality_key(value) for value in elements(reach(properties, path)) if not isinstance(value, (dict, list))]
            for path in self._same
        ]
        combined = (xxhash.xxh3_64_intdigest(repr(one).encode()) >> 1 for one in islice(product(*values), LIMIT))
        return list(dict.fromkeys(combined))

    def _complete(self, state: list[int], at: int, keys: list[int]) -> None:
        """Settle a sequence that an event at `at` completed, wherever in it the event stands."""
        for times in self._times(state, keys):
            if any(self._end(times, first) for first in times[0] if first >= at - self._span):
                state[:] = [at]
                return

    def _end(self, times: list[list[int]], first: int) -> int:
        """When the sequence that begins at `first` is complete at the earliest; 0 = not within the span."""
        last = first
        for later in times[1:]:
            index = bisect_right(later, last)
            if index == len(later) or later[index] > first + self._span:
                return 0
            last = later[index]
        return last

    def _expect(self, state: list[int], keys: list[int], steps: int) -> None:
        """Find the earliest beginning that the absent step did not answer: its span's end makes the condition true.

        Only the absent step answers one that was found before; after any other the keys of the event are enough.
        """
        if steps >> self._last & 1:
            state[0], keys = 0, state[3::_WIDTH]
        for times in self._times(state, keys):
            for first in times[0]:
                if self._unanswered(times, first):
                    end = first + self._span
                    state[0] = min(state[0] or end, end)
                    break

    def _unanswered(self, times: list[list[int]], first: int) -> bool:
        """Whether the steps before the last happened from `first` on, so late within the span that the last did not
        follow: of several events that may be the one before it, the latest counts."""
        end, reached = first + self._span, first
        if self._last > 1:
            begun = self._end(times[:-2], first)
            candidates = times[-2]
            index = bisect_right(candidates, end)
            reached = candidates[index - 1] if begun and index else 0
            if reached <= begun:
                return False
        answers = times[-1]
        index = bisect_right(answers, end)
        return index == 0 or answers[index - 1] <= reached

    def _times(self, state: list[int], keys: list[int]) -> Iterable[list[list[int]]]:
        """For each of these keys: of each step the times of its events, ascending."""
        found: dict[int, list[list[int]]] = {key: [[] for _ in self._passes] for key in keys}
        flat = islice(state, 1, None)
        for at, steps, key in zip(flat, flat, flat, strict=True):
            times = found.get(key)
            if times is not None:
                for number, of_step in enumerate(times):
                    if steps >> number & 1:
                        of_step.append(at)
        return found.values()

    def _forget(self, state: list[int], remarks: list[str]) -> None:
        """Drop what no event that can still arrive would need, and settle what it made true."""
        if len(state) == 1:
            return
        latest = state[-_WIDTH]
        horizon, start = latest - self._late - self._span, 1
        while state[start] < horizon:
            start += _WIDTH
        excess = len(state) - _WIDTH * LIMIT
        if excess > start:
            start = excess
            remarks.append("sequence_truncated")
        since, kept_from = state[0], state[start]
        if self._absent and 0 < since <= latest and since - self._span < kept_from:
            state[:] = [since]
        elif start > 1:
            del state[1:start]
            if self._absent and start == excess:
                self._expect(state, [], 1 << self._last)


def _insert(state: list[int], at: int, steps: int, key: int) -> None:
    """Put an event in its place; what comes in order goes to the end."""
    index = len(state)
    while index > 1 and state[index - _WIDTH] > at:
        index -= _WIDTH
    state[index:index] = (at, steps, key)
