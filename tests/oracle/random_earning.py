"""Programmes that earn in every way, and streams with what earns: reviews, referrals, birthdays, orders of lines."""

from random import Random
from typing import Any

from tests.oracle.random_ledger import looked_at, signs
from tests.oracle.random_stream import Call, Stream, track
from tests.oracle.random_windows import WindowTopologies, travelling
from tests.oracle.trial import may_mean_any_cart, valid

DAYS = ["01-05", "01-06", "03-29", "10-26", "02-29", "01-01", "09-07"]


class EarningTopologies(WindowTopologies):
    """Draws programmes of rates and bonuses."""

    def programme(self) -> dict[str, Any]:
        random = self.random
        programme = super().programme()
        rates = [self._rate(index) for index in range(random.randint(0, 3))]
        bonuses = [self._bonus(index) for index in range(random.randint(1, 4))]
        earn = [*([] if random.random() < 0.3 else programme["earn"]), *rates, *bonuses]
        random.shuffle(earn)
        review = {"review": self._review()} if random.random() < 0.4 else {}
        return {**programme, "earn": earn, **review}

    def _review(self) -> dict[str, Any]:
        random = self.random
        limit = random.choice([{"times": 1}, {"times": 1, "within": "1d"}, {"times": 2, "within": "4h"}])
        friends = {f"referrals_per_{kind}": limit for kind in ("device", "address") if random.random() < 0.7}
        return signs(random) | friends

    def draw(self) -> dict[str, Any]:
        while True:
            topology = super().draw()
            if "loyalty" in topology:
                return topology

    def _rate(self, index: int) -> dict[str, Any]:
        random = self.random
        rule: dict[str, Any] = {"on": "Order Completed", "id": f"rate-{index}", "points": random.choice([1, 3, 0.25])}
        rule |= {"per": random.choice([1, 2.5])} | self._dates()
        for name, values in (
            ("lines", [{"product_id": "p1"}, {"product_id": ["p2", "p3"]}, {"quantity": {"at_least": 2}}]),
            ("where", [{"cart_id": {"exists": True}}, {"total": {"at_least": 20}}]),
            ("priority", [1, 2]),
            ("exclusive", [True]),
            ("first", [True]),
            ("exclude", [["shipping", "tax"]]),
        ):
            if random.random() < 0.3:
                rule[name] = random.choice(values)
        return rule

    def _bonus(self, index: int) -> dict[str, Any]:
        random = self.random
        limit = {"times": random.randint(1, 3)}
        if random.random() < 0.7:
            limit |= {"within": random.choice(["1h", "4h", "1d", "3d"])}
        unit = random.choice(["days", "weeks", "months"])
        mission = {unit: random.randint(2, 3)} | ({"in_a_row": True} if random.random() < 0.5 else {})
        return {
            "id": f"bonus-{index}",
            "points": random.choice([5, 10, 30]),
            "priority": random.choice([0, 0, 1]),
            **random.choice(
                [
                    {"on": random.choice(["Product Reviewed", "page", "Product Viewed"]), "limit": limit},
                    {"on": "Product Reviewed", "where": {"rating": {"at_least": 4}}, **self._dates()},
                    {"on": "Referral Completed", "also": "referrer_id", "limit": limit},
                    {"on": "Order Completed", "limit": limit},
                    {"on": "Order Completed", "first": True},
                    {"on": "$birthday", "trait": "born", **self._dates()},
                    {"on": "$anniversary"},
                    {"on": "$mission", "orders_in": mission},
                    {"on": "$mission", "orders_in": mission, "limit": limit},
                ]
            ),
        }

    def _dates(self) -> dict[str, Any]:
        days = ["2024-02-29", "2025-10-26", "2026-01-01", "2026-01-05", "2026-01-06T10:00:00Z", "2026-03-29"]
        found = {name: self.random.choice(days) for name in ("from", "until") if self.random.random() < 0.15}
        return found if len(found) < 2 or found["from"] < found["until"] else {}


class EarningStream(Stream):
    """Draws what earns, too; more orders than others."""

    def __init__(self, random: Random, several_carts: bool = True) -> None:
        super().__init__(random, several_carts)
        self.draws += [(6, self.reviewed), (4, self.referred), (4, self.born), (6, self.ordered), (3, self.other)]
        self.draws.append((3, lambda: looked_at(self.random, [f"o{number}" for number in range(4)])))

    def reviewed(self) -> Call:
        return track("Product Reviewed", {"rating": self.random.choice([1, 3, 4, "5", None])})

    def referred(self) -> Call:
        call = track("Referral Completed", {"referrer_id": self.random.choice(["u1", "a2", "u3", "", None, 4])})
        device, address = self.random.choice([None, "x", "y"]), self.random.choice([None, "10.0.0.1", "10.0.0.2"])
        context = {"device": {"id": device}, "ip": address}
        return {**call, "context": context} if self.random.random() < 0.7 else call

    def born(self) -> Call:
        year = self.random.choice(["1988-", "2000-", "--"])
        day = self.random.choice([year + self.random.choice(DAYS), "never", None])
        return {"type": "identify", "traits": {"born": None if day == "2000-02-30" else day}}


def earning_case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(seed)
    topology = valid(EarningTopologies(random))
    calls = EarningStream(random, several_carts=not may_mean_any_cart(topology)).draw(random.randint(15, 60))
    return topology, travelling(random, calls)
