"""`first` and `last`: one remembered event per condition, the earliest or the latest by (event time, message id)."""

from typing import Any

from pipeline.domain.definition import TIME_PROPERTY, Edge
from pipeline.domain.event import Event
from pipeline.domain.segments.window import fingerprint
from pipeline.domain.shopper import Observation, Shopper
from pipeline.domain.value.extent import fits
from pipeline.domain.value.kind import changes_kinds
from pipeline.domain.value.need import mistypes, needs_of
from pipeline.domain.value.operator import compile_filters, compile_mistyped, compile_tests, next_change
from pipeline.domain.value.path import reach


class EdgeWatch:
    """A `first` or `last` condition. `take` an event that its selection names; ask `look` for truth and next change.

    needs: what the operators of conditions need of a value; what is nothing of the kind is counted, `value_mistyped`.
    Before any such event every operator is false, `exists: false` too (readings.md, 9).
    """

    __slots__ = (
        "_check",
        "_first",
        "_mistyped",
        "_passes",
        "_path",
        "_tests",
        "_time",
        "key",
        "meaning",
        "needs",
        "reads_properties",
    )

    def __init__(self, edge: Edge) -> None:
        self._first = edge.function == "first"
        self._path = edge.property
        self._time = edge.property == TIME_PROPERTY
        self._tests = edge.tests
        self._check = compile_tests(edge.tests)
        self.needs = {} if self._time else needs_of(edge.tests)
        self._passes = compile_filters(edge.selection.where)
        self._mistyped = compile_mistyped(edge.selection.where)
        self.reads_properties = self._passes is not None or not self._time
        self.meaning = (edge.function, edge.selection, self._path)
        self.key = fingerprint(self.meaning)

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], remarks: list[str]) -> None:
        """A value that is too large to be kept counts as missing."""
        if self._passes is not None and not self._passes(properties, event.time):
            if self._mistyped is not None and self._mistyped(properties):
                remarks.append("filter_mistyped")
            return
        known = shopper.observations.get(self.key)
        if known is not None:
            order = (event.time, event.message_id) < (known.time, known.message_id)
            if order is not self._first:
                return
        ends = [] if self._time else reach(properties, self._path)
        if ends and not (fits(ends[0]) if len(ends) == 1 else fits(ends)):
            ends = []
            remarks.append("value_too_large")
        if mistypes(ends, self.needs):
            remarks.append("value_mistyped")
        if known is not None and changes_kinds(known.ends, ends):
            remarks.append("type_changed")
        shopper.observations[self.key] = Observation(event.time, event.message_id, ends)

    def join(self, shopper: Shopper, other: Observation) -> None:
        """Take in what is remembered of other events."""
        known = shopper.observations.get(self.key)
        if known is None or self._first is ((other.time, other.message_id) < (known.time, known.message_id)):
            shopper.observations[self.key] = other

    def look(self, shopper: Shopper, now: int) -> tuple[bool, int]:
        """(true now?, next instant in ms at which that changes without an event; 0 = never)."""
        known = shopper.observations.get(self.key)
        if known is None:
            return False, 0
        ends = [known.time] if self._time else known.ends
        return self._check(ends, now), next_change(self._tests, ends, now)
