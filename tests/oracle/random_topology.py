"""Topologies drawn at random from the language, small enough to be read when a seed fails."""

from random import Random
from typing import Any

WINDOWS = ["10m", "1h", "4h", "1d", "3d"]
EVENTS = ["Product Viewed", "Product Added", "Order Completed", "Order Refunded", "Searched", "page", "screen", "*"]
Condition = dict[str, Any]


class Topologies:
    """Draws one topology. Every choice comes from `random` alone."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def draw(self) -> dict[str, Any]:
        random = self.random
        topology: dict[str, Any] = {
            "shop": {"timezone": "Europe/Berlin", "currency": "EUR", "exchange_rates": {"USD": 0.92}},
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
        self.stages: list[str] = []
        self.traits: list[str] = []
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
            topology["abandonment"] = {kind: self.abandonment(kind, len(topology["segments"])) for kind in kinds}
            if random.random() < 0.15:
                second = random.choice(["browse", "cart"])
                entry = {"kind": second, **self.abandonment(second, len(topology["segments"]))}
                topology["abandonment"][f"second-{second}"] = entry
        if random.random() < 0.5:
            topology["loyalty"] = {"club": self.programme()}
        return topology

    def condition(self, depth: int, earlier: int) -> Condition:
        random = self.random
        if depth and random.random() < 0.4:
            kind = random.choice(["all", "any", "not"])
            if kind == "not":
                return {"not": self.condition(depth - 1, earlier)}
            return {kind: [self.condition(depth - 1, earlier) for _ in range(random.randint(2, 3))]}
        if earlier and random.random() < 0.1:
            return {"in": f"s{random.randrange(earlier)}"}
        if self.stages and random.random() < 0.15:
            return {"stage": sorted(random.sample(self.stages, random.randint(1, 2)))}
        if self.traits and random.random() < 0.2:
            return {"computed": {"name": random.choice(self.traits), **self.tests()}}
        if self.rfm and random.random() < 0.2:
            return self.scores()
        leaves = [self.count, self.count, self.aggregate, self.edge, self.trait, self.purchases, self.cart]
        return random.choice([*leaves, self.sequence])()

    def hold(self) -> dict[str, Any]:
        random = self.random
        if random.random() < 0.75:
            return {}
        waits = {name: random.choice(["1ms", *WINDOWS]) for name in ("enter", "leave") if random.random() < 0.7}
        return {"hold": waits} if waits else {}

    def sequence(self) -> Condition:
        random = self.random
        steps: list[dict[str, Any]] = [self.selection() for _ in range(random.choice([2, 2, 2, 3, 3, 4]))]
        if random.random() < 0.5:
            steps[-1] = {**steps[-1], "absent": True}
        form: dict[str, Any] = {"steps": steps, "within": random.choice(WINDOWS)}
        same = random.choice(
            [None, None, ["product_id"], ["product_id"], ["category", "price"], ["quantity"], ["tags"]]
        )
        return {"sequence": {**form, "same": same} if same else form}

    def window(self) -> dict[str, str]:
        return {"within": self.random.choice(WINDOWS)} if self.random.random() < 0.8 else {}

    def bound(self, numbers: list[Any]) -> dict[str, Any]:
        random = self.random
        op = random.choice(
            ["at_least", "at_least", "at_most", "more_than", "less_than", "exactly", "between", "in", "is_not", "both"]
        )
        if op == "both":
            low, high = sorted([random.choice(numbers), random.choice(numbers)])
            return {"at_least": low, "at_most": high}
        if op == "between":
            return {op: sorted([random.choice(numbers), random.choice(numbers)])}
        if op == "in":
            return {op: sorted({random.choice(numbers), random.choice(numbers)})}
        return {op: random.choice(numbers)}

    def selection(self) -> dict[str, Any]:
        random = self.random
        names: Any = random.choice(EVENTS)
        if random.random() < 0.15:
            names = ["Product Viewed", "Searched"]
        return {"of": names, "where": self.filters()} if random.random() < 0.3 else {"of": names}

    def filters(self) -> dict[str, Any]:
        return self.random.choice(
            [
                {"product_id": "p1"},
                {"product_id": ["p1", "p2"]},
                {"price": {"at_least": 10}},
                {"price": {"between": [5, 12.5]}},
                {"category": {"starts_with": "Sho"}},
                {"category": {"is_not": "Shoes"}},
                {"category": {"exists": False}},
                {"category": {"matches": "^(Hats|Sho)"}},
                {"category": {"not_in": ["Hats", "Mugs"]}},
                {"products.product_id": "p2"},
                {"products.product_id": {"is_not": "p2"}},
                {"products.product_id": {"all_of": {"in": ["p1", "p2"]}}},
                {"quantity": "2"},
                {"tags": {"contains": "sale"}},
                {"seen": {"after": "2026-01-05T04:00:00Z"}},
                {"price": {"less_than": 30}, "category": {"exists": True}},
                {"variant": "red"},
                {"seen": {"within": self.random.choice(WINDOWS)}},
                {"path": {"starts_with": "/p"}},
                {"total": {"more_than": "20"}},
            ]
        )

    def count(self) -> Condition:
        return {"count": {**self.selection(), **self.window(), **self.bound([0, 1, 1, 2, 3])}}

    def aggregate(self) -> Condition:
        random = self.random
        kind = random.choice(["sum", "min", "max", "avg", "distinct"])
        numbers: list[Any]
        if kind == "distinct":
            path, numbers = random.choice(["product_id", "category", "products.product_id"]), [0, 1, 2, 3]
        else:
            path, numbers = random.choice(["price", "quantity", "products.price"]), [0, 1, 2, 5, 12.5, 20, 25, 40.5]
        return {kind: {**self.selection(), "property": path, **self.window(), **self.bound(numbers)}}

    def edge(self) -> Condition:
        random = self.random
        kind = random.choice(["first", "last"])
        tests: dict[str, Any]
        if random.random() < 0.4:
            tests = random.choice(
                [
                    {"within": random.choice(WINDOWS)},
                    {"after": "2026-01-05T06:00:00Z"},
                    {"before": "2026-01-06T00:00:00Z"},
                ]
            )
            return {kind: {**self.selection(), "property": "$time", **tests}}
        path, tests = random.choice(
            [
                ("price", {"at_least": 10}),
                ("price", {"exists": False}),
                ("product_id", {"is": "p2"}),
                ("product_id", {"not_in": ["p1", "p3"]}),
                ("category", {"ends_with": "s"}),
                ("seen", {"within": random.choice(WINDOWS)}),
            ]
        )
        return {kind: {**self.selection(), "property": path, **tests}}

    def trait(self) -> Condition:
        return {
            "trait": self.random.choice(
                [
                    {"name": "plan", "is": "pro"},
                    {"name": "plan", "is_not": "pro"},
                    {"name": "plan", "exists": False},
                    {"name": "age", "at_least": 30},
                    {"name": "age", "between": [20, 40]},
                    {"name": "address.country", "in": ["DE", "AT"]},
                    {"name": "joined_at", "within": self.random.choice(WINDOWS)},
                    {"name": "joined_at", "before": "2026-01-06T00:00:00Z"},
                ]
            )
        }

    def purchases(self) -> Condition:
        if self.random.random() < 0.5:
            return {"orders": {**self.window(), **self.bound([0, 1, 2])}}
        return {"spend": {**self.window(), **self.bound([0, 10, 20, 25, 37.5, 50])}}

    def scores(self) -> Condition:
        random = self.random
        names = random.sample(["recency", "frequency", "monetary"], random.randint(1, 2))
        return {"rfm": {name: sorted(random.sample(range(1, 6), random.randint(1, 3))) for name in names}}

    def computed_trait(self) -> dict[str, Any]:
        random = self.random
        kinds = ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "orders", "spend"]
        kind = random.choice([*kinds, "most_frequent", "most_frequent"])
        form: dict[str, Any] = {} if kind in ("orders", "spend") else self.selection()
        if kind in ("sum", "min", "max", "avg"):
            form["property"] = random.choice(["price", "quantity", "products.price"])
        elif kind in ("first", "last"):
            form["property"] = random.choice(
                ["price", "product_id", "category", "seen", "$time", "products.product_id"]
            )
        elif form and kind != "count":
            form["property"] = random.choice(["product_id", "category", "products.product_id", "quantity", "tags"])
        if kind not in ("first", "last"):
            form |= self.window()
        return {kind: form, **({"emit": "daily"} if random.random() < 0.3 else {})}

    def tests(self) -> dict[str, Any]:
        return self.random.choice(
            [
                {"at_least": self.random.choice([1, 2, 12.5, 20])},
                {"less_than": self.random.choice([1, 3, 25])},
                {"is": self.random.choice(["p1", "Shoes", 2])},
                {"is_not": self.random.choice(["p1", "Shoes", 2])},
                {"exists": self.random.random() < 0.5},
                {"within": self.random.choice(WINDOWS)},
            ]
        )

    def cart(self) -> Condition:
        random = self.random
        form = random.choice(
            [
                {"value": self.bound([0, 5, 12.5, 25, 40])},
                {"items": self.bound([0, 1, 2, 3])},
                {"contains": {"product_id": random.choice(["p1", "p2"])}},
                {"contains": {"quantity": {"at_least": 2}}},
            ]
        )
        return {"cart": form}

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
        chance = {"when": 0.15, "unless": 0.2, "stages": 0.9}
        return {
            name: random.choice(values) for name, values in options.items() if random.random() < chance.get(name, 0.4)
        }

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
