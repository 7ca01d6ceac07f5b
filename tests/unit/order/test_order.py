"""The order book: each order and refund once, net of cancellations, whatever the order of arrival."""

from itertools import permutations
from typing import Any

import pytest

from pipeline.domain.commerce.order import order_key
from pipeline.domain.definition import Plan
from pipeline.domain.value.instant import DAY
from tests.support.till import START, Till

PLAN = Plan(name="shop", digest="d", currency="EUR", rates={"USD": 920_000, "JPY": 6_150})


@pytest.fixture
def till() -> Till:
    return Till(PLAN)


def book(till: Till) -> list[tuple[int, int, bool]]:
    """(value, refunded, counts) of each order, oldest first."""
    return [(one.value, one.refunded, one.completed and not one.cancelled) for one in till.shopper.orders]


def mug(price: Any, quantity: Any = None, **more: Any) -> dict[str, Any]:
    return {"product_id": "mug", "price": price, **({} if quantity is None else {"quantity": quantity}), **more}


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({"total": 31.5, "revenue": 25, "value": 20}, 3150),
        ({"revenue": "25.10", "value": 20}, 2510),
        ({"value": 20, "products": [mug(1)]}, 2000),
        ({"products": [mug(12.5, 2), mug("0.10", "3"), mug(4)]}, 2930),
        ({"products": [mug(0.125, 8)]}, 100),
        ({"total": "free", "revenue": None, "value": 7}, 700),
        ({"products": [{"product_id": "mug"}]}, 0),
        ({"products": "mug"}, 0),
        ({"total": -5}, 0),
        ({}, 0),
    ],
)
def test_an_order_is_worth_its_total_else_revenue_else_value_else_its_products(
    till: Till, properties: dict[str, Any], value: int
) -> None:
    [change] = till.ring("Order Completed", "o-1", 0, **properties)
    assert (change.kind, change.money) == ("completed", value)
    assert book(till) == [(value, 0, True)]


def test_orders_stand_at_their_event_time_however_late_they_come(till: Till) -> None:
    till.complete("o-2", 20, at=2 * DAY)
    till.complete("o-1", 10, at=DAY, received=400 * DAY)
    till.complete("o-3", 30, at=3 * DAY, received=401 * DAY)
    assert [one.time - START for one in till.shopper.orders] == [DAY, 2 * DAY, 3 * DAY]
    assert [one.value for one in till.shopper.orders] == [1000, 2000, 3000]


def test_orders_of_one_instant_stand_in_an_order_that_does_not_depend_on_arrival() -> None:
    books = []
    for arrival in permutations(["a", "b", "c"]):
        till = Till(PLAN)
        for order_id in arrival:
            till.complete(order_id, 1, at=5)
        books.append([one.key for one in till.shopper.orders])
    assert all(one == sorted(one) for one in books)


def test_an_order_id_counts_once_and_the_first_wins(till: Till) -> None:
    till.complete("o-1", 10)
    [change] = till.complete("o-1", 99, at=5)
    assert (change.kind, change.money) == ("duplicate", 0)
    assert book(till) == [(1000, 0, True)]


def test_a_later_copy_brings_the_amount_that_the_first_one_lacked(till: Till) -> None:
    till.complete("o-1")
    [change] = till.complete("o-1", 12, at=5)
    assert (change.kind, change.money) == ("duplicate", 1200)
    till.complete("o-1", 99, at=6)
    assert book(till) == [(1200, 0, True)]


def test_a_number_and_its_text_are_one_order_id(till: Till) -> None:
    till.complete("1001", 10)
    [change] = till.ring("Order Completed", 1001, 1, total=10)
    assert change.kind == "duplicate"


def test_an_order_without_an_id_is_known_by_its_message(till: Till) -> None:
    [first] = till.complete(None, 10, message_id="m-a")
    [second] = till.complete(None, 10, at=1, message_id="m-b")
    assert [first.kind, second.kind] == ["completed", "completed"]
    assert (first.order_id, second.order_id) == ("m-a", "m-b")
    [refund] = till.refund("m-a", at=2)
    assert (refund.kind, refund.money) == ("refunded", -1000)


def test_other_currencies_are_converted_half_up_once_an_order(till: Till) -> None:
    # 3 x 0.05 USD = 0.15 USD = 0.138 EUR; rounding each piece first would make 0.15 EUR.
    till.ring("Order Completed", "o-1", 0, currency="usd", products=[mug(0.05, 3)])
    till.ring("Order Completed", "o-2", 1, currency="USD", total=0.625)
    till.ring("Order Completed", "o-3", 2, currency="JPY", total=1000)
    till.ring("Order Completed", "o-4", 3, currency="EUR", total=1.005)
    assert [one.value for one in till.shopper.orders] == [14, 58, 615, 101]


def test_an_order_in_a_currency_without_a_rate_counts_without_money_and_is_reported(till: Till) -> None:
    [change] = till.complete("o-1", 10, currency="CHF")
    assert (change.kind, change.money) == ("completed", 0)
    assert till.remarks == ["unknown_currency"]
    assert book(till) == [(0, 0, True)]


def test_a_cancelled_order_counts_for_nothing_and_stays_cancelled(till: Till) -> None:
    till.complete("o-1", 10)
    till.refund("o-1", 4, at=1)
    [change] = till.cancel("o-1", at=2)
    assert (change.kind, change.money) == ("cancelled", -600)
    [again] = till.cancel("o-1", at=3)
    [refund] = till.refund("o-1", 1, at=4)
    [update] = till.update("o-1", 50, at=5)
    [copy] = till.complete("o-1", 10, at=6)
    assert [again.kind, refund.kind, copy.kind] == ["ignored", "ignored", "duplicate"]
    assert update.money == copy.money == 0
    assert [counts for _, _, counts in book(till)] == [False]


def test_completed_after_cancelled_stays_cancelled_at_the_orders_own_date(till: Till) -> None:
    [first] = till.cancel("o-1", at=9)
    [change] = till.complete("o-1", 10, at=5, received=10)
    assert first.kind == "ignored"
    assert (change.kind, change.money, change.order and change.order.cancelled) == ("completed", 0, True)
    assert [one.time - START for one in till.shopper.orders] == [5]
    assert book(till) == [(1000, 0, False)]


def test_a_refund_lowers_its_order_at_the_orders_date(till: Till) -> None:
    till.complete("o-1", 10)
    [change] = till.refund("o-1", 4, at=DAY)
    assert (change.kind, change.money, change.whole) == ("refunded", -400, False)
    assert [one.time for one in till.shopper.orders] == [START]
    assert book(till) == [(1000, 400, True)]


def test_refunds_never_take_more_than_the_order_had(till: Till) -> None:
    till.complete("o-1", 10)
    moved = [till.refund("o-1", amount, at=1)[0].money for amount in (7, 7, 7)]
    assert moved == [-700, -300, 0]
    assert book(till) == [(1000, 1000, True)]


def test_a_refund_counts_once_by_its_id_else_by_its_message(till: Till) -> None:
    till.complete("o-1", 10)
    till.complete("o-2", 10, at=1)
    kinds = [
        till.refund("o-1", 1, at=2, refund_id="1")[0].kind,
        till.refund("o-1", 1, at=3, refund_id="1")[0].kind,
        till.refund("o-1", 1, at=4, refund_id=1)[0].kind,
        till.refund("o-2", 1, at=5, refund_id="1")[0].kind,
        till.refund("o-2", 1, at=6, message_id="x")[0].kind,
        till.refund("o-2", 1, at=7, message_id="x")[0].kind,
    ]
    assert kinds == ["refunded", "ignored", "ignored", "refunded", "refunded", "ignored"]
    assert book(till) == [(1000, 100, True), (1000, 200, True)]


@pytest.mark.parametrize(
    ("refund", "given", "remarks"),
    [
        ({"total": 2, "products": [mug(5, 2)]}, 200, []),
        ({"products": [mug(1.5, 2), mug("1")]}, 400, []),
        ({"value": 3}, 300, []),
        ({"total": -3}, 300, []),
        ({}, 1000, []),
        ({"products": []}, 1000, []),
        ({"products": [{"product_id": "mug"}]}, 0, ["refund_without_amount"]),
        ({"total": 2, "currency": "USD"}, 184, []),
        ({"total": 2, "currency": "CHF"}, 0, ["unknown_currency"]),
    ],
)
def test_what_a_refund_gives_back(till: Till, refund: dict[str, Any], given: int, remarks: list[str]) -> None:
    till.complete("o-1", 10)
    [change] = till.ring("Order Refunded", "o-1", 1, **refund)
    assert (change.money, till.remarks) == (-given, remarks)


def test_a_refund_that_comes_first_waits_for_its_order(till: Till) -> None:
    [parked] = till.refund("o-1", 4, at=0)
    assert (parked.kind, parked.order) == ("parked", None)
    assert till.shopper.orders_due == START + 30 * DAY
    changes = till.complete("o-1", 10, at=0, received=30 * DAY - 1)
    assert [(one.kind, one.money) for one in changes] == [("completed", 1000), ("refunded", -400)]
    assert till.shopper.orders_due == 0
    assert till.refund("o-1", 4, at=31 * DAY, message_id="m-1")[0].kind == "ignored"
    assert till.remarks == []


def test_a_refund_whose_order_never_comes_is_given_up_after_30_days_to_the_ms(till: Till) -> None:
    till.refund("o-1", 4, at=0, received=5)
    till.refund("o-2", 4, at=7)
    till.pass_time(30 * DAY + 4)
    assert till.remarks == []
    till.pass_time(30 * DAY + 5)
    assert till.remarks == ["refund_unmatched"]
    assert till.shopper.orders_due == START + 30 * DAY + 7
    [change] = till.complete("o-1", 10, at=0, received=30 * DAY + 6)
    assert change.money == 1000


def test_a_cancellation_settles_the_refunds_that_wait(till: Till) -> None:
    till.refund("o-1", 4)
    till.cancel("o-1", at=1)
    assert till.shopper.orders_due == 0
    [change] = till.complete("o-1", 10, at=0, received=2)
    assert (change.kind, change.money) == ("completed", 0)


def test_an_update_prices_the_order_anew_and_refunds_stay(till: Till) -> None:
    till.complete("o-1", 10)
    till.refund("o-1", 4, at=1)
    [up] = till.update("o-1", 12, at=2)
    assert (up.kind, up.money) == ("updated", 200)
    [down] = till.update("o-1", 3, at=3)
    assert (down.money, book(till)) == (-800, [(300, 300, True)])


def test_an_update_without_an_amount_changes_nothing(till: Till) -> None:
    till.complete("o-1", 10)
    [change] = till.update("o-1", at=1, coupon="x")
    assert (change.kind, book(till)) == ("ignored", [(1000, 0, True)])


def test_the_price_with_the_latest_event_time_stands_whatever_arrives_first() -> None:
    events = [("complete", 10, 0), ("update", 20, 5), ("update", 30, 7)]
    for arrival in permutations(events):
        till = Till(PLAN)
        for method, total, at in arrival:
            getattr(till, method)("o-1", total, at=at, received=10)
        assert book(till) == [(3000, 0, True)], arrival
        assert [one.time - START for one in till.shopper.orders] == [0]


def test_an_update_without_its_order_counts_for_nothing_yet(till: Till) -> None:
    [change] = till.update("o-1", 20)
    assert (change.money, book(till)) == (0, [(2000, 0, False)])
    assert till.refund("o-1", 4, at=1)[0].kind == "parked"
    changes = till.complete("o-1", 10, at=0, received=2)
    assert [(one.kind, one.money) for one in changes] == [("completed", 2000), ("refunded", -400)]


@pytest.mark.parametrize("name", ["Order Refunded", "Order Cancelled", "Order Updated"])
@pytest.mark.parametrize("order_id", [None, "", True, ["o-1"]])
def test_what_names_no_order_is_counted_and_ignored(till: Till, name: str, order_id: Any) -> None:
    [change] = till.ring(name, order_id, 0, total=1)
    assert (change.kind, till.remarks, till.shopper.orders) == ("ignored", ["order_without_id"], [])


def test_order_keys_are_the_same_on_every_machine() -> None:
    assert order_key("o-77") == 17691031739707207123
