"""Loyalty programmes and the histories of their members, drawn at random: weeks and months of orders and what undoes
them, with times on, and a millisecond beside, every hold, end, notice, window and term.

What a programme may ask for comes in groups, so that a seed shows which of them a difference needs.
"""

from random import Random
from typing import Any

import xxhash

from tests.oracle.random_stream import DAY, HOUR, MINUTE, START, Call, cancellation, track
from tests.oracle.values import rfc3339

GROUPS = (
    "hold",
    "expiry",
    "idle",
    "floor",
    "spending",
    "updates",
    "windows",
    "metrics",
    "notices",
    "bonuses",
    "rewards",
    "tiers",
    "review",
)
REVIEWED = ("Points Review Released", "Points Review Rejected")
PRICES = {"a": "3.33", "b": "10", "c": "0.99", "d": "25.50"}
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"]
STEPS = [0, 1, MINUTE, HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 12 * DAY]
SPANS = [DAY, 2 * DAY, 3 * DAY, 5 * DAY, 7 * DAY, 10 * DAY, 15 * DAY, 20 * DAY, 30 * DAY]


class Programmes:
    """Draws topologies of one or two programmes. groups: which options may be asked for."""

    def __init__(self, random: Random, groups: tuple[str, ...]) -> None:
        self.random, self.groups = random, groups

    def _may(self, group: str, chance: float) -> bool:
        return self.random.random() < chance and group in self.groups

    def draw(self) -> dict[str, Any]:
        random = self.random
        topology: dict[str, Any] = {
            "shop": {"timezone": random.choice(ZONES), "currency": "EUR", "exchange_rates": {"USD": 0.92}},
            "segments": {},
            "loyalty": {"club": self.programme()},
        }
        if random.random() < 0.15:
            topology["loyalty"]["circle"] = self.programme()
        return topology

    def programme(self) -> dict[str, Any]:
        random = self.random
        entry: dict[str, Any] = {"earn": self.earn(), "tiers": self.tiers()}
        if self._may("hold", 0.5):
            entry["confirm_after"] = random.choice(["1d", "3d", "7d"])
        expire: dict[str, Any] = {}
        if self._may("expiry", 0.6):
            expire = {"after": random.choice(["10d", "15d", "P1M", "30d"])}
        elif self._may("idle", 0.5):
            expire = {"inactive": random.choice(["8d", "10d", "P1M"])}
        if expire:
            if random.random() < 0.4:
                expire["at"] = random.choice(["end_of_day", "end_of_month"])
            if random.random() < 0.6:
                expire["notices"] = random.choice([["1d"], ["5d", "2d"], ["7d", "3d", "1d"]])
            entry["expire"] = expire
        if self._may("rewards", 0.3):
            entry["rewards"] = {"mug": {"cost": 20, **random.choice([{}, {"limit": 1}])}}
            if len(entry["tiers"]["levels"]) > 1:
                entry["rewards"]["bag"] = {"cost": 50, "tier": entry["tiers"]["levels"][1]["name"]}
        if self._may("floor", 0.3):
            entry["refunds"] = "floor_zero"
        if self._may("review", 0.3):
            entry["review"] = signs(random)
        return entry

    def earn(self) -> list[dict[str, Any]]:
        random = self.random
        rules: list[dict[str, Any]] = [
            {
                "on": "Order Completed",
                "points": random.choice([1, 1, 1, 2, 0.5, 1.5]),
                "per": random.choice([1, 1, 2.5, "0.10"]),
            }
        ]
        if random.random() < 0.3:
            rules[0]["exclude"] = random.sample(["shipping", "tax", "gift_cards"], random.randint(1, 3))
        if self._may("bonuses", 0.6):
            rules.append({"on": "Product Reviewed", "points": random.choice([5, 20]), **self.limit()})
        if self._may("bonuses", 0.3):
            rules.append({"on": "Photo Added", "points": 7, "id": "photo", **self.limit()})
        return rules

    def limit(self) -> dict[str, Any]:
        limit = {"times": self.random.choice([1, 2]), "within": self.random.choice([None, "5d", "10d"])}
        limits = {"limit": {key: value for key, value in limit.items() if value is not None}}
        return limits if self.random.random() < 0.7 else {}

    def tiers(self) -> dict[str, Any]:
        random = self.random
        metrics = ["points_earned", "points_earned", "spend"]
        metrics += ["orders", "points_active"] if "metrics" in self.groups else []
        metric = random.choice(metrics)
        levels: list[dict[str, Any]] = [{"name": "bronze", "from": 0}]
        for name, start in (("silver", 30), ("gold", 80)):
            if random.random() < 0.8:
                start = {"silver": 2, "gold": 4}[name] if metric == "orders" else start
                level: dict[str, Any] = {"name": name, "from": start}
                if random.random() < 0.6:
                    level["keep"] = start - random.choice([1, 1, start // 3])
                if random.random() < 0.5:
                    level["multiplier"] = random.choice([1.25, 1.5, 2])
                levels.append(level)
        tiers: dict[str, Any] = {"metric": metric, "levels": levels}
        windows: list[Any] = ["lifetime", {"rolling": "10d"}, {"rolling": "30d"}]
        if "windows" in self.groups:
            windows += [{"calendar": unit} for unit in ("month", "quarter", "year")]
            windows.append({"anniversary": "joined"})
        tiers["window"] = "lifetime" if metric == "points_active" else random.choice(windows)
        if "windows" in self.groups and random.random() < 0.2:
            tiers["on_refund"] = "at_review"
        if random.random() < 0.6:
            tiers["term"] = random.choice(["5d", "15d", "P1M"])
        if random.random() < 0.5:
            tiers["grace"] = random.choice(["2d", "7d"])
        if random.random() < 0.4:
            tiers["downgrade"] = "to_qualified"
        if "term" in tiers and self._may("notices", 0.5):
            tiers["notices"] = random.choice([["3d", "1d"], ["2d"]])
        if self._may("tiers", 0.4):
            levels.insert(random.randint(1, len(levels)), {"name": "vip", "granted_by": "Membership Purchased"})
            if random.random() < 0.5:
                levels[-1].setdefault("granted_by", "Invited")
        if self._may("tiers", 0.3):
            tiers["on_refund"] = "at_review"
        return tiers


def signs(random: Random) -> dict[str, Any]:
    """What points are held for; at least one sign."""
    refunds = {"times": random.choice([1, 2]), **random.choice([{}, {"within": "5d"}, {"within": "15d"}])}
    found = {"points_per_day": random.choice([20, 40, 80]), "refunds": refunds}
    if random.random() < 0.6:
        del found[random.choice(list(found))]
    return found


def looked_at(random: Random, orders: list[str]) -> Call:
    """What is held, all of it or of one order, is released or rejected."""
    told: dict[str, Any] = {}
    if random.random() < 0.5:
        told["programme"] = random.choice(["club", "club", "circle"])
    if orders and random.random() < 0.4:
        told["lot"] = f"{xxhash.xxh3_64(random.choice(orders).encode()).intdigest():016x}"
    return track(random.choice(["Points Review Released", *REVIEWED]), told)


class Members:
    """Draws the calls of two shoppers. groups: what besides orders, refunds and cancellations may happen."""

    def __init__(self, random: Random, groups: tuple[str, ...]) -> None:
        self.random = random
        self.calls: list[Call] = []
        self.orders: list[Call] = []
        self.redemptions: list[Call] = []
        self.times = [START]
        self.draws: list[tuple[float, Any]] = [(8, self.ordered), (3, self.refunded), (1, self.cancelled)]
        self.draws.append((1, lambda: {"type": "page", "properties": {}}))
        if "spending" in groups:
            self.draws += [(3, self.redeemed), (1, self.unredeemed), (1, self.adjusted)]
        if "updates" in groups:
            self.draws.append((1, self.updated))
        if "bonuses" in groups:
            self.draws.append((3, self.reviewed))
        if "tiers" in groups and self.random.random() < 0.5:
            self.draws += [(1, self.locked), (1, self.unlocked), (1, self.granted), (1, self.invited)]
        if "review" in groups and self.random.random() < 0.4:
            self.draws.append((3, self.looked_at))
        self.years = "windows" in groups and self.random.random() < 0.25

    def draw(self, count: int) -> list[Call]:
        received = START
        for number in range(count):
            received = self._next(received)
            self.times.append(received)
            if self.calls and self.random.random() < 0.04:
                again = self.random.choice(self.calls[-10:])
                # Refused redemptions and words on what is held are remembered no longer than messages are.
                if again.get("event") not in ("Points Redeemed", *REVIEWED):
                    self.calls.append({**again, "receivedAt": rfc3339(received)})
                continue
            draw = self.random.choices([one for _, one in self.draws], [weight for weight, _ in self.draws])[0]
            call = {"userId": self.random.choice(["u1", "u1", "u1", "u2"]), **draw()}
            call |= {"messageId": f"m{number:04d}", "receivedAt": rfc3339(received)}
            call["timestamp"] = rfc3339(self._happened(received))
            self.calls.append(call)
            if call.get("event") == "Order Completed":
                self.orders.append(call)
            if call.get("event") == "Points Redeemed":
                self.redemptions.append(call)
        return self.calls

    def _next(self, received: int) -> int:
        """Mostly days after the last one; often exactly, or 1 ms beside, a span of the programme after an earlier."""
        if self.random.random() < 0.4:
            target = self.random.choice(self.times[-8:]) + self.random.choice(SPANS) + self.random.choice([-1, 0, 0, 1])
            if target >= received:
                return target
        if self.years and self.random.random() < 0.2:
            return received + self.random.choice([28, 31, 90, 365, 365, 366]) * DAY + self.random.choice([-1, 0, 1])
        return received + self.random.choice(STEPS)

    def _happened(self, received: int) -> int:
        """When it happened: nearly always then; else late by anything up to weeks."""
        chance = self.random.random()
        if chance < 0.85:
            return received
        if chance < 0.9:
            return min(received, self.random.choice(self.times[-6:]))
        return received - self.random.choice(SPANS)

    def _products(self) -> list[dict[str, Any]]:
        names = self.random.sample(list(PRICES), self.random.randint(1, 3))
        found = [{"product_id": name, "price": PRICES[name], "quantity": self.random.randint(1, 3)} for name in names]
        if self.random.random() < 0.1:
            found.append({"product_id": "card", "price": 10, "quantity": 1, "gift_card": True})
        return found

    def ordered(self) -> Call:
        """By lines, by a sum, or both; some in foreign money, some without any."""
        properties: dict[str, Any] = {"order_id": f"o{len(self.orders)}"}
        shape = self.random.random()
        if shape < 0.5:
            products = properties["products"] = self._products()
            if shape < 0.15:
                worth = sum(float(one["price"]) * one["quantity"] for one in products)
                properties |= {"total": round(worth + 6.5, 2), "shipping": 4.9, "tax": "1.60"}
        elif shape < 0.95:
            properties["total"] = self.random.choice([5, 12.5, "29.99", 30, 50, "80.00", 120])
            if shape < 0.58:
                properties["currency"] = self.random.choice(["USD", "SEK"])
            elif shape < 0.65:
                properties["points_discount"] = 3
        return track("Order Completed", properties)

    def _of_order(self) -> tuple[Call | None, str]:
        order = self.random.choice(self.orders[-6:]) if self.orders and self.random.random() < 0.9 else None
        return order, order["properties"]["order_id"] if order else f"o{len(self.orders)}"

    def refunded(self) -> Call:
        """An order is refunded in one way, by lines or by sums: mixing them the pages leave open."""
        order, order_id = self._of_order()
        properties: dict[str, Any] = {"order_id": order_id, "refund_id": self.random.choice([None, "r1", "r2", "r3"])}
        shape = self.random.random()
        if order and "currency" not in order["properties"]:
            if "products" not in order["properties"] and shape < 0.75:
                properties["total"] = self.random.choice([1, 5, "12.50", "29.98", 100])
            elif "products" in order["properties"] and shape < 0.75:
                line = dict(self.random.choice(order["properties"]["products"]))
                properties["products"] = [{**line, "quantity": self.random.choice([1, 1, 2])}]
        call = track("Order Refunded", properties)
        return {**call, "userId": order["userId"]} if order else call

    def cancelled(self) -> Call:
        return cancellation(*self._of_order())

    def updated(self) -> Call:
        """Of an order that stated a sum in the shop's money: another sum."""
        plain = [one for one in self.orders[-6:] if not {"products", "currency"} & set(one["properties"])]
        if not plain:
            return self.ordered()
        order = self.random.choice(plain)
        total = self.random.choice([1, 5, 20, "33.33", 90])
        call = track("Order Updated", {"order_id": order["properties"]["order_id"], "total": total})
        return {**call, "userId": order["userId"]}

    def redeemed(self) -> Call:
        """Now and then of another shopper's or an earlier redemption's id, of no points, or of too many."""
        points = self.random.choice([1, 5, 10, 10, 20, 20, 30, 50, 5_000, 0, -5, "7", 1.5, None])
        number = max(0, len(self.redemptions) - self.random.choice([0, 0, 0, 0, 1]))
        reward = self.random.choice([None, None, None, "mug", "bag", "hat"])
        told = {"programme": "club", "points": points, "reward": reward, "redemption_id": f"x{number}"}
        return track("Points Redeemed", told)

    def unredeemed(self) -> Call:
        if not self.redemptions:
            return track("Redemption Cancelled", {"redemption_id": "x99"})
        one = self.random.choice(self.redemptions[-4:])
        call = track("Redemption Cancelled", {"redemption_id": one["properties"]["redemption_id"]})
        return {**call, "userId": one["userId"]}

    def adjusted(self) -> Call:
        points = self.random.choice([1, 10, 25, -1, -10, -60])
        return track("Points Adjusted", {"programme": "club", "points": points, "reason": "goodwill"})

    def reviewed(self) -> Call:
        return track(self.random.choice(["Product Reviewed", "Product Reviewed", "Photo Added"]), {})

    def looked_at(self) -> Call:
        return looked_at(self.random, [order["properties"]["order_id"] for order in self.orders])

    def _until(self) -> dict[str, Any]:
        """Mostly days ahead, at times exactly as far as other spans; at times passed, or nonsense."""
        ahead = self.random.choice([None, None, *SPANS, 365 * DAY, -DAY])
        if self.random.random() < 0.05:
            return {"until": "soon"}
        return {} if ahead is None else {"until": rfc3339(self.times[-1] + ahead)}

    def _tier(self) -> dict[str, Any]:
        programme = {"programme": self.random.choice(["club", "club", "circle"])} if self.random.random() < 0.5 else {}
        return {**programme, "tier": self.random.choice(["bronze", "silver", "gold", "gold", "vip", "none"])}

    def locked(self) -> Call:
        return track("Tier Locked", {**self._tier(), **self._until()})

    def unlocked(self) -> Call:
        return track("Tier Unlocked", {"programme": self.random.choice(["club", None])})

    def granted(self) -> Call:
        return track("Tier Granted", {**self._tier(), **self._until()})

    def invited(self) -> Call:
        return track(self.random.choice(["Membership Purchased", "Invited"]), self._until())
