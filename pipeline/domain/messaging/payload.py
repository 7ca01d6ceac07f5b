"""Payloads: what a message tells of what asked for it, as MessagePack while the message waits.

Of an abandonment, whose cart is most of what such a record takes, the names of the fields are not kept: each has its
place. Records of earlier versions have the names, and are read as well.
"""

from operator import itemgetter
from typing import Any

import msgspec

from pipeline.domain.commerce.link import OF_PRODUCT

ABANDONMENT, SEGMENT, TIER, POINTS, EVENT = SOURCES = ("abandonment", "segment", "tier", "points", "event")
"""What a message may come of; its payload has a part for each, of which one is filled."""

# Of a trigger; the others tell of orders, which a message about what was left behind has none of.
_OF_TRIGGER = ("kind", "subject", "instance", "stage", "of", "abandoned_since", "reason")
_OF_CART = ("local_total", "gap_to_free_shipping", "url")
_NOTHING: dict[str, Any] = dict.fromkeys(SOURCES)

# Bytes that a waiting message keeps of what it tells. Of more, first the links of the cart's products are left out,
# then the cart, or the properties of the event; counted as `payload_too_large`.
PAYLOAD_BYTES = 32 * 1024
_LARGE = {ABANDONMENT: "cart", EVENT: "properties"}

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_told_of_trigger = itemgetter(*_OF_TRIGGER)
_told_of_item = itemgetter("product_id", "sku", "name", "quantity")


def kept(source: str, told: dict[str, Any], remarks: list[str], *, reference: bool) -> bytes:
    """What is kept of one part. told: its fields. reference: no personal data."""
    if reference and source in _LARGE:
        told = {**told, _LARGE[source]: None}
    payload = _packed(source, told)
    if len(payload) <= PAYLOAD_BYTES or source not in _LARGE:
        return payload
    remarks.append("payload_too_large")
    if source == ABANDONMENT:
        payload = _packed(source, {**told, "cart": _without_links(told["cart"])})
        if len(payload) <= PAYLOAD_BYTES:
            return payload
    return _packed(source, {**told, _LARGE[source]: None})


def payload_of(kept: bytes) -> dict[str, Any]:
    """A part for each of SOURCES, None of all but one."""
    parts: dict[str, Any] = _NOTHING | _decode(kept)
    if type(parts[ABANDONMENT]) is list:
        parts[ABANDONMENT] = _trigger(parts[ABANDONMENT])
    return parts


def _packed(source: str, told: dict[str, Any]) -> bytes:
    if source != ABANDONMENT:
        return _encode({source: told})
    cart = told["cart"]
    return _encode({source: [*_told_of_trigger(told), None if cart is None else _row_of_cart(cart)]})


def _row_of_cart(cart: dict[str, Any]) -> list[Any]:
    total = cart["total"]
    row = [[_row(item) for item in cart["items"]], total["amount"], total["currency"]]
    return row if len(cart) == 2 else row + [cart.get(name) for name in _OF_CART]


def _row(item: dict[str, Any]) -> list[Any]:
    """An item; its price is in the currency of the total."""
    price = item["price"]
    amount = None if price is None else price["amount"]
    row = [*_told_of_item(item), amount]
    return row if len(item) == len(row) else row + [item.get(name) for name in OF_PRODUCT]


def _trigger(row: list[Any]) -> dict[str, Any]:
    cart = row.pop()
    trigger: dict[str, Any] = dict(zip(_OF_TRIGGER, row, strict=True))
    trigger["cart"] = None if cart is None else _cart(*cart)
    return trigger


def _cart(items: list[list[Any]], amount: int, currency: str, *rest: Any) -> dict[str, Any]:
    cart = {"items": [_item(currency, *row) for row in items], "total": {"amount": amount, "currency": currency}}
    return _with(cart, _OF_CART, rest)


def _item(
    currency: str, product_id: str, sku: str, name: str, quantity: int, amount: int | None, *links: str | None
) -> dict[str, Any]:
    price = None if amount is None else {"amount": amount, "currency": currency}
    item = {"product_id": product_id, "sku": sku, "name": name, "quantity": quantity, "price": price}
    return _with(item, OF_PRODUCT, links)


def _with(told: dict[str, Any], names: tuple[str, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    """With those that are there, of fields that are left out else."""
    if values:
        told.update((name, value) for name, value in zip(names, values, strict=True) if value is not None)
    return told


def _without_links(cart: dict[str, Any]) -> dict[str, Any]:
    items = [{name: value for name, value in item.items() if name not in OF_PRODUCT} for item in cart["items"]]
    return {**cart, "items": items}
