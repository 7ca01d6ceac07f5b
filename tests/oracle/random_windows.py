"""Topologies of calendar and since windows and of conditions on loyalty, and streams that travel: over changes of
clocks and a leap day."""

from random import Random
from typing import Any

from tests.oracle.random_condition import Condition
from tests.oracle.random_stream import START, Stream
from tests.oracle.random_topology import Topologies
from tests.oracle.trial import may_mean_any_cart, valid
from tests.oracle.values import instant, rfc3339

UNITS = ["day", "day", "day", "week", "month", "quarter", "year"]
SINCE = ["Order Completed", "Product Added", ["Searched", "page"], "Order Refunded", "Never Seen"]
# The last one is passed over: it is no zone.
ZONES = ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago", "Mars/Olympus"]
# Evenings before clocks jump and fall back in Berlin, a leap day, a new year and quarter, a DST gap at midnight.
EVES = [
    "2026-03-28T18:00:00Z",
    "2025-10-25T18:00:00Z",
    "2024-02-28T20:00:00Z",
    "2025-12-31T12:00:00Z",
    "2025-09-06T20:00:00Z",
]


class WindowTopologies(Topologies):
    """Draws windows of all kinds, and conditions on a loyalty programme."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.levels: list[str] = []

    def condition(self, depth: int, earlier: int) -> Condition:
        random = self.random
        if self.levels and random.random() < 0.25:
            if random.random() < 0.5:
                return {"points": {"programme": "club", **self.bound([0, 5, 20, 40, 60])}}
            tier = random.choice(self.levels)
            tests = [{"is": tier}, {"is_not": tier}, {"in": [tier, self.levels[-1]]}, {"exists": random.random() < 0.5}]
            return {"tier": {"programme": "club", **random.choice(tests)}}
        if random.random() < 0.06:
            return {"average_order": {**self.window(), **self.bound([0, 10, 20, 25, 37.5])}}
        return super().condition(depth, earlier)

    def window(self) -> dict[str, Any]:  # type: ignore[override]
        chance = self.random.random()
        if chance < 0.4:
            return {"within": {"calendar": self.random.choice(UNITS)}}
        if chance < 0.7:
            return {"within": {"since": self.random.choice(SINCE)}}
        return dict(super().window())

    def draw(self) -> dict[str, Any]:
        self.levels = []
        loyalty = {}
        if self.random.random() < 0.4:
            loyalty = {"loyalty": {"club": self.programme()}}
            self.levels = [level["name"] for level in loyalty["loyalty"]["club"]["tiers"]["levels"]]
        topology = {**super().draw(), **loyalty}
        zone = self.random.choice(["Europe/Berlin", "Europe/Berlin", "America/Santiago", "UTC"])
        return {**topology, "shop": {**topology["shop"], "timezone": zone}}


def travelling(random: Random, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls of a stream, moved to another time of the year, some from another zone."""
    moved = (instant(random.choice(EVES)) or 0) - START
    roams = random.random()
    found: list[dict[str, Any]] = []
    for call in calls:
        again = next((one for one in found if one["messageId"] == call.get("messageId")), None)
        written = [name for name in ("timestamp", "receivedAt") if name in call]
        times = {name: rfc3339((instant(call[name]) or 0) + moved) for name in written}
        if again is not None and "context" not in call:
            found.append({**again, **times})
            continue
        call = {**call, **times}
        if random.random() < roams * 0.3:
            call["context"] = {**call.get("context", {}), "timezone": random.choice(ZONES)}
        if call["type"] == "identify" and random.random() < roams * 0.3:
            call["traits"] = {"timezone": random.choice([*ZONES, None])}
        found.append(call)
    return found


def stream(random: Random, several_carts: bool) -> list[dict[str, Any]]:
    return travelling(random, Stream(random, several_carts).draw(random.randint(15, 60)))


def case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A topology that is valid, and a stream for it."""
    random = Random(seed)
    topology = valid(WindowTopologies(random))
    return topology, stream(random, several_carts=not may_mean_any_cart(topology))
