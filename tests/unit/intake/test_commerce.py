"""Prices, quantities and products."""

from typing import Any

import pytest

from tests.support.client_call import event, reason, track

PRODUCT = ["Product Viewed", "Product Added", "Product Removed", "Added Product"]
LISTS = ["Cart Viewed", "Checkout Started", "Order Completed", "Order Refunded", "Completed Order"]


@pytest.mark.parametrize("price", [0, 12, 12.5, "12.50", "2", " 3 ", ".5", 0.0, None, "0"])
@pytest.mark.parametrize("name", PRODUCT)
def test_valid_prices(name: str, price: Any) -> None:
    assert event(track(name, properties={"price": price}))


@pytest.mark.parametrize("price", [-1, -0.01, "-3", "NaN", "abc", "", "1e3", "1,5", "Infinity", True, [], {}, 1e30])
@pytest.mark.parametrize("name", PRODUCT)
def test_invalid_prices(name: str, price: Any) -> None:
    assert reason(track(name, properties={"price": price})) == "invalid_price"


@pytest.mark.parametrize("quantity", [0, 1, "2", 3.0, "4.0", None])
def test_valid_quantities(quantity: Any) -> None:
    assert event(track("Product Added", properties={"quantity": quantity}))
    assert event(track("Cart Viewed", properties={"products": [{"quantity": quantity}]}))


@pytest.mark.parametrize("quantity", [-1, 1.5, "-2", "1.5", "many", "", "NaN", True, [], 10**15])
def test_invalid_quantities(quantity: Any) -> None:
    assert reason(track("Product Added", properties={"quantity": quantity})) == "invalid_quantity"
    assert reason(track("Cart Viewed", properties={"products": [{}, {"quantity": quantity}]})) == "invalid_quantity"


@pytest.mark.parametrize("products", ["x", {}, 1, [1], ["x"], [None], [[]], [{}, "x"]])
@pytest.mark.parametrize("name", LISTS)
def test_invalid_products(name: str, products: Any) -> None:
    assert reason(track(name, properties={"products": products})) == "invalid_products"


@pytest.mark.parametrize("name", LISTS)
def test_prices_of_products(name: str) -> None:
    assert reason(track(name, properties={"products": [{"price": 1}, {"price": "x"}]})) == "invalid_price"
    assert event(track(name, properties={"products": [{"price": "1.20", "quantity": "3"}], "unknown": -1}))
    assert event(track(name, properties={"products": None}))


@pytest.mark.parametrize("field", ["total", "revenue", "value", "points"])
@pytest.mark.parametrize("amount", [-1, "NaN", "x", [], False])
def test_amounts_of_orders(field: str, amount: Any) -> None:
    assert reason(track("Order Completed", properties={field: amount})) == "invalid_price"
    assert event(track("Order Completed", properties={field: "31.50"}))


def test_other_events_may_call_anything_a_price() -> None:
    assert event(track("Quote Requested", properties={"price": "on request", "quantity": -1, "products": 7}))
