"""Points: what orders earn, and what refunds, cancellations and new prices take back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot import LINES, LINES_IN_ALL, LOTS_WITH_LINES
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition
from tests.support.till import START, Till

MICRO = 1_000_000
ONE_PER_EURO = EarnRule("Order Completed", MICRO, 100)
ALL_PARTS = ("gift_cards", "shipping", "tax")


def club(*earn: EarnRule, levels: tuple[Level, ...] = (Level("bronze", 0, 0),), **more: Any) -> Till:
    programme = ProgrammeDefinition("club", "club-1", earn or (ONE_PER_EURO,), "points_earned", levels, **more)
    return Till(Plan(name="shop", digest="d", currency="EUR", rates={"USD": 920_000}, programmes=(programme,)))


def line(product_id: str, price: Any, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"product_id": product_id, "price": price, "quantity": quantity, **more}


def test_a_line_of_the_ledger_says_what_topology_promises() -> None:
    till = club()
    till.complete("o-77", "25.90", at=7, message_id="m-77")
    decision = till.latest(LOYALTY_POINTS)
    assert decision.type == "loyalty.points.confirmed"
    assert (decision.definition, decision.message_id, decision.effective_at) == ("club-1", "m-77", START + 7)
    assert decision.fields == {
        "programme": "club",
        "entry": "confirmed",
        "points": 25,
        "balance": 25,
        "pending": 0,
        "lot": f"{till.shopper.orders[0].key:016x}",
        "order_id": "o-77",
        "expires_at": None,
    }


@pytest.mark.parametrize(
    ("rules", "total", "points"),
    [
        ([ONE_PER_EURO], 0.99, 0),
        ([ONE_PER_EURO], 1.00, 1),
        ([ONE_PER_EURO], 99.99, 99),
        ([EarnRule("Order Completed", MICRO // 2, 100)], 3, 1),
        ([EarnRule("Order Completed", 3 * MICRO, 250)], 9.99, 11),
        # 0.5 + 0.75 of a point: rounded down once, together.
        ([EarnRule("Order Completed", MICRO // 2, 100), EarnRule("Order Completed", MICRO * 3 // 4, 100)], 1, 1),
    ],
)
def test_points_are_rounded_down_once_at_the_end(rules: list[EarnRule], total: float, points: int) -> None:
    till = club(*rules)
    till.complete("o-1", total)
    assert till.points() == ([("confirmed", points, points)] if points else [])


@pytest.mark.parametrize(
    ("order", "points"),
    [
        # The wire format's example: 31.50 with 4.90 of shipping and 1.60 of tax.
        ({"total": 31.5, "revenue": 25, "shipping": 4.9, "tax": 1.6}, 25),
        ({"revenue": 25, "shipping": 4.9, "tax": 1.6}, 25),
        ({"total": 50, "products": [line("g", 15, 2, gift_card=True), line("mug", 20)]}, 20),
        ({"products": [line("g", 15, 2, gift_card=True), line("mug", 20)]}, 20),
        ({"total": 50, "points_discount": "10.50"}, 39),
        ({"total": 5, "shipping": 9}, 0),
        ({"total": 100, "shipping": 10, "currency": "USD"}, 82),
    ],
)
def test_what_is_excluded_earns_nothing(order: dict[str, Any], points: int) -> None:
    till = club(EarnRule("Order Completed", MICRO, 100, ALL_PARTS))
    till.complete("o-1", **order)
    assert sum(moved for _, moved, _ in till.points()) == points


def test_shipping_earns_if_it_is_not_excluded() -> None:
    till = club()
    till.complete("o-1", 31.5, shipping=4.9)
    assert till.points() == [("confirmed", 31, 31)]


def test_a_copy_of_an_order_earns_nothing_more() -> None:
    till = club()
    till.complete("o-1", 10)
    till.complete("o-1", 10, at=1)
    assert till.points() == [("confirmed", 10, 10)]


def test_a_copy_that_brings_the_amount_earns_for_it() -> None:
    till = club()
    till.complete("o-1")
    till.complete("o-1", 10, at=1)
    assert till.points() == [("adjusted", 10, 10)]


def test_a_refund_takes_the_part_of_the_points_rounded_down_cumulatively() -> None:
    till = club()
    till.complete("o-1", 10)
    for at in range(1, 5):
        till.refund("o-1", 3.33, at=at)
    # floor(10 x 3.33/10) = 3, floor(6.66) = 6, floor(9.99) = 9, all of it = 10.
    assert till.points() == [
        ("confirmed", 10, 10),
        ("reversed", -3, 7),
        ("reversed", -3, 4),
        ("reversed", -3, 1),
        ("reversed", -1, 0),
    ]


def test_a_refund_without_amount_and_a_cancellation_take_all_that_is_left() -> None:
    for rest in ("refund", "cancel"):
        till = club()
        till.complete("o-1", 10)
        till.refund("o-1", 4, at=1)
        getattr(till, rest)("o-1", at=2)
        getattr(till, rest)("o-1", at=3)
        assert till.points() == [("confirmed", 10, 10), ("reversed", -4, 6), ("reversed", -6, 0)]


def test_a_refund_counts_against_the_eligible_amount() -> None:
    till = club(EarnRule("Order Completed", MICRO, 100, ("shipping",)))
    till.complete("o-1", 30, shipping=10)
    till.refund("o-1", 10, at=1)
    till.refund("o-1", 15, at=2)
    assert till.points() == [("confirmed", 20, 20), ("reversed", -10, 10), ("reversed", -10, 0)]


def test_a_refund_with_lines_takes_the_points_of_those_lines() -> None:
    till = club()
    # 10 points over 3.33 / 3.33 / 3.34: 3, 3, 3 and the largest remainder, the third line's, gets the tenth.
    till.complete("o-1", products=[line("a", 3.33), line("b", 3.33), line("c", 3.34)])
    till.refund("o-1", products=[line("c", 3.34)], at=1)
    till.refund("o-1", 0.5, products=[line("a", 3.33)], at=2)
    till.refund("o-1", products=[line("c", 3.34)], at=3)
    assert till.points() == [("confirmed", 10, 10), ("reversed", -4, 6), ("reversed", -3, 3)]
    assert till.shopper.orders[0].refunded == 334 + 50 + 334


def test_ties_of_the_remainder_go_to_the_first_line() -> None:
    till = club()
    till.complete("o-1", products=[line("a", 1.5), line("b", 1.5)])
    till.refund("o-1", products=[line("a", 1.5)], at=1)
    assert till.points()[-1] == ("reversed", -2, 1)


def test_pieces_of_a_line_come_back_one_by_one() -> None:
    till = club()
    till.complete("o-1", products=[line("a", 5, 3, variant="red"), line("a", 5, 1, variant="blue")])
    for at in range(1, 6):
        till.refund("o-1", 0, products=[{"product_id": "a", "variant": "red"}], at=at)
    assert [points for _, points, _ in till.points()] == [20, -5, -5, -5]


def test_a_refund_of_lines_that_were_not_bought_goes_by_its_amount() -> None:
    till = club()
    till.complete("o-1", 10, products=[line("a", 10)])
    till.refund("o-1", 5, products=[line("z", 5)], at=1)
    assert till.points()[-1] == ("reversed", -5, 5)


def test_by_amount_and_by_lines_together_take_no_more_than_was_earned() -> None:
    till = club()
    till.complete("o-1", products=[line("a", 5), line("b", 5)])
    till.refund("o-1", 8, at=1)
    till.refund("o-1", 1, products=[line("a", 5)], at=2)
    assert till.points() == [("confirmed", 10, 10), ("reversed", -8, 2), ("reversed", -2, 0)]


def test_a_refund_that_waited_takes_its_lines_when_the_order_comes() -> None:
    till = club()
    till.refund("o-1", products=[line("a", 4)], at=1)
    till.complete("o-1", at=0, received=2, products=[line("a", 4), line("b", 6)])
    assert till.points() == [("confirmed", 10, 10), ("reversed", -4, 6)]


def test_a_new_price_posts_what_it_changes_and_keeps_what_was_taken_back() -> None:
    till = club()
    till.complete("o-1", 100)
    till.refund("o-1", 50, at=1)
    till.update("o-1", 80, at=2)
    till.update("o-1", 40, at=3)
    till.update("o-1", 60, at=4)
    assert till.points() == [
        ("confirmed", 100, 100),
        ("reversed", -50, 50),
        ("adjusted", -20, 30),
        ("adjusted", -30, 0),
        ("adjusted", 20, 20),
    ]


def test_returned_pieces_stay_returned_when_an_order_is_updated() -> None:
    till = club()
    till.complete("o-1", products=[line("a", 10, 2), line("b", 10)])
    till.refund("o-1", products=[line("a", 10)], at=1)
    till.update("o-1", products=[line("a", 10, 2), line("b", 20)], at=2)
    till.refund("o-1", products=[line("a", 10, 2)], at=3)
    assert [points for _, points, _ in till.points()] == [30, -10, 10, -10]


def test_a_cancelled_order_earns_nothing_also_if_it_completes_later() -> None:
    till = club()
    till.cancel("o-1")
    till.complete("o-1", 10, at=1)
    assert till.points() == []


def test_the_tier_before_the_order_multiplies() -> None:
    till = club(levels=(Level("bronze", 0, 0), Level("silver", 100, 80, 1_250_000)))
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 99.99, at=1)
    assert till.points() == [("confirmed", 100, 100), ("confirmed", 124, 224)]


def test_a_late_order_has_the_multiplier_of_its_own_time() -> None:
    till = club(levels=(Level("bronze", 0, 0), Level("silver", 100, 80, 2 * MICRO), Level("gold", 500, 80, 3 * MICRO)))
    till.complete("o-1", 100, at=10)
    till.complete("o-2", 300, at=20)
    late = [till.complete(f"late-{at}", 1, at=at, received=30 + at) for at in (5, 9, 10, 19, 20)]
    assert len(late) == 5
    assert [points for _, points, _ in till.points()[2:]] == [1, 1, 2, 2, 3]


def test_a_new_price_keeps_the_multiplier_of_the_order() -> None:
    till = club(levels=(Level("bronze", 0, 0), Level("silver", 100, 80, 2 * MICRO)))
    till.complete("o-1", 100)
    till.update("o-1", 110, at=1)
    assert till.points() == [("confirmed", 100, 100), ("adjusted", 10, 110)]


def test_of_long_orders_lines_are_kept_of_fewer() -> None:
    till = club()
    products = [line(f"p{number}", 1) for number in range(LINES)]
    many = LINES_IN_ALL // LINES
    for number in range(many + 2):
        till.complete(f"o-{number}", at=number, products=products)
    till.complete("too long", at=many + 2, products=[*products, line("one more", 1)])
    lots = all_lots(till.shopper.standings["club"])
    assert [bool(lot.lines) for lot in lots] == [False] * 2 + [True] * many + [False]


def test_lines_are_kept_of_the_latest_orders_only() -> None:
    till = club()
    for number in range(LOTS_WITH_LINES + 5):
        till.complete(f"o-{number}", at=number, products=[line("a", 6), line("b", 4)])
    lots = all_lots(till.shopper.standings["club"])
    assert [bool(lot.lines) for lot in lots] == [False] * 5 + [True] * LOTS_WITH_LINES
    # An old one goes by amount: 4.00 of 10.00.
    till.refund("o-0", products=[line("b", 4)], at=1000)
    assert till.points()[-1][1] == -4


@given(
    amounts=st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 4)), min_size=1, max_size=6),
    returns=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), max_size=12),
)
def test_lines_sum_to_the_order_and_returning_all_of_them_takes_all_points(
    amounts: list[tuple[int, int]], returns: list[tuple[int, int]]
) -> None:
    till = club()
    products = [line(f"p{i}", f"{cents / 100:.2f}", pieces) for i, (cents, pieces) in enumerate(amounts)]
    till.complete("o-1", products=products)
    earned = sum(cents * pieces for cents, pieces in amounts) // 100
    assert sum(moved for _, moved, _ in till.points()) == earned
    for at, (product, pieces) in enumerate(returns):
        till.refund("o-1", 0, products=[line(f"p{product}", 0, pieces)], at=at)
        assert 0 <= till.shopper.standings["club"].balance <= earned
    till.refund("o-1", 0, products=products, at=100)
    assert till.shopper.standings["club"].balance == 0


def test_every_line_has_its_own_id_and_the_same_history_the_same_ids() -> None:
    def ids() -> list[str]:
        till = club()
        till.complete("o-1", 10)
        till.complete("o-2", 10, at=1)
        till.refund("o-1", 5, at=2)
        till.refund("o-1", 5, at=2)
        return [one.id for one in till.decisions]

    assert ids() == ids()
    assert len(set(ids())) == len(ids()) == 5


def told(till: Till) -> dict[str, Any]:
    fields = till.latest(LOYALTY_POINTS).fields
    return {name: fields[name] for name in ("rules", "exchange") if name in fields}


def test_entries_of_orders_tell_their_rules_and_the_rate_of_exchange_if_asked() -> None:
    rules = (ONE_PER_EURO, EarnRule("Order Completed", MICRO, 100, id="more"))
    till = club(*rules, evidence=True)
    till.complete("o-1", 10, currency="USD")
    halves = [{"rule": "Order Completed", "points": 9}, {"rule": "more", "points": 9}]
    assert told(till) == {"rules": halves, "exchange": {"currency": "USD", "rate": "0.92"}}
    till.complete("o-2", 10, currency="EUR")
    assert set(told(till)) == {"rules"}
    till.refund("o-2", 10)
    assert told(till) == {}


def test_without_being_asked_orders_tell_nothing_and_bonuses_their_rule() -> None:
    till = club(ONE_PER_EURO, EarnRule("Order Completed", 5 * MICRO, first=True, id="welcome"))
    till.complete("o-1", 10, currency="USD")
    lines = [decision for decision in till.decisions if decision.topic == LOYALTY_POINTS]
    assert [line.fields.get("rules") for line in lines] == [None, [{"rule": "welcome", "points": 5}]]
    assert "exchange" not in lines[1].fields
