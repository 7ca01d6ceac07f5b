"""Topologies drawn at random from the language, small enough to be read when a seed fails."""

from typing import Any

from tests.oracle.random_condition import WINDOWS, Conditions

# Whose midnights stand at odd hours and minutes of UTC, before and behind it.
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"]


PROMPTS = ["exit_intent", "checkout_hesitation", "payment_failure", "wishlist"]


class Topologies(Conditions):
    """Draws one topology. Every choice comes from `random` alone."""

    def draw(self) -> dict[str, Any]:
        random = self.random
        topology: dict[str, Any] = {
            "shop": {"timezone": random.choice(ZONES), "currency": "EUR", "exchange_rates": {"USD": 0.92}},
            "time": {
                "late": random.choice([{"segments": "7d", "triggers": "48h"}, {"segments": "1d", "triggers": "6h"}])
            },
            "segments": {},
        }
        self.rfm = random.random() < 0.3
        if self.rfm:
            topology["rfm"] = {
                "recency": random.choice([[1, 2, 3, 5], [1, 1, 2, 30], [0, 1, 4, 9]]),
                "frequency": random.choice([[1, 2, 3, 4], [2, 3, 3, 5]]),
                "monetary": random.choice([[10, 20, 37.5, 50], [0, 12.5, 25, 100]]),
            }
        self.stages, self.traits = [], []
        if random.random() < 0.5:
            topology["traits"] = {f"t{index}": self.computed_trait() for index in range(random.randint(1, 3))}
            self.traits = list(topology["traits"])
        segments = random.randint(1, 4)
        if random.random() < 0.4:
            # Segments that the journey may ask for come first, those that may ask for a stage after it.
            before = random.randint(0, segments - 1)
            for index in range(before):
                topology["segments"][f"s{index}"] = {"when": self.condition(2, index), **self.hold()}
            names = ["new", "active", "at_risk", "lapsed"][: random.randint(2, 4)]
            topology["journey"] = [{"stage": name, "when": self.condition(1, before)} for name in names]
            del topology["journey"][-1]["when"]
            self.stages = names
        for index in range(len(topology["segments"]), segments):
            topology["segments"][f"s{index}"] = {"when": self.condition(2, index), **self.hold()}
        if random.random() < 0.7:
            kinds = [kind for kind in ("browse", "cart", "checkout") if random.random() < 0.6]
            kinds += [kind for kind in PROMPTS if random.random() < 0.4]
            topology["abandonment"] = {kind: self.abandonment(kind, len(topology["segments"])) for kind in kinds}
            if random.random() < 0.3:
                topology["shop"]["free_shipping_from"] = random.choice([0, 20, 49.9])
            if random.random() < 0.15:
                second = random.choice(["browse", "cart", *PROMPTS])
                entry = {"kind": second, **self.abandonment(second, len(topology["segments"]))}
                topology["abandonment"][f"second-{second}"] = entry
        if random.random() < 0.5:
            topology["loyalty"] = {"club": self.programme()}
        return topology

    def hold(self) -> dict[str, Any]:
        random = self.random
        if random.random() < 0.75:
            return {}
        waits = {name: random.choice(["1ms", *WINDOWS]) for name in ("enter", "leave") if random.random() < 0.7}
        return {"hold": waits} if waits else {}

    def computed_trait(self) -> dict[str, Any]:
        random = self.random
        kinds = ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "orders", "spend"]
        kind = random.choice([*kinds, "most_frequent", "most_frequent"])
        form: dict[str, Any] = {} if kind in ("orders", "spend") else self.selection()
        if kind in ("sum", "min", "max", "avg"):
            form["property"] = random.choice(["price", "quantity", "products.price", "odd"])
        elif kind in ("first", "last"):
            form["property"] = random.choice(
                ["price", "product_id", "category", "seen", "$time", "products.product_id", "odd"]
            )
        elif form and kind != "count":
            form["property"] = random.choice(
                ["product_id", "category", "products.product_id", "quantity", "tags", "odd"]
            )
        if kind not in ("first", "last"):
            form |= self.window()
        return {kind: form, **({"emit": "daily"} if random.random() < 0.3 else {})}

    def abandonment(self, kind: str, segments: int) -> dict[str, Any]:
        random = self.random
        options: dict[str, list[Any]] = {
            "stages": [["10m"], ["1h"], ["1h", "4h"], ["10m", "1h", "1d"]],
            "minimum_value": [0, 0.01, 10, 20],
            "cool_down": ["1h", "1d", "3d"],
            "expires": ["1h", "4h", "1d"],
            "recovered_within": ["1h", "4h", "1d"],
            "after_purchase": ["10m", "1h", "4h", "1d"],
            "resets_on": ["own_activity", "any_activity"],
            "on_activity": ["hold", "continue", "restart"],
            "unless": [{"in": f"s{random.randrange(segments)}"}, self.condition(1, 0)],
            "when": [self.condition(1, 0)],
        }
        if kind == "browse":
            options["minimum_views"] = [1, 2]
            options["subject"] = ["product", "session"]
        elif kind in ("exit_intent", "payment_failure"):
            options["stages"] += [["0s"], ["0s", "1h"]]
            options["on"] = [["Payment Failed", "Exit Intent Detected"], "Searched"]
        chance = {"when": 0.15, "unless": 0.2, "stages": 0.9}
        drawn = {
            name: random.choice(values) for name, values in options.items() if random.random() < chance.get(name, 0.4)
        }
        if (
            kind in ("browse", "wishlist")
            and drawn.get("resets_on") == "any_activity"
            and drawn.get("on_activity") == "restart"
        ):
            # Several products begin again at one instant: which of them a cool-down remembers, the pages leave open.
            del drawn["on_activity"]
        return drawn

    def programme(self) -> dict[str, Any]:
        random = self.random
        levels: list[dict[str, Any]] = [{"name": "bronze", "from": 0}]
        for name, start in (("silver", 20), ("gold", 60), ("platinum", 100)):
            if random.random() < 0.8:
                level: dict[str, Any] = {"name": name, "from": start}
                if random.random() < 0.5:
                    level["keep"] = start - 10
                if random.random() < 0.5:
                    level["multiplier"] = random.choice([1.25, 1.5, 2])
                levels.append(level)
        rule: dict[str, Any] = {"on": "Order Completed", "points": random.choice([1, 2, 0.5]), "per": 1.00}
        if random.random() < 0.3:
            rule["exclude"] = random.choice([["shipping"], ["shipping", "tax"], ["gift_cards"]])
        tiers: dict[str, Any] = {
            "metric": random.choice(["points_earned", "spend"]),
            "window": random.choice(["lifetime", {"rolling": "1d"}, {"rolling": "3d"}]),
            "levels": levels,
        }
        for name, values in (
            ("term", ["1d", "3d", "P1M"]),
            ("grace", ["4h", "1d"]),
            ("downgrade", ["one_level", "to_qualified"]),
        ):
            if random.random() < 0.7:
                tiers[name] = random.choice(values)
        return {"earn": [rule], "tiers": tiers}
