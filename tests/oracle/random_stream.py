"""Event streams drawn at random: few shoppers and products, times on the edges of windows, late, repeated, refunded."""

from random import Random
from typing import Any

from tests.oracle.values import UNITS, rfc3339

START = 1_767_571_200_000  # 2026-01-05T00:00:00Z
MINUTE, HOUR, DAY = UNITS["m"], UNITS["h"], UNITS["d"]
STEPS = [0, 0, 1, 1_000, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, DAY]
DELAYS = [
    1,
    MINUTE,
    DAY + 1,
    2 * DAY + 1,
    7 * DAY + 1,
    6 * HOUR + 1,
    10 * MINUTE,
    HOUR,
    4 * HOUR,
    6 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    7 * DAY,
    8 * DAY,
]
PRICES = {"p1": 5, "p2": 12.5, "p3": "20.00", "p4/red": 9.99, "p4/blue": 10}
CATEGORIES = {"p1": "Shoes", "p2": "Hats", "p3": "Shorts", "p4/red": None, "p4/blue": "Socks"}
# Values that look alike, and are the same or not: readings.md, 10 and 11.
ODD = [True, False, 1, 1.0, "1", "1.0", 0, -2.5, "", "true", "é", [True, 1], [], {"a": 1}]
Call = dict[str, Any]


def track(event: str, properties: dict[str, Any]) -> Call:
    return {"type": "track", "event": event, "properties": {k: v for k, v in properties.items() if v is not None}}


def cancellation(order: Call | None, order_id: str) -> Call:
    """By the shopper whose order it is, if it is anyone's."""
    call = track("Order Cancelled", {"order_id": order_id})
    return {**call, "userId": order["userId"]} if order else call


class Stream:
    """Draws the calls of one file. carts, checkouts: the ids in use, None = the shop sends none."""

    def __init__(self, random: Random, several_carts: bool = True) -> None:
        self.random = random
        self.calls: list[Call] = []
        self.times: list[int] = [START]
        self.carts = ["c1", "c2"] if several_carts and random.random() < 0.4 else [None]
        self.checkouts = ["k1", "k2"] if random.random() < 0.4 else [None]
        self.orders: list[Call] = []
        self.draws = [
            (8, self.viewed),
            (6, self.added),
            (2, self.removed),
            (2, self.cart_viewed),
            (2, self.checkout),
            (1, self.checkout_step),
            (1.5, self.payment_failed),
            (2, self.leaving),
            (1.5, self.wished),
            (4, self.ordered),
            (2, self.refunded),
            (0.6, self.cancelled),
            (3, self.other),
            (3, self.identified),
            (0.5, self.broken),
        ]

    def draw(self, count: int) -> list[Call]:
        received = START
        for number in range(count):
            received = self._next(received)
            self.times.append(received)
            if self.calls and self.random.random() < 0.06:
                self._repeat(received)
                continue
            call = self.random.choices([draw for _, draw in self.draws], [weight for weight, _ in self.draws])[0]()
            if "userId" not in call:
                call |= self.random.choice([{"userId": "u1"}, {"userId": "u1"}, {"userId": None, "anonymousId": "a2"}])
            call["messageId"] = f"m{number:04d}"
            call["receivedAt"] = rfc3339(received)
            call["timestamp"] = rfc3339(self._happened(received))
            self.calls.append(call)
            if call.get("event") == "Order Completed":
                self.orders.append(call)
        self.calls.append({"type": "page", "userId": "u1", "messageId": "end", "timestamp": rfc3339(received)})
        return self.calls

    def _next(self, received: int) -> int:
        """Mostly near the last one; often exactly, or 1 ms beside, a span after an earlier instant."""
        if self.random.random() < 0.4:
            target = (
                self.random.choice(self.times[-8:]) + self.random.choice(STEPS) + self.random.choice([-1, 0, 0, 0, 1])
            )
            if target >= received:
                return target
        return received + self.random.choice(STEPS[:9])

    def _happened(self, received: int) -> int:
        chance = self.random.random()
        if chance < 0.7:
            return received
        if chance < 0.74:
            return received + HOUR
        if chance < 0.84:
            return min(received, self.random.choice(self.times[-10:]))
        return received - self.random.choice(DELAYS)

    def _repeat(self, received: int) -> None:
        again = dict(self.random.choice(self.calls[-15:]))
        again["receivedAt"] = rfc3339(received)
        if self.random.random() < 0.2:
            again["context"] = {"retry": True}
        self.calls.append(again)

    def _product(self) -> dict[str, Any]:
        name = self.random.choice(list(PRICES))
        return {**self._named(name), "category": CATEGORIES[name]}

    def _named(self, name: str) -> dict[str, Any]:
        product, _, variant = name.partition("/")
        named = {"product_id": product, "price": PRICES[name]}
        return {**named, "variant": variant} if variant else named

    def _products(self) -> list[dict[str, Any]]:
        names = self.random.sample(list(PRICES), self.random.randint(1, 2))
        return [{**self._named(name), "quantity": self.random.choice([1, 2, "2", 3])} for name in names]

    def viewed(self) -> Call:
        extra = {
            "tags": self.random.choice([None, ["sale", "new"], "sale-item"]),
            "odd": self.random.choice([None, self.random.choice(ODD)]),
            "seen": self.random.choice([None, None, rfc3339(START + self.random.choice([0, 4, 8, 24, 48]) * HOUR)]),
        }
        return track("Product Viewed", {**self._product(), **extra})

    def added(self) -> Call:
        quantity = self.random.choice([None, 1, 2, "2", 3])
        return track(
            "Product Added", {**self._product(), "quantity": quantity, "cart_id": self.random.choice(self.carts)}
        )

    def removed(self) -> Call:
        quantity = self.random.choice([None, 1, 5])
        return track(
            "Product Removed", {**self._product(), "quantity": quantity, "cart_id": self.random.choice(self.carts)}
        )

    def cart_viewed(self) -> Call:
        products = self._products() if self.random.random() < 0.8 else []
        return track("Cart Viewed", {"products": products, "cart_id": self.random.choice(self.carts)})

    def checkout(self) -> Call:
        products = self._products() if self.random.random() < 0.6 else None
        ids = {"checkout_id": self.random.choice(self.checkouts), "cart_id": self.random.choice(self.carts)}
        return track("Checkout Started", {"products": products, **ids})

    def checkout_step(self) -> Call:
        event = self.random.choice(["Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"])
        return track(
            event,
            {"checkout_id": self.random.choice(self.checkouts), "step": self.random.choice([1, "shipping", None])},
        )

    def payment_failed(self) -> Call:
        reason = self.random.choice([{"reason": "card_declined"}, {"error_code": 51}, {}])
        return track("Payment Failed", {"checkout_id": self.random.choice(self.checkouts), **reason})

    def leaving(self) -> Call:
        return track("Exit Intent Detected", {"cart_id": self.random.choice(self.carts)})

    def wished(self) -> Call:
        name = self.random.choice(
            ["Product Added to Wishlist"] * 3 + ["Product Removed from Wishlist", "Wishlist Product Added to Cart"]
        )
        return track(name, self._product())

    def ordered(self) -> Call:
        again = self.orders and self.random.random() < 0.1
        if again:
            earlier = self.random.choice(self.orders)
            return {**track("Order Completed", dict(earlier["properties"])), "userId": earlier["userId"]}
        shape = self.random.random()
        products = self._products()
        properties: dict[str, Any] = {"order_id": f"o{len(self.orders)}", "products": products}
        if self.random.random() < 0.3:
            properties["cart_id"] = self.random.choice(self.carts)
        if shape < 0.4:
            worth = sum(float(one["price"]) * int(one["quantity"]) for one in products)
            properties |= {"total": round(worth + 6.5, 2), "shipping": 4.9, "tax": "1.60"}
        elif shape < 0.5:
            properties |= {"revenue": "37.50", "currency": "USD"}
        elif shape < 0.55:
            properties |= {"revenue": 30, "currency": "SEK"}
        return track("Order Completed", properties)

    def _of_order(self) -> tuple[Call | None, str]:
        order = self.random.choice(self.orders) if self.orders and self.random.random() < 0.8 else None
        return order, order["properties"]["order_id"] if order else f"o{len(self.orders)}"

    def refunded(self) -> Call:
        order, order_id = self._of_order()
        properties: dict[str, Any] = {"order_id": order_id, "refund_id": self.random.choice([None, "r1", "r2", "r3"])}
        shape = self.random.random()
        if order and order["properties"].get("currency") != "USD" and order["properties"].get("currency") != "SEK":
            # One way to refund an order each, by the order's number: mixing them is left open by the pages.
            if int(order_id[1:]) % 2 and shape < 0.7:
                properties["total"] = self.random.choice([1, 5, "12.50", 100])
            elif shape < 0.7:
                line = dict(self.random.choice(order["properties"]["products"]))
                properties["products"] = [{**line, "quantity": 1}]
                properties["total"] = self.random.choice([None, None, 3, "12.50"])
        call = track("Order Refunded", properties)
        return {**call, "userId": order["userId"]} if order else call

    def cancelled(self) -> Call:
        return cancellation(*self._of_order())

    def other(self) -> Call:
        if self.random.random() < 0.5:
            kind, path = self.random.choice(["page", "page", "screen"]), self.random.choice(["/", "/p/31"])
            return {"type": kind, "name": "Home", "properties": {"path": path}}
        return track(
            "Searched", {"query": "mug", "quantity": self.random.choice(["2", 2, None]), "odd": self.random.choice(ODD)}
        )

    def identified(self) -> Call:
        traits: dict[str, Any] = self.random.choice(
            [
                {"plan": self.random.choice(["pro", "basic", None])},
                {"age": self.random.choice([18, "30", 31.5, "old"])},
                {"address": {"country": self.random.choice(["DE", "FR", "AT"])}},
                {"odd": self.random.choice(ODD)},
                {"labels": self.random.choice([["vip", "new"], "vip", [], ["vips"], None])},
                {"joined_at": rfc3339(START + self.random.choice([-24, 0, 4, 6, 24]) * HOUR)},
            ]
        )
        return {"type": "identify", "traits": traits}

    def broken(self) -> Call:
        return self.random.choice(
            [
                track("Product Added", {"product_id": "p1", "price": -1}),
                track("Product Added", {"product_id": "p1", "price": 1, "quantity": "1.5"}),
                track("Order Completed", {"order_id": "o999", "products": [{"product_id": "p1", "price": "free"}]}),
                {"type": "track", "properties": {}},
                {"type": "tracked", "event": "Product Viewed", "properties": {}},
            ]
        )
