"""What an order is worth in points, by the rates of a programme (readings.md, 40; semantics.md, part 6)."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import msgspec

from pipeline.domain.commerce.pricing import GIFT_CARDS, SHIPPING, TAX, Pricing, is_gift_card, line_amount, products_of
from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.evidence import Parts
from pipeline.domain.loyalty.lot import bounded
from pipeline.domain.loyalty_definition import EarnRule
from pipeline.domain.value.number import MICRO
from pipeline.domain.value.operator import compile_filters
from pipeline.domain.value.share import shares

_Passes = Callable[[dict[str, Any], int], bool]
_Amount = tuple[int, int]
"""A fraction of minor units."""


class Worth(msgspec.Struct, frozen=True):
    """points: whole. eligible: the amount that earned, minor units of the shop's currency, rounded up. weights: how the
    points are shared among the order's products; empty: by what each of them costs. parts: (rule, points)."""

    points: int
    eligible: int
    weights: list[int] = []
    parts: Parts = []


class _Rate:
    """A rule, compiled."""

    __slots__ = ("exclude", "exclusive", "lines", "per", "points", "rule", "where")

    def __init__(self, rule: EarnRule) -> None:
        self.rule = rule
        self.points, self.per, self.exclusive = rule.points, rule.per, rule.exclusive
        self.exclude = frozenset(rule.exclude)
        self.where: _Passes | None = compile_filters(rule.where)
        self.lines: _Passes | None = compile_filters(rule.lines)

    def is_in_force(self, properties: dict[str, Any], at: int, first: bool) -> bool:
        rule = self.rule
        if at < rule.start or (rule.end and at >= rule.end) or (rule.first and not first):
            return False
        return self.where is None or self.where(properties, at)


class Rates:
    """All rates of a programme, in order of (priority from the highest, id)."""

    __slots__ = ("_by_lines", "_evidence", "_pricing", "_rates")

    def __init__(self, rules: Sequence[EarnRule], pricing: Pricing, *, evidence: bool = False) -> None:
        """evidence: tell `Worth.parts`."""
        self._evidence = evidence
        self._pricing = pricing
        self._rates = [_Rate(rule) for rule in sorted(rules, key=lambda rule: (-rule.priority, rule.id))]
        self._by_lines = any(rate.lines is not None or rate.exclusive for rate in self._rates)

    def worth(
        self, properties: dict[str, Any], value: int, at: int, multiplier: int, first: bool, moment: Moment
    ) -> Worth:
        """Of an order of `value` (minor units) and event time `at`: rounded down once, over all rates together.

        multiplier: of the tier, millionths. first: it is the shopper's first order. Remark: `points_limit`.
        """
        rates = [rate for rate in self._rates if rate.is_in_force(properties, at, first)]
        if self._by_lines:
            taken, eligible, weights = _Shares(self._pricing, properties, value, at).of(rates)
        else:
            taken, eligible, weights = [], 0, []
            for rate in rates:
                amount = self._pricing.eligible(properties, rate.exclude, value)
                taken.append((amount, 1))
                eligible = max(eligible, amount)
        numerator, denominator = 0, 1
        for rate, (amount, of) in zip(rates, taken, strict=False):
            numerator = numerator * rate.per * of + rate.points * amount * denominator
            denominator *= rate.per * of
        points = bounded(numerator * multiplier // (denominator * MICRO * MICRO), moment)
        return Worth(points, eligible, weights, self._parts(points, rates, taken))

    def _parts(self, points: int, rates: list[_Rate], taken: list[_Amount]) -> Parts:
        """The points by rule: largest remainder, ties to the first."""
        if not self._evidence or not points:
            return []
        common = prod(rate.per * of for rate, (_, of) in zip(rates, taken, strict=False))
        weights = [
            rate.points * amount * (common // (rate.per * of)) for rate, (amount, of) in zip(rates, taken, strict=False)
        ]
        names = [rate.rule.id or rate.rule.on for rate in rates]
        return list(zip(names, shares(points, weights), strict=False))


class _Shares:
    """One order, of which each rate takes its part.

    A product's part is what it costs of all products, of the order without shipping, tax and what points paid: so a
    discount on the whole order lies on all of its products alike.
    """

    def __init__(self, pricing: Pricing, properties: dict[str, Any], value: int, at: int) -> None:
        self._pricing, self._properties, self._value, self._at = pricing, properties, value, at
        self._products = products_of(properties)
        self._left = [True] * len(self._products)
        self._all_left = True

    def of(self, rates: list[_Rate]) -> tuple[list[_Amount], int, list[int]]:
        """What each rate takes, up to one that leaves nothing; the eligible amount, and the weights."""
        found: list[_Amount] = []
        whole = 0
        common, earning = 1, [False] * len(self._products)
        for rate in rates:
            common *= rate.per
        weights = [0] * len(self._products)
        for rate in rates:
            if not self._all_left:
                break
            found.append(self._part(rate))
            if rate.lines is None:
                whole = max(whole, self._pricing.eligible(self._properties, rate.exclude, self._value))
            for index, amount in enumerate(self._amounts(rate)):
                weights[index] += rate.points * (common // rate.per) * amount
                earning[index] |= amount > 0
            if rate.exclusive:
                self._take(rate)
        return found, whole or self._amount_of(earning), weights if any(weights) else []

    def _part(self, rate: _Rate) -> _Amount:
        """What the rate takes."""
        if rate.lines is None and all(self._left):
            return self._pricing.eligible(self._properties, rate.exclude, self._value), 1
        amounts = self._amounts(rate)
        paid, of = self._paid(rate.exclude), sum(self._lines(rate.exclude))
        if not of:
            return 0, 1
        if rate.lines is None:
            # What remains to a rate of whole orders: all but the products that are taken.
            taken = of - sum(amounts)
            whole = self._pricing.eligible(self._properties, rate.exclude, self._value)
            return max(0, whole * of - paid * taken), of
        return paid * sum(amounts), of

    def _paid(self, exclude: frozenset[str]) -> int:
        """What was paid for the products, minor units: never more than they cost."""
        eligible = self._pricing.eligible(self._properties, exclude | {SHIPPING, TAX}, self._value)
        cost = self._pricing.converted(sum(self._lines(exclude)), self._properties)
        return min(eligible, cost)

    def _lines(self, exclude: frozenset[str]) -> list[int]:
        """What each product costs, millionths of the order's currency; 0 of excluded gift cards."""
        cards = GIFT_CARDS in exclude
        return [0 if cards and is_gift_card(product) else line_amount(product) for product in self._products]

    def _amounts(self, rate: _Rate) -> list[int]:
        """As `_lines`, of the products that the rate takes."""
        amounts = self._lines(rate.exclude)
        for index, product in enumerate(self._products):
            if not self._left[index] or (rate.lines is not None and not rate.lines(product, self._at)):
                amounts[index] = 0
        return amounts

    def _take(self, rate: _Rate) -> None:
        if rate.lines is None:
            self._all_left = False
        for index, product in enumerate(self._products):
            if rate.lines is not None and rate.lines(product, self._at):
                self._left[index] = False

    def _amount_of(self, earning: list[bool]) -> int:
        """What those products cost of what was paid, rounded up."""
        costs = self._lines(frozenset())
        total, part = sum(costs), sum(cost for cost, earns in zip(costs, earning, strict=True) if earns)
        return -(-self._paid(frozenset()) * part // total) if total else 0
