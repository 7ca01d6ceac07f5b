"""Shops that watch what is left behind, and little else; shoppers who leave much, come back, and order late."""

from random import Random
from typing import Any

from tests.oracle.random_links import linked
from tests.oracle.random_stream import DAY, DELAYS, Call, Stream
from tests.oracle.random_topology import PROMPTS, Topologies
from tests.oracle.trial import may_mean_any_cart, valid


class LeavingTopologies(Topologies):
    """Draws abandonment rules of several stages, which seldom forbid one."""

    def draw(self) -> dict[str, Any]:
        random, topology = self.random, super().draw()
        kept = {name: topology[name] for name in ("shop", "time")}
        kinds = random.sample(["browse", "cart", "cart", "checkout", "checkout", *PROMPTS], random.randint(1, 3))
        self.rfm, self.stages, self.traits = False, [], []
        return {
            **kept,
            "segments": {"s0": {"when": self.condition(1, 0)}},
            "abandonment": {kind: self.abandonment(kind, 1) for kind in kinds},
        }

    def abandonment(self, kind: str, segments: int) -> dict[str, Any]:
        drawn = super().abandonment(kind, segments)
        for forbidding in ("when", "unless", "minimum_value", "expires"):
            if forbidding in drawn and self.random.random() < 0.7:
                del drawn[forbidding]
        drawn["stages"] = self.random.choice([["10m", "1h"], ["1h", "1h", "4h"], ["10m", "10m", "10m"], ["0s", "1h"]])
        drawn["after_purchase"] = self.random.choice(["0s", "10m", "1h"])
        drawn["cool_down"] = self.random.choice(["0s", "0s", "1h", "1d"])
        return drawn


class LeavingStream(Stream):
    """Fewer orders, many of them late. Some steps and failures name no checkout."""

    def __init__(self, random: Random, several_carts: bool) -> None:
        super().__init__(random, several_carts)
        weights = {
            **dict.fromkeys(
                (self.added, self.cart_viewed, self.checkout, self.checkout_step, self.payment_failed), 4.0
            ),
            **dict.fromkeys((self.viewed, self.removed, self.leaving, self.wished, self.ordered), 3.0),
        }
        self.draws = [(weights.get(draw, weight / 3), draw) for weight, draw in self.draws]
        self.checkouts = random.choice([[None], ["k1", "k2"], ["k1", None], ["k1", "k2", None]])

    def _happened(self, received: int) -> int:
        if self.random.random() < 0.8:
            return super()._happened(received)
        return received - self.random.choice([delay for delay in DELAYS if delay < DAY])


def abandonment_case(seed: int) -> tuple[dict[str, Any], list[Call]]:
    random = Random(seed)
    topology = valid(LeavingTopologies(random))
    stream = LeavingStream(random, several_carts=not may_mean_any_cart(topology))
    calls = stream.draw(random.randint(20, 70))
    if random.random() < 0.5:
        return topology, calls
    topology["shop"]["links"] = random.random() < 0.9
    return topology, linked(random, calls)
