"""What an order is worth by several rates: lines, campaigns, priorities."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.commerce.pricing import Pricing
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Filter, Test
from pipeline.domain.loyalty.rates import Rates, Worth
from pipeline.domain.loyalty_definition import EarnRule
from pipeline.domain.value.money import Exchange

MICRO = 1_000_000
SHOES = (Filter(("category",), (Test("is", "Shoes"),)),)
ACME = (Filter(("brand",), (Test("is", "Acme"),)),)
PRICING = Pricing(Exchange("EUR", {"USD": 500_000}))

MOMENT = Moment("t", "kim", 0, "event", "m", [], [])


def rate(points: int = 1, **more: Any) -> EarnRule:
    return EarnRule("Order Completed", points * MICRO, 100, **more)


def worth(
    properties: dict[str, Any], *rules: EarnRule, at: int = 0, multiplier: int = MICRO, first: bool = False
) -> Worth:
    moment = Moment("t", "kim", at, "event", "m", [], [])
    value = PRICING.amount(properties) or 0
    return Rates(rules, PRICING).worth(properties, value, at, multiplier, first, moment)


def order(*prices: tuple[str, float], **more: Any) -> dict[str, Any]:
    products = [{"product_id": str(n), "category": category, "price": price} for n, (category, price) in
                enumerate(prices)]  # fmt: skip
    return {"products": products, **more}


SHOES_AND_SHIRT = order(("Shoes", 60), ("Shirts", 40))


@pytest.mark.parametrize(
    ("rules", "properties", "points"),
    [
        ([rate(lines=SHOES)], SHOES_AND_SHIRT, 60),
        ([rate(), rate(2, lines=SHOES)], SHOES_AND_SHIRT, 220),
        # Instead of the base rate, not beside it.
        ([rate(), rate(3, lines=SHOES, exclusive=True, id="shoes", priority=1)], SHOES_AND_SHIRT, 220),
        # The base rate comes first: nothing is taken from it.
        ([rate(priority=2), rate(3, lines=SHOES, exclusive=True, id="shoes", priority=1)], SHOES_AND_SHIRT, 280),
        # Of two that want the same, the one of higher priority, else the one whose id comes first.
        (
            [rate(5, lines=SHOES, exclusive=True, id="a"), rate(3, lines=SHOES, exclusive=True, id="b", priority=1)],
            SHOES_AND_SHIRT,
            180,
        ),
        (
            [rate(3, lines=SHOES, exclusive=True, id="b"), rate(5, lines=SHOES, exclusive=True, id="a")],
            SHOES_AND_SHIRT,
            300,
        ),
        # All of the order is taken.
        ([rate(3, exclusive=True, id="x3", priority=1), rate()], SHOES_AND_SHIRT, 300),
        # A discount lies on all products alike; shipping and tax on none.
        ([rate(lines=SHOES)], {**SHOES_AND_SHIRT, "total": 90}, 54),
        ([rate(lines=SHOES)], {**SHOES_AND_SHIRT, "total": 110, "shipping": 4, "tax": 6}, 60),
        ([rate(lines=SHOES)], {**SHOES_AND_SHIRT, "total": 100, "points_discount": 10}, 54),
        ([rate(exclude=("gift_cards",), lines=SHOES)],
         {"products": [{"category": "Shoes", "price": 60, "gift_card": True}, {"category": "Shoes", "price": 7}]}, 7),
        ([rate(lines=SHOES)], {**SHOES_AND_SHIRT, "currency": "USD"}, 30),
        ([rate(lines=ACME)], SHOES_AND_SHIRT, 0),
        ([rate(lines=SHOES)], {"total": 100}, 0),
        ([rate(), rate(3, lines=SHOES, exclusive=True, id="shoes", priority=1)], {"total": 100}, 100),
    ],
)  # fmt: skip
def test_points_of_an_order(rules: list[EarnRule], properties: dict[str, Any], points: int) -> None:
    assert worth(properties, *rules).points == points


@pytest.mark.parametrize(("at", "points"), [(99, 100), (100, 300), (199, 300), (200, 100)])
def test_a_campaign_goes_from_its_first_instant_to_its_last(at: int, points: int) -> None:
    assert worth({"total": 100}, rate(), rate(2, start=100, end=200), at=at).points == points


def test_the_first_order_earns_more() -> None:
    rules = (rate(), rate(1, first=True))
    assert worth({"total": 100}, *rules, first=True).points == 200
    assert worth({"total": 100}, *rules).points == 100


def test_orders_by_what_they_say() -> None:
    rule = rate(where=(Filter(("coupon",), (Test("exists", False),)),))
    assert worth({"total": 100}, rule).points == 100
    assert worth({"total": 100, "coupon": "X"}, rule).points == 0


def test_lines_share_the_points_as_they_earned_them() -> None:
    found = worth(SHOES_AND_SHIRT, rate(), rate(3, lines=SHOES, exclusive=True, id="shoes", priority=1))
    assert Fraction(found.weights[0], sum(found.weights)) == Fraction(180, 220)
    assert found.eligible == 10_000


def test_the_amount_that_earned_is_that_of_the_products() -> None:
    assert worth({**SHOES_AND_SHIRT, "total": 90}, rate(lines=SHOES)).eligible == 5_400


CENTS = st.integers(1, 10_000)


@given(
    st.lists(st.tuples(st.sampled_from(("Shoes", "Shirts")), CENTS), min_size=1, max_size=6),
    st.integers(0, 3_000),
    st.sampled_from((MICRO, 1_250_000)),
)
def test_parts_of_an_order_never_earn_more_than_the_whole(
    lines: list[tuple[str, int]], discount: int, multiplier: int
) -> None:
    total = max(1, sum(cents for _, cents in lines) - discount)
    properties = {
        "total": total / 100,
        "products": [{"category": category, "price": cents / 100} for category, cents in lines],
    }
    whole = worth(properties, rate(), multiplier=multiplier).points
    shoes = worth(properties, rate(lines=SHOES), multiplier=multiplier).points
    taken = worth(properties, rate(), rate(1, lines=SHOES, exclusive=True, id="s", priority=1), multiplier=multiplier)
    assert 0 <= shoes <= whole
    assert taken.points == whole


def test_points_by_rule_add_up() -> None:
    rules = (rate(id="base"), rate(1, lines=SHOES, id="shoes"), EarnRule("Order Completed", MICRO // 3, 100))
    found = Rates(rules, PRICING, evidence=True).worth(SHOES_AND_SHIRT, 10_000, 0, MICRO, False, MOMENT)
    assert found.points == 193
    assert found.parts == [("Order Completed", 33), ("base", 100), ("shoes", 60)]
    assert Rates(rules, PRICING).worth(SHOES_AND_SHIRT, 10_000, 0, MICRO, False, MOMENT).parts == []
