"""Points that an order earns, and what refunds take back of them (readings.md, 40 and 41)."""

from fractions import Fraction
from math import floor
from typing import Any

from tests.oracle.history import Record
from tests.oracle.orders import Order, pieces, product_key, products_of
from tests.oracle.values import Shop, number


def eligible(order: Order, record: Record, rule: dict[str, Any], shop: Shop) -> int:
    """The part of an order, as `record` states it, that earns: minor units without what the rule excludes and what
    points have paid."""
    properties = record.properties
    currency = properties.get("currency")
    left = order.value
    for name in rule.get("exclude", []):
        if name == "gift_cards":
            cards = [one for one in products_of(record) if one.get("gift_card") is True]
            left -= sum(shop.minor(one.get("price"), currency, pieces(one)) or 0 for one in cards)
        else:
            left -= shop.minor(properties.get(name), currency) or 0
    left -= shop.minor(properties.get("points_discount"), currency) or 0
    return max(left, 0)


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


class Earned:
    """What one order earns. lines: product -> (quantity, points), for refunds that name products.

    record: the event that stated its price last.
    """

    def __init__(
        self, order: Order, record: Record | None, rules: list[dict[str, Any]], multiplier: Fraction, shop: Shop
    ) -> None:
        assert record is not None
        self.multiplier = multiplier
        exact = Fraction(0)
        self.eligible = 0
        for rule in rules:
            part = eligible(order, record, rule, shop)
            self.eligible = max(self.eligible, part)
            exact += Fraction(str(rule["points"])) * part / (Fraction(str(rule.get("per", 1))) * shop.scale)
        self.points = floor(exact * multiplier) if order.priced else 0
        products = products_of(record)
        currency = record.properties.get("currency")
        excluded = all("gift_cards" in rule.get("exclude", []) for rule in rules)
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
