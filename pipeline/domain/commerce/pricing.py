"""What the properties of an order event are worth: its amount, its lines, and the part that earns points."""

from collections.abc import Collection
from typing import Any

import xxhash

from pipeline.domain.value.money import Exchange
from pipeline.domain.value.number import scaled, to_micro

SHIPPING = "shipping"
TAX = "tax"
GIFT_CARDS = "gift_cards"

# In this order the first plain number is the amount (readings.md, 22).
_AMOUNT_KEYS = ("total", "revenue", "value")


class Pricing:
    """Reads amounts in the shop's currency. Other currencies are converted half up, once an order (readings.md, 25)."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def knows_currency(self, properties: dict[str, Any]) -> bool:
        return self._exchange.knows(currency_of(properties))

    def amount(self, properties: dict[str, Any]) -> int | None:
        """Minor units: `total`, else `revenue`, else `value`, else the sum of the products; None if nothing tells it or
        its currency has no rate."""
        currency = currency_of(properties)
        for key in _AMOUNT_KEYS:
            raw = properties.get(key)
            if raw is not None:
                minor = self._exchange.amount(raw, currency)
                if minor is not None:
                    return minor
        micro = _sum_of_products(properties)
        return None if micro is None else self._exchange.from_micro(micro, currency)

    def converted(self, micro: int, properties: dict[str, Any]) -> int:
        """Minor units of the shop's currency of an amount in millionths of the event's; 0 without a rate."""
        return self._exchange.from_micro(micro, currency_of(properties)) or 0

    def exchange_of(self, properties: dict[str, Any]) -> dict[str, str] | None:
        """The currency of an event and the rate in force, as a decimal; None of the shop's own."""
        currency = currency_of(properties)
        rate = self._exchange.rate(currency)
        return None if rate is None else {"currency": currency, "rate": rate}

    def eligible(self, properties: dict[str, Any], exclude: Collection[str], value: int) -> int:
        """The part of an order of `value` minor units that earns points: never shipping, tax or gift cards if
        excluded, never what was paid with points (`points_discount`, readings.md, 44).

        Shipping and tax are part of `total` only; `revenue`, `value` and product prices come without them
        (Segment's e-commerce specification). Of an order that another event priced they are taken off that price.
        """
        left_out = _excluded(properties, exclude)
        if not left_out:
            return value
        currency = currency_of(properties)
        micro = _amount_micro(properties)
        if micro is not None and self._exchange.from_micro(micro, currency) == value:
            minor = self._exchange.from_micro(micro - left_out, currency)
        else:
            converted = self._exchange.from_micro(left_out, currency)
            minor = None if converted is None else value - converted
        return max(0, minor or 0)


def currency_of(properties: dict[str, Any]) -> str:
    """ISO code in capitals; "" if none was sent, which means the shop's."""
    currency = properties.get("currency")
    return currency.strip().upper() if isinstance(currency, str) else ""


def products_of(properties: dict[str, Any]) -> list[dict[str, Any]]:
    products = properties.get("products")
    if not isinstance(products, list):
        return []
    return [product for product in products if isinstance(product, dict)]


def quantity_of(product: dict[str, Any]) -> int:
    """Pieces; 1 if not told, never negative."""
    raw = product.get("quantity")
    if raw is None:
        return 1
    pieces = scaled(raw, 1)
    return 1 if pieces is None else max(0, pieces)


def line_key(product: dict[str, Any]) -> int:
    """32-bit fingerprint of (product id, else sku; variant): enough to find a line within one order."""
    product_id = product.get("product_id")
    if product_id is None or product_id == "":
        product_id = product.get("sku")
    return xxhash.xxh3_64_intdigest(f"{product_id}\x00{product.get('variant') or ''}".encode()) & 0xFFFFFFFF


def line_amount(product: dict[str, Any]) -> int:
    """price x quantity in millionths of the order's currency; 0 without a price."""
    micro = to_micro(product.get("price"))
    return 0 if micro is None or micro < 0 else micro * quantity_of(product)


def is_gift_card(product: dict[str, Any]) -> bool:
    return product.get("gift_card") is True


def _amount_micro(properties: dict[str, Any]) -> int | None:
    for key in _AMOUNT_KEYS:
        micro = to_micro(properties.get(key))
        if micro is not None:
            return micro
    return _sum_of_products(properties)


def _sum_of_products(properties: dict[str, Any]) -> int | None:
    priced = [product for product in products_of(properties) if to_micro(product.get("price")) is not None]
    return sum(map(line_amount, priced)) if priced else None


def _excluded(properties: dict[str, Any], exclude: Collection[str]) -> int:
    """Millionths of the order's currency that earn nothing."""
    micro = _positive(properties, "points_discount")
    if SHIPPING in exclude or TAX in exclude:
        from_total = to_micro(properties.get("total")) is not None
        for key in (SHIPPING, TAX):
            if from_total and key in exclude:
                micro += _positive(properties, key)
    if GIFT_CARDS in exclude:
        micro += sum(line_amount(product) for product in products_of(properties) if is_gift_card(product))
    return micro


def _positive(properties: dict[str, Any], key: str) -> int:
    raw = properties.get(key)
    return 0 if raw is None else max(0, to_micro(raw) or 0)
