"""Cart lines: what a client's product object says, and what lines come to.

A line is keyed by (product_id ?? sku, variant ?? sku). Its price stays in the currency it came in: conversion into the
shop's currency is half up per line (readings.md, 25).
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import xxhash

from pipeline.domain.commerce.link import OF_PRODUCT, joined, read_links
from pipeline.domain.shopping import Line
from pipeline.domain.value.money import Exchange, exponent, render
from pipeline.domain.value.number import parse_decimal, scaled

# Bytes of UTF-8. Longer texts are cut: a record has to stay small whatever a client sends.
TEXT = 256
PIECES = 1_000_000
_LONG = 2**63 - 1

_encode = msgspec.msgpack.Encoder().encode


def read_text(value: Any) -> str:
    """An id or a name as text, whole numbers in digits; "" if it is neither text nor a whole number."""
    if type(value) is str:
        if len(value) <= TEXT // 4 or len(encoded := value.encode()) <= TEXT:
            return value
        return encoded[:TEXT].decode(errors="ignore")
    if type(value) is int:
        return str(value)
    if type(value) is float and value.is_integer():
        return str(int(value))
    return ""


def read_quantity(value: Any) -> int:
    """Pieces, 0 to PIECES; a number may be a string. 1 where none is given."""
    if value is None:
        return 1
    if type(value) is not int:
        number = parse_decimal(value)
        if number is None:
            return 1
        value = int(number)
    return min(max(int(value), 0), PIECES)


class Lines:
    """Reads and values lines in one shop's currency. links: whether lines keep and tell theirs."""

    __slots__ = ("_exchange", "_scale", "currency", "links")

    def __init__(self, exchange: Exchange, *, links: bool = False) -> None:
        self._exchange = exchange
        self.links = links
        self.currency = exchange.currency
        self._scale = 10 ** exponent(exchange.currency)

    def read(self, product: dict[str, Any], currency: Any, time: int) -> Line | None:
        """The line that a product object speaks of; None if the product has no id.

        currency: of the event, where the product names none. time: event time, ms.
        """
        raw = product.get("sku")
        sku = "" if raw is None else read_text(raw)
        product_id = read_text(product.get("product_id")) or sku
        if not product_id:
            return None
        line = self._line(product, currency, time, product_id, sku)
        line.quantity = read_quantity(product.get("quantity"))
        return line

    def view(self, properties: dict[str, Any], time: int, remarks: list[str]) -> Line:
        """The product of a Product Viewed, as one piece; `product_id` is "" if it has no id."""
        sku = read_text(properties.get("sku"))
        line = self._line(properties, None, time, read_text(properties.get("product_id")) or sku, sku)
        self.link(line, properties, remarks)
        return line

    def link(self, line: Line, product: dict[str, Any], remarks: list[str]) -> None:
        """Keep with a line what its product object says of where it is found."""
        if self.links:
            line.links = read_links(product, OF_PRODUCT, remarks)

    def _line(self, product: dict[str, Any], currency: Any, time: int, product_id: str, sku: str) -> Line:
        raw = product.get("variant")
        variant = sku if raw is None else read_text(raw) or sku
        name = read_text(product.get("name"))
        currency = product.get("currency") or currency
        code = "" if currency is None else self._currency(currency)
        price = product.get("price")
        if price is not None:
            price = scaled(price, 10 ** exponent(code) if code else self._scale)
            if price is not None and price < 0:
                price = None
        return Line(product_id, variant, sku, name, 1, price, code, time)

    def _currency(self, value: Any) -> str:
        if type(value) is not str or value == self.currency:
            return ""
        code = value.strip().upper()[:8]
        return "" if code == self.currency else code

    def unpriced(self, lines: Iterable[Line]) -> bool:
        """Whether a line's currency has no rate, so that it is left out of the total."""
        return any(line.currency and not self._exchange.knows(line.currency) for line in lines)

    def total(self, lines: Iterable[Line]) -> int:
        """Value in minor units of the shop's currency; a line of unknown price, or without a rate, adds nothing."""
        total = 0
        for line in lines:
            price = line.price
            if price:
                if line.currency:
                    total += self._exchange.from_minor(price, line.currency, line.quantity) or 0
                else:
                    total += price * line.quantity
        return total if total <= _LONG else _LONG

    def local_total(self, lines: Iterable[Line]) -> dict[str, Any] | None:
        """Value in the one other currency that all lines with a price are in; None where there is no such currency."""
        total, currency = 0, ""
        for line in lines:
            if line.price is not None:
                if not line.currency or (currency and line.currency != currency):
                    return None
                currency = line.currency
                total += line.price * line.quantity
        return render(min(total, _LONG), currency) if currency else None

    def render(self, lines: Collection[Line]) -> dict[str, Any]:
        """Lines as they stand in outputs; money in the shop's currency, what is not known is null. Links that are not
        known are left out."""
        return {"items": [self._item(line) for line in lines], "total": render(self.total(lines), self.currency)}

    def _item(self, line: Line) -> dict[str, Any]:
        item = {
            "product_id": line.product_id or None,
            "sku": line.sku or None,
            "name": line.name or None,
            "quantity": line.quantity,
            "price": None if (price := self._price(line)) is None else render(price, self.currency),
        }
        if self.links and line.links is not None:
            item.update((name, link) for name, link in zip(OF_PRODUCT, line.links, strict=True) if link)
        return item

    def describe(self, lines: Iterable[Line]) -> list[dict[str, Any]]:
        """Lines as objects for the filters of a condition: `price` a plain decimal in the shop's currency."""
        digits = exponent(self.currency)
        described: list[dict[str, Any]] = []
        for line in lines:
            one: dict[str, Any] = {"product_id": line.product_id, "quantity": line.quantity}
            for key, text in (("sku", line.sku), ("variant", line.variant), ("name", line.name)):
                if text:
                    one[key] = text
            price = self._price(line)
            if price is not None:
                whole, part = divmod(price, 10**digits)
                one["price"] = f"{whole}.{part:0{digits}d}" if digits else str(whole)
            described.append(one)
        return described

    def _price(self, line: Line) -> int | None:
        price = line.price
        return price if price is None or not line.currency else self._exchange.from_minor(price, line.currency)


def exact_line(lines: Iterable[Line], product_id: str, variant: str) -> Line | None:
    """The line of that key."""
    for line in lines:
        if line.product_id == product_id and line.variant == variant:
            return line
    return None


def meant_line(lines: list[Line], wanted: Line) -> Line | None:
    """The line of that key; else the only line of the product, if no variant is named."""
    line = exact_line(lines, wanted.product_id, wanted.variant)
    if line is None and not wanted.variant:
        same = [one for one in lines if one.product_id == wanted.product_id]
        if len(same) == 1:
            return same[0]
    return line


def take(lines: list[Line], line: Line, quantity: int) -> None:
    """Take pieces out of one of `lines`; a line at zero goes (readings.md, 33)."""
    line.quantity -= quantity
    if line.quantity <= 0:
        lines.remove(line)


def learn(known: Line, told: Line) -> None:
    """The latest price, texts and links by event time stand; what an older event tells fills gaps."""
    newer = told.updated >= known.updated
    if told.price is not None and (newer or known.price is None):
        known.price, known.currency = told.price, told.currency
    if told.name and (newer or not known.name):
        known.name = told.name
    if told.sku and (newer or not known.sku):
        known.sku = told.sku
    known.links = joined(known.links, told.links, newer=newer)
    if newer:
        known.updated = told.updated


def fingerprint(lines: Iterable[Line]) -> int:
    """64 bits of the products and pieces that lines hold, which a cool-down compares (readings.md, 38)."""
    held = sorted((line.product_id, line.quantity) for line in lines)
    return xxhash.xxh3_64_intdigest(_encode(held))


def differs(one: Line, other: Line) -> bool:
    """Whether two lines of one key tell of another quantity or price."""
    return one.quantity != other.quantity or one.price != other.price or one.currency != other.currency
