"""Points that an order earns, and what refunds take back of them (readings.md, 40 and 41)."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.oracle.history import Record
from tests.oracle.operators import passes
from tests.oracle.orders import Order, pieces, product_key, products_of
from tests.oracle.values import Shop, number

# docs/rules.md, `points_limit`.
MOST = 10**12


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


def lines_of(record: Record, rule: dict[str, Any]) -> list[Fraction]:
    """What each product costs, in the order's currency; gift cards nothing, if the rule leaves them out."""
    cards = "gift_cards" in rule.get("exclude", [])
    return [
        Fraction(0) if cards and one.get("gift_card") is True else Fraction(number(one.get("price")) or 0) * pieces(one)
        for one in products_of(record)
    ]


class Worth:
    """What an order earns by all rates that are in force, as fractions of points; and by which products.

    record: the event that stated its price last.
    """

    def __init__(self, order: Order, record: Record, rules: list[dict[str, Any]], shop: Shop) -> None:
        self.order, self.record, self.shop = order, record, shop
        self.products = products_of(record)
        self.taken: set[int] = set()
        self.points = Fraction(0)
        self.weights = [Fraction(0) for _ in self.products]
        self.whole = 0
        for rule in rules:
            rate = Fraction(str(rule["points"])) / (Fraction(str(rule["per"])) * shop.scale)
            costs = lines_of(record, rule)
            mine = {index for index in range(len(costs)) if self._is_of(rule, index)}
            self.points += rate * (self._amount(rule, costs, mine) if order.priced else 0)
            for index in mine:
                self.weights[index] += rate * costs[index]
            if "lines" not in rule:
                self.whole = max(self.whole, eligible(order, record, rule, shop))
            if rule.get("exclusive"):
                self.taken |= mine
                if "lines" not in rule:
                    break

    def _is_of(self, rule: dict[str, Any], index: int) -> bool:
        return index not in self.taken and passes(self.products[index], rule.get("lines") or {}, self.order.time)

    def _paid(self, rule: dict[str, Any], costs: list[Fraction]) -> int:
        """What was paid for products: a discount lies on all, shipping and tax on none."""
        bare = {"exclude": {*rule.get("exclude", []), "shipping", "tax"}}
        cost = self.shop.minor(str(float(sum(costs))), self.record.properties.get("currency")) or 0
        return min(eligible(self.order, self.record, bare, self.shop), cost)

    def _amount(self, rule: dict[str, Any], costs: list[Fraction], mine: set[int]) -> Fraction:
        total = sum(costs)
        if "lines" in rule:
            return self._paid(rule, costs) * sum(costs[index] for index in mine) / total if total else Fraction(0)
        whole = Fraction(eligible(self.order, self.record, rule, self.shop))
        if not self.taken or not total:
            return whole if not self.taken else Fraction(0)
        return max(Fraction(0), whole - self._paid(rule, costs) * sum(costs[index] for index in self.taken) / total)

    @property
    def eligible(self) -> int:
        costs = lines_of(self.record, {})
        if self.whole or not sum(costs):
            return self.whole
        earning = sum(cost for cost, weight in zip(costs, self.weights, strict=True) if weight)
        return ceil(self._paid({}, costs) * earning / sum(costs))


def share(points: int, weights: list[Fraction]) -> list[int]:
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
    """What one order earns, as `record` states its price. lines: product -> (quantity, points), for refunds by them."""

    def __init__(
        self, order: Order, record: Record, rules: list[dict[str, Any]], multiplier: Fraction, shop: Shop
    ) -> None:
        self.multiplier = multiplier
        worth = Worth(order, record, rules, shop)
        self.points = min(MOST, floor(multiplier * worth.points))
        self.eligible = worth.eligible
        self.lines: dict[Any, tuple[int, int]] = {}
        products = products_of(record)
        for product, part in zip(products, share(self.points, worth.weights), strict=True):
            had = self.lines.get(product_key(product), (0, 0))
            self.lines[product_key(product)] = (had[0] + pieces(product), had[1] + part)

    def reversed(self, order: Order, money: int) -> int:
        """All that cancellation and refunds so far take, computed anew: the floor of the cumulative part.

        money: what refunds without lines gave back in all.
        """
        if order.cancelled:
            return self.points
        returned: dict[Any, int] = {}
        for refund in order.refunds:
            for one in products_of(refund):
                key = product_key(one)
                returned[key] = returned.get(key, 0) + pieces(one)
        by_line = 0
        for key, (quantity, points) in self.lines.items():
            if quantity:
                by_line += floor(Fraction(points * min(returned.get(key, 0), quantity), quantity))
        by_money = floor(Fraction(self.points * min(money, self.eligible), self.eligible)) if self.eligible else 0
        return min(self.points, by_line + by_money)


def given_back(refund: Record, left: int, shop: Shop) -> int:
    """Money of a refund that names no lines: what it says, else all that is `left` of the order."""
    if products_of(refund):
        return 0
    for name in ("total", "revenue", "value"):
        if number(refund.properties.get(name)) is not None:
            return min(left, shop.minor(refund.properties[name], refund.properties.get("currency")) or 0)
    return left
