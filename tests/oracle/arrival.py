"""One history, arriving in two ways: other delays within the stated lateness, other order, messages sent again.

What a shopper is in the end must not depend on it. What the pages let depend on arrival is left out: carts (an edit is
applied as it comes), a second order of one id (the first received counts), and holds (they damp what was seen).
"""

from collections.abc import Callable
from random import Random
from typing import Any

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from tests.oracle.engine_run import run, topology_text
from tests.oracle.oracle import expect
from tests.oracle.random_stream import DAY, HOUR, MINUTE, Call, Stream
from tests.oracle.random_topology import Topologies
from tests.oracle.trial import zoned
from tests.oracle.values import instant, rfc3339, span

SETTLED = ("segments", "traits", "stage", "rfm", "computed", "orders", "sessions")
DELAYS = [0, 0, 1, MINUTE, HOUR, 6 * HOUR, DAY - 1, DAY, 3 * DAY, 7 * DAY]
AFTER = [0, 1, 10 * MINUTE, HOUR, 4 * HOUR, DAY]


def settled_topology(random: Random, topologies: type[Topologies]) -> dict[str, Any]:
    """A topology without carts and holds."""
    while True:
        topology = topologies(random).draw()
        topology = {name: part for name, part in topology.items() if name not in ("abandonment", "loyalty")}
        for rule in topology["segments"].values():
            rule.pop("hold", None)
        if "'cart': {" in str(topology):
            continue
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue
        return topology


def drawn(random: Random) -> list[Call]:
    return Stream(random, several_carts=False).draw(random.randint(15, 60))


def calls(stream: list[Call]) -> list[Call]:
    """What happened, each with its own time in `timestamp` and none received yet."""
    found = []
    orders: set[str] = set()
    for call in stream:
        properties = call.get("properties") or {}
        if call["messageId"] in {one["messageId"] for one in found}:
            continue  # a message id twice, which delivery() sees to
        if call.get("event") == "Order Completed":
            if properties["order_id"] in orders:
                continue
            orders.add(properties["order_id"])
        if call.get("event") == "Order Refunded":
            # One refund id for two amounts: the first received counts.
            properties["refund_id"] = call["messageId"]
        call["timestamp"] = instant(call["timestamp"])
        found.append(call)
    return found


def delivery(random: Random, history: list[Call], lateness: int, end: int) -> list[Call]:
    """The calls as they arrive, each within the lateness and before `end` (ms), some of them again later."""
    arrived = []
    for call in history:
        received = call["timestamp"] + random.choice(
            [delay for delay in DELAYS if delay <= min(lateness, end - call["timestamp"])]
        )
        times = [received]
        while random.random() < 0.2:
            times.append(random.randint(received, end))
        arrived += [(time, random.random(), call) for time in times]
    arrived.sort(key=lambda one: one[:2])
    return [
        {**call, "timestamp": rfc3339(call["timestamp"]), "receivedAt": rfc3339(received)}
        for received, _, call in arrived
    ]


def unsettled(
    seed: int, topologies: type[Topologies] = Topologies, stream: Callable[[Random], list[Call]] = drawn
) -> list[str]:
    """Where two arrivals of one history end otherwise, or otherwise than the oracle says."""
    random = Random(seed)
    topology, history = settled_topology(random, topologies), calls(stream(random))
    lateness = span(topology["time"]["late"]["segments"])
    end = max(call["timestamp"] for call in history) + random.choice(AFTER)
    until = end + random.choice(AFTER)
    arrivals = [delivery(random, history, lateness, end) for _ in range(2)]
    expected = expect(arrivals[0], zoned(topology), until)
    found = []
    for arrived in arrivals:
        got = run(arrived, topology, until)
        found += [f"seed {seed}: dead letter {letter}" for letter in got.dead if letter[1] == "late"]
        for shopper, profile in expected.profiles.items():
            had = got.profiles[shopper]
            found += [
                f"seed {seed}: {shopper} {name}: expected {profile[name]}, got {had[name]}"
                for name in SETTLED
                if profile[name] != had[name]
            ]
    return found
