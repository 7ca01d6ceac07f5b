"""Conditions drawn at random from the language."""

from random import Random
from typing import Any

WINDOWS = ["10m", "1h", "4h", "1d", "3d"]
EVENTS = ["Product Viewed", "Product Added", "Order Completed", "Order Refunded", "Searched", "page", "screen", "*"]
Condition = dict[str, Any]


class Conditions:
    """Draws conditions. Every choice comes from `random` alone. rfm, stages, traits: what they may ask for."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rfm = False
        self.stages: list[str] = []
        self.traits: list[str] = []

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

    def sequence(self) -> Condition:
        random = self.random
        steps: list[dict[str, Any]] = [self.selection() for _ in range(random.choice([2, 2, 2, 3, 3, 4]))]
        if random.random() < 0.5:
            steps[-1] = {**steps[-1], "absent": True}
        form: dict[str, Any] = {"steps": steps, "within": random.choice(WINDOWS)}
        same = random.choice(
            [None, None, ["product_id"], ["product_id"], ["category", "price"], ["quantity"], ["tags"], ["odd"]]
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
                {"odd": self.odd()},
                {"seen": {"month": self.random.choice([1, [1, 5], "now"])}},
                {"$time": {"month": self.random.choice([1, [2, 12]])}},
                {"$time": {"after": "2026-01-06T00:00:00Z"}},
            ]
        )

    def odd(self) -> dict[str, Any]:
        return self.random.choice(
            [
                {"is": self.random.choice([True, 1, "1", "", "true", 0])},
                {"is_not": self.random.choice([True, 1, "", "true"])},
                {"in": [True, "é"]},
                {"not_in": [1, "true"]},
                {"exists": self.random.random() < 0.5},
                {"at_least": 0},
                {"less_than": 1},
                {"contains": self.random.choice(["1", "ru"])},
                {"matches": "^$|1"},
                {"within": "1h"},
                {"before": "2026-01-05T00:00:00Z"},
                {"month": self.random.choice([1, "now"])},
            ]
        )

    def count(self) -> Condition:
        return {"count": {**self.selection(), **self.window(), **self.bound([0, 1, 1, 2, 3])}}

    def aggregate(self) -> Condition:
        random = self.random
        kind = random.choice(["sum", "min", "max", "avg", "distinct"])
        numbers: list[Any]
        if kind == "distinct":
            path, numbers = random.choice(["product_id", "category", "products.product_id", "odd"]), [0, 1, 2, 3]
        else:
            path, numbers = (
                random.choice(["price", "quantity", "products.price", "odd"]),
                [0, 1, 2, 5, 12.5, 20, 25, 40.5],
            )
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
                    {"month": random.choice([1, [1, 7], "now"])},
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
                ("odd", self.odd()),
                ("seen", {"month": random.choice([1, "now"])}),
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
                    {"name": "odd", **self.odd()},
                    {"name": "joined_at", "month": self.random.choice([1, [3, 12], "now"])},
                    {"name": "labels", "contains": "vip"},
                    {"name": "labels", "is_not": "vip"},
                    {"name": "plan", "matches": "^(pro|ba)", "is_not": "basic"},
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
                {
                    "value": self.bound([5, 12.5, 25]),
                    "items": self.bound([1, 2]),
                    "contains": {"price": {"exists": True}},
                },
            ]
        )
        return {"cart": form}
