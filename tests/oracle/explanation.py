"""What must be said of a condition at an instant: its truth, its value, and when it changes, all by recounting."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.consent import status
from tests.oracle.history import Record
from tests.oracle.oracle import History
from tests.oracle.segments import (
    AGGREGATES,
    aggregate,
    computed,
    consent_word,
    kind_of,
    matching,
    plain,
    scores,
    sightings,
    stage,
    truth,
)
from tests.oracle.values import DAY, elements, number, reach

Condition = dict[str, Any]

DECIDES_SEGMENTS = ("shop", "time", "segments", "rfm", "journey", "traits", "loyalty", "messaging")
# Longer than any span of a random topology, and than two years: what still changes by itself does so within it.
HORIZON = 800 * DAY
COUNTED = (*AGGREGATES, "orders", "spend")
"""Functions of computed traits that conditions have as well."""


class Foresight:
    """One shopper's facts at an instant, and at each later one at which anything may change if nothing happens.

    records: all that was received, of others too. changes, coming: of memberships, up to then and from then on.
    """

    def __init__(self, shopper: str, records: list[Record], topology: dict[str, Any], now: int) -> None:
        self.topology = topology
        history = History(shopper, {name: part for name, part in topology.items() if name in DECIDES_SEGMENTS})
        for record in deepcopy(records):
            if record.shopper == shopper:
                history.apply(record)
        history.advance(now)
        self.now = history.facts(now)
        self.changes = list(history.changes)
        self.later = []
        while (instant := history.following(now + HORIZON)) is not None:
            history.advance(instant)
            self.later.append(history.facts(instant))
        self.coming = history.changes[len(self.changes) :]

    def changes_at(self, condition: Condition) -> int:
        """0 = never."""
        holds = truth(condition, self.now)
        return next((facts.now for facts in self.later if truth(condition, facts) is not holds), 0)

    def value(self, condition: Condition) -> Any:
        """Of a single condition: a number in the condition's own unit, what stands at a path, value and pieces of the
        cart, or None of nothing."""
        ((kind, form),) = condition.items()
        facts = self.now
        if kind in AGGREGATES:
            return aggregate(kind, form, facts)
        if kind in ("orders", "spend"):
            counted = self._orders(form)
            return len(counted) if kind == "orders" else Decimal(sum(net for _, net in counted)) / facts.shop.scale
        if kind == "average_order":
            nets = [net for _, net in self._orders(form)]
            # Told in whole minor units, half up.
            return Fraction((2 * sum(nets) + len(nets)) // (2 * len(nets)), 100) if nets else None
        if kind in ("first", "last"):
            found = self._edge(kind, form)
            if found is None:
                return None
            return found.time if form["property"] == "$time" else reach(found.properties, form["property"])
        if kind == "trait":
            return reach(facts.traits, form["name"])
        if kind == "rfm":
            return scores(facts)
        if kind == "stage":
            return stage(facts)
        if kind in ("tier", "points"):
            return facts.standings[form["programme"]][kind == "points"]
        if kind == "consent":
            return status(consent_word(form, facts))
        if kind == "computed":
            own = trait_of(condition, self.topology)
            return self.value(own) if next(iter(own)) in COUNTED else computed(form["name"], facts)
        lines = facts.open_lines()
        return sum(line.worth(facts.shop) for line in lines), sum(line.quantity for line in lines)

    def evidence(self, condition: Condition) -> list[tuple[int, Any]]:
        """(event time, value) of all that the value is made of, in order; a distinct value each with its latest time,
        and of counts, distinct values and dates the time alone."""
        ((kind, form),) = condition.items()
        if kind in ("orders", "spend", "average_order", "rfm"):
            return sorted(self._orders({} if kind == "rfm" else form))
        if kind == "most_frequent":
            return sorted((time, None) for time, _, _ in sightings(form["property"], matching(form, self.now)))
        if kind == "consent":
            word = consent_word(form, self.now)
            return [] if word is None else [(word.time, word.reason if word.channel else "category")]
        if kind in ("first", "last"):
            found = self._edge(kind, form)
            return [] if found is None else [(found.time, None)]
        records = matching(form, self.now)
        if kind == "count":
            return sorted((record.time, None) for record in records)
        found = [(one.time, value) for one in records for value in elements(reach(one.properties, form["property"]))]
        if kind == "distinct":
            latest: dict[Any, int] = {}
            for time, value in found:
                if plain(value):
                    latest[kind_of(value)] = max(time, latest.get(kind_of(value), time))
            return sorted((time, None) for time in latest.values())
        numbers = ((time, number(value)) for time, value in found)
        return sorted((time, Fraction(value)) for time, value in numbers if value is not None)

    def _orders(self, form: dict[str, Any]) -> list[tuple[int, int]]:
        """(event time, net value in minor units) of orders that count."""
        oldest = self.now.oldest(form)
        orders = self.now.orders.values()
        return [(one.time, one.net) for one in orders if one.counts and (oldest is None or one.time > oldest)]

    def _edge(self, kind: str, form: dict[str, Any]) -> Record | None:
        events = {"of": form["of"], "where": form.get("where")}
        found = sorted(matching(events, self.now), key=lambda record: (record.time, record.message_id))
        return (found[-1] if kind == "last" else found[0]) if found else None


def trait_of(condition: Condition, topology: dict[str, Any]) -> Condition:
    """What a computed trait is of, as a condition without bounds."""
    entry = topology["traits"][condition["computed"]["name"]]
    return {kind: form for kind, form in entry.items() if kind not in ("emit", "title")}


def parts(condition: Condition, topology: dict[str, Any]) -> Iterator[Condition]:
    """What it is made of, in order; of `in` the condition of the segment."""
    ((kind, form),) = condition.items()
    if kind in ("all", "any"):
        yield from form
    elif kind == "not":
        yield form
    elif kind == "in":
        yield topology["segments"][form]["when"]
    elif kind == "stage":
        yield from (one["when"] for one in topology["journey"] if "when" in one)
