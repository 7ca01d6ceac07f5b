"""Points that an order earns, and what refunds take back of them (readings.md, 40 and 41)."""

from fractions import Fraction
from math import floor
from typing import Any

from tests.oracle.history import Record
from tests.oracle.orders import Order, pieces, product_key, products_of
from tests.oracle.values import Shop, number


def eligible(order: Order, rule: dict[str, Any], shop: Shop) -> int:
    """The part of an order that earns, minor units: without what the rule excludes and what points have paid."""
    assert order.completed is not None
    properties = order.completed.properties
    currency = properties.get("currency")
    left = order.value
    for name in rule.get("exclude", []):
        if name == "gift_cards":
            cards = [one for one in products_of(order.completed) if one.get("gift_card") is True]
            left -= sum(shop.minor(one.get("price"), currency, pieces(one)) or 0 for one in cards)
        else:
            left -= shop.minor(properties.get(name), currency) or 0
    left -= shop.minor(properties.get("points_discount"), currency) or 0
    return max(left, 0)


def earned(order: Order, rule: dict[str, Any], multiplier: Fraction, shop: Shop) -> int:
    if not order.priced:
        return 0
    per = Fraction(str(rule.get("per", 1))) * shop.scale
    return floor(Fraction(str(rule["points"])) * multiplier * eligible(order, rule, shop) / per)


def share(points: int, weights: list[int]) -> list[int]:
    """`points` split by weight, largest remainder first, ties to the first line."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    exact = [Fraction(points * weight, total) for weight in weights]
    parts = [floor(one) for one in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: points - sum(parts)]:
        parts[i] += 1
    return parts


class Lot:
    """Points of one order. lines: product -> (quantity, points), for refunds that name products."""

    def __init__(self, order: Order, rule: dict[str, Any], multiplier: Fraction, shop: Shop) -> None:
        assert order.completed is not None
        self.time = order.time
        self.points = earned(order, rule, multiplier, shop)
        self.eligible = eligible(order, rule, shop)
        products = products_of(order.completed)
        currency = order.completed.properties.get("currency")
        excluded = "gift_cards" in rule.get("exclude", [])
        weights = [
            0 if excluded and one.get("gift_card") is True else shop.minor(one.get("price"), currency, pieces(one)) or 0
            for one in products
        ]
        self.lines: dict[Any, tuple[int, int]] = {}
        for product, part in zip(products, share(self.points, weights), strict=True):
            had = self.lines.get(product_key(product), (0, 0))
            self.lines[product_key(product)] = (had[0] + pieces(product), had[1] + part)

    def reversed(self, order: Order, shop: Shop) -> int:
        """All that cancellation and refunds so far take of the lot, computed anew: the floor of the cumulative part."""
        if order.cancelled:
            return self.points
        returned: dict[Any, int] = {}
        money = 0
        for refund in order.refunds:
            lines = products_of(refund)
            if lines:
                for one in lines:
                    key = product_key(one)
                    returned[key] = returned.get(key, 0) + pieces(one)
            else:
                stated = _money(refund, shop)
                money = self.eligible if stated is None else min(self.eligible, money + stated)
        by_line = 0
        for key, (quantity, points) in self.lines.items():
            if quantity:
                by_line += floor(Fraction(points * min(returned.get(key, 0), quantity), quantity))
        by_money = floor(Fraction(self.points * money, self.eligible)) if self.eligible else 0
        return min(self.points, by_line + by_money)


def _money(refund: Record, shop: Shop) -> int | None:
    for name in ("total", "revenue", "value"):
        if number(refund.properties.get(name)) is not None:
            return shop.minor(refund.properties[name], refund.properties.get("currency"))
    return None
