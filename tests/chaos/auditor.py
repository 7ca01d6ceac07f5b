"""The independent auditor: says from the topics alone whether every event counted once and every decision is right.

It recomputes from `clickstream` what all other topics must hold, and knows none of Afterclick's code.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tests.chaos.expectation import Call, Expected, Shopper
from tests.chaos.topic_log import (
    ABANDONMENT,
    CLICKSTREAM,
    DEAD_LETTERS,
    DECISIONS,
    POINTS,
    SEGMENTS,
    SHOPPER_EVENTS,
    STATE,
    TIERS,
    Logs,
    Row,
)

UNDECODABLE, MISSING_ID = "undecodable", "missing_id"


class Auditor:
    """differences: what is wrong, a sentence each; empty is good. counts: what was looked at.

    last_due: when the last timer is due, ms.
    """

    def __init__(self, logs: Logs) -> None:
        self.differences: list[str] = []
        self.counts: Counter[str] = Counter()
        self.last_due = 0
        self._logs = logs
        self._calls: dict[str, list[Call]] = defaultdict(list)
        self._homes: dict[str, int] = {}
        self._refused: dict[tuple[int, int], tuple[str, bytes | None]] = {}
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._read_clickstream()
        self._check_sequences()
        self._check_events()
        self._check_dead_letters()
        self._check_decisions()
        self._check_state()

    @property
    def only_missing(self) -> bool:
        """Whether what differs may still come."""
        return all("missing" in one for one in self.differences)

    def _differs(self, what: str) -> None:
        self.differences.append(what)

    def _read_clickstream(self) -> None:
        """Received time is append time, and never runs backwards within a partition (docs/concepts.md)."""
        latest: Counter[int] = Counter()
        for row in self._logs[CLICKSTREAM]:
            self.counts["records in clickstream"] += 1
            refusal, body = _decoded(row.value)
            if refusal:
                self._refused[row.partition, row.offset] = refusal, row.value
                continue
            latest[row.partition] = max(latest[row.partition], row.timestamp)
            call = Call(latest[row.partition], body["messageId"], body["event"], body["properties"])
            self._calls[body["userId"]].append(call)
            self._homes[body["userId"]] = row.partition

    def _check_sequences(self) -> None:
        """Of the traffic itself: without gaps in `clickstream`, nothing could be said of what follows."""
        for shopper, calls in self._calls.items():
            numbers = list(dict.fromkeys(call.properties["seq"] for call in calls))
            self.counts["calls sent twice"] += len(calls) - len(numbers)
            if numbers != list(range(1, len(numbers) + 1)):
                self._differs(f"clickstream: the calls of {shopper} are not in sequence")

    def _check_events(self) -> None:
        """Each accepted call once, in order, with its received time, in the partition of its shopper."""
        events: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for row in self._logs[SHOPPER_EVENTS]:
            event = json.loads(row.value or b"")
            shopper = event["shopper"]
            events[shopper].append((event["message_id"], event["received"]))
            self._places[shopper].append((event["received"], row.offset))
            self._check_home(SHOPPER_EVENTS, shopper, row)
        for shopper in self._calls.keys() | events.keys():
            must = [(call.message, call.received) for call in self._calls.get(shopper, ())]
            self.counts["events in shopper-events"] += len(events[shopper])
            self._compare(f"{SHOPPER_EVENTS}, {shopper}", must, events[shopper])

    def _check_dead_letters(self) -> None:
        found: Counter[tuple[int, int]] = Counter()
        for row in self._logs[DEAD_LETTERS]:
            self.counts["dead letters"] += 1
            headers = {name: value.decode() for name, value in row.headers}
            place = int(headers["partition"]), int(headers["offset"])
            found[place] += 1
            must = self._refused.get(place)
            if headers["topic"] != CLICKSTREAM or must is None:
                self._differs(f"{DEAD_LETTERS}: a record that was fine is a dead letter: {headers}")
            elif must != (headers["reason"], row.value):
                self._differs(f"{DEAD_LETTERS}: {headers} should be {must}")
        for place in self._refused:
            if found[place] != 1:
                state = "missing" if not found[place] else f"there {found[place]} times"
                self._differs(f"{DEAD_LETTERS}: the letter of {place} is {state}")

    def _check_decisions(self) -> None:
        found: dict[tuple[str, str], list[Expected]] = defaultdict(list)
        ids: Counter[str] = Counter()
        for topic in DECISIONS:
            source: Counter[int] = Counter()
            for row in self._logs[topic]:
                decision = json.loads(row.value or b"")
                ids[decision["id"]] += 1
                self.counts[f"decisions in {topic}"] += 1
                found[decision["shopper"], topic].append(_told(topic, decision))
                self._check_home(topic, decision["shopper"], row)
                self._check_delivery(topic, decision, source[row.partition])
                source[row.partition] = max(source[row.partition], decision["source"]["offset"])
        for twice in [one for one, times in ids.items() if times > 1]:
            self._differs(f"decision {twice} is there {ids[twice]} times")
        must = self._must()
        for place in must.keys() | found.keys():
            self._compare(f"{place[1]}, {place[0]}", must.get(place, []), found.get(place, []))

    def _must(self) -> dict[tuple[str, str], list[Expected]]:
        """(shopper, topic) -> what must have been published once all timers have fired."""
        must: dict[tuple[str, str], list[Expected]] = defaultdict(list)
        for name, calls in self._calls.items():
            shopper = Shopper()
            for call in calls:
                shopper.take(call)
            while (due := shopper.next_due()) is not None:
                self.last_due = max(self.last_due, due)
                shopper.pass_time(due)
            for one in shopper.decided:
                must[name, one.topic].append(one)
                self.counts["decisions by timers"] += one.cause is None
        return must

    def _check_delivery(self, topic: str, decision: dict[str, Any], before: int) -> None:
        """No decision before its time, none ahead of what waits in a lagging intake, all in order of their causes."""
        at, offset = _ms(decision["effective_at"]), decision["source"]["offset"]
        told = f"{topic}: decision {decision['id']} of {decision['shopper']}"
        if _ms(decision["decided_at"]) < at:
            self._differs(f"{told} was made too early, at {decision['decided_at']} for {decision['effective_at']}")
        if offset < before:
            self._differs(f"{told} is out of order: caused by {offset}, after one caused by {before}")
        if decision["cause"]["kind"] == "timer" and any(
            received < at and place >= offset for received, place in self._places[decision["shopper"]]
        ):
            self._differs(f"{told} fired ahead of an event that was received before it was due")

    def _check_home(self, topic: str, shopper: str, row: Row) -> None:
        if row.partition != self._homes.get(shopper) or row.key != shopper.encode():
            self._differs(f"{topic}: {shopper} in partition {row.partition} under {row.key!r}, not as in clickstream")

    def _check_state(self) -> None:
        """Each shopper has one state, in the partition of its shopper."""
        states: dict[str, Row] = {}
        for row in self._logs[STATE]:
            shopper = (row.key or b"").decode()
            states[shopper] = row
            self._check_home(STATE, shopper, row)
        self.counts["shoppers with state"] = len(states)
        for shopper in self._calls.keys() - {shopper for shopper, row in states.items() if row.value is not None}:
            self._differs(f"{STATE}: the state of {shopper} is missing")

    def _compare(self, where: str, must: list[Any], found: list[Any]) -> None:
        if must == found:
            return
        lacking, more = Counter(must) - Counter(found), Counter(found) - Counter(must)
        for one in lacking:
            self._differs(f"{where}: {_shown(one)} is missing")
        for one in more:
            self._differs(f"{where}: {_shown(one)} should not be there{' again' if one in must else ''}")
        if not lacking and not more and list(_causes(must)) != list(_causes(found)):
            self._differs(f"{where}: out of order")


def _causes(told: list[Any]) -> Iterator[Any]:
    """What of an order is promised: of several consequences of one cause, none."""
    for one in told:
        yield (one.at, one.cause) if isinstance(one, Expected) else one


def _shown(one: Any) -> str:
    return f"{one.what} at {one.at} because of {one.cause or 'a timer'}" if isinstance(one, Expected) else str(one)


def _decoded(value: bytes | None) -> tuple[str, dict[str, Any]]:
    """Why a record can't be used, "" if it can; and the call."""
    try:
        body = json.loads(value or b"")
    except ValueError:
        return UNDECODABLE, {}
    return ("", body) if body.get("userId") else (MISSING_ID, {})


def _told(topic: str, decision: dict[str, Any]) -> Expected:
    cause = decision["cause"]
    return Expected(
        topic,
        _ms(decision["effective_at"]),
        cause["message_id"] if cause["kind"] == "event" else None,
        _WHAT[topic](decision),
    )


def _trigger(decision: dict[str, Any]) -> str:
    cart = decision["cart"]
    items = ",".join(sorted(f"{item['product_id']}*{item['quantity']}" for item in cart["items"]))
    told = f"{decision['change']} {decision['stage']} {items} {cart['total']['amount']}"
    return told if decision["order_id"] is None else f"{told} {decision['order_id']}"


_WHAT: dict[str, Callable[[dict[str, Any]], str]] = {
    SEGMENTS: lambda one: f"{one['segment']} {one['change']} {one['sequence']}",
    ABANDONMENT: _trigger,
    TIERS: lambda one: f"{one['change']} {one['from']} {one['to']}",
    POINTS: lambda one: f"{one['entry']} {one['points']} {one['balance']} {one['order_id']}",
}


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)
