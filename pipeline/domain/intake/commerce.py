"""Prices, quantities and products of commerce events: what must hold of them before money is made of them.

Numbers may come as strings (wire-format.md, 3.7); null is absent; unknown fields are never looked at.
"""

from typing import Any

from pipeline.domain.intake.refusal import INVALID_PRICE, INVALID_PRODUCTS, INVALID_QUANTITY, RefusedCall
from pipeline.domain.value.number import LIMIT, parse_decimal

_PRODUCT = frozenset(
    {"Product Viewed", "Product Clicked", "Product Added", "Product Removed", "Product Added to Wishlist",
     "Product Removed from Wishlist", "Wishlist Product Added to Cart"}
)  # fmt: skip
_LIST = frozenset({"Cart Viewed", "Product List Viewed", "Product List Filtered"})
_ORDER = frozenset({"Checkout Started", "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"})
_AMOUNTS = ("total", "revenue", "value", "points")

COMMERCE = _PRODUCT | _LIST | _ORDER


def check_commerce(name: str, properties: dict[str, Any]) -> None:
    """Check the properties of an event in COMMERCE.

    Raises RefusedCall: `invalid_price` for a price, or an order's total, revenue, value or points, that is negative or
    no plain number; `invalid_quantity` for a quantity that is negative, fractional or no number; `invalid_products`
    for products that are no list of objects.
    """
    if name in _PRODUCT:
        _check_line(properties)
        return
    products = properties.get("products")
    if products is not None:
        if type(products) is not list:
            raise RefusedCall(INVALID_PRODUCTS, "products is no list")
        for product in products:
            if type(product) is not dict:
                raise RefusedCall(INVALID_PRODUCTS, "a product is no object")
            _check_line(product)
    if name in _ORDER:
        for field in _AMOUNTS:
            amount = properties.get(field)
            if amount is not None:
                _check_amount(amount, field)


def _check_line(line: dict[str, Any]) -> None:
    price = line.get("price")
    if price is not None and not (type(price) is float and 0 <= price <= LIMIT):
        _check_amount(price, "price")
    quantity = line.get("quantity")
    if quantity is not None and not (type(quantity) is int and 0 <= quantity <= LIMIT):
        number = parse_decimal(quantity)
        if number is None or number < 0 or number != int(number):
            raise RefusedCall(INVALID_QUANTITY, "quantity is negative, fractional or no number")


def _check_amount(amount: Any, field: str) -> None:
    if (type(amount) is float or type(amount) is int) and 0 <= amount <= LIMIT:
        return
    number = parse_decimal(amount)
    if number is None or number < 0:
        raise RefusedCall(INVALID_PRICE, f"{field} is negative or no number")
