"""The cart fold: what lies in a shopper's carts, from deltas, snapshots and orders.

Rules: semantics.md, part 4; readings.md, 32 and 33.

Deltas count in any order of arrival, unless they are not newer than the last snapshot; the latest price by event time
stands. What depends on arrival, because no log of deltas is kept: a removal takes no more than what is there when it
arrives, and an order takes no lines that arrive after it.
"""

from typing import Any

import msgspec

from pipeline.domain.commerce.cart_line import PIECES, Lines, differs, exact_line, learn, meant_line, read_text, take
from pipeline.domain.commerce.link import OF_CART, joined, read_links
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart, Line
from pipeline.domain.value.money import Exchange

PRODUCT_ADDED = "Product Added"
PRODUCT_REMOVED = "Product Removed"
CART_VIEWED = "Cart Viewed"
CHECKOUT_STARTED = "Checkout Started"
ORDER_COMPLETED = "Order Completed"
CART_EVENTS = frozenset({PRODUCT_ADDED, PRODUCT_REMOVED, CART_VIEWED, CHECKOUT_STARTED, ORDER_COMPLETED})

DEFAULT = "default"
CARTS = 8
LINES = 200


class CartChange(msgspec.Struct, gc=False, frozen=True):
    """What one event did to the carts.

    cart: the cart changed; None of an order. edited: the shopper edited it; the snapshot of a Checkout Started is no
    edit (readings.md, 32), nor is an order. emptied: it took the last line, and not by an order. before: of an order,
    the lines of each cart it took from, as they were.
    """

    cart: Cart | None
    edited: bool
    emptied: bool = False
    before: dict[str, list[Line]] = {}


class Carts:
    """Folds cart events into `Shopper.carts`, and values carts.

    Kept: the CARTS carts touched last, empty ones given up first; LINES lines a cart, further ones are not taken in.
    Remarks: `cart_limit`, `cart_line_limit`, `unknown_currency`, `product_without_id`, `link_too_long`.
    """

    __slots__ = ("lines",)

    def __init__(self, plan: Plan) -> None:
        self.lines = Lines(Exchange(plan.currency, plan.rates), links=plan.links)

    def fold(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment, repeated: bool = False
    ) -> CartChange | None:
        """Take in one of CART_EVENTS; None if no cart's lines changed.

        repeated: the event is an Order Completed whose order was taken before; it takes nothing again.
        """
        name = event.name
        if name == PRODUCT_ADDED:
            return self._add(shopper, event.time, properties, moment)
        if name == PRODUCT_REMOVED:
            return self._remove(shopper, event.time, properties)
        if name == ORDER_COMPLETED:
            return None if repeated else self._order(shopper, event.time, properties, moment)
        return self._snapshot(shopper, event, properties, moment)

    def open_cart(self, shopper: Shopper) -> Cart | None:
        """The cart with lines that was edited last."""
        found: Cart | None = None
        for cart in shopper.carts:
            if cart.lines and (found is None or cart.updated >= found.updated):
                found = cart
        return found

    def total(self, cart: Cart) -> int:
        """Value in minor units of the shop's currency, half up per line."""
        return self.lines.total(cart.lines)

    def pieces(self, cart: Cart) -> int:
        """What `cart: {items: ..}` tests (readings.md, 28)."""
        return sum(line.quantity for line in cart.lines)

    def render(self, cart: Cart | None) -> dict[str, Any]:
        """The cart as it stands in outputs: `items` and `total`; without one, nothing worth nothing."""
        return self.lines.render(() if cart is None else cart.lines)

    def describe(self, cart: Cart) -> list[dict[str, Any]]:
        """Its lines as objects, for the filters of `cart: {contains: ..}`."""
        return self.lines.describe(cart.lines)

    def _add(self, shopper: Shopper, time: int, properties: dict[str, Any], moment: Moment) -> CartChange | None:
        line = self._read(properties, properties, time, moment)
        if line is None or not line.quantity:
            return None
        cart_id = read_text(properties.get("cart_id")) or DEFAULT
        carts = shopper.carts
        cart = find_cart(carts, cart_id) or self._open(carts, cart_id, moment)
        if 0 < cart.snapshot >= time:
            return None
        known = exact_line(cart.lines, line.product_id, line.variant)
        if known is not None:
            known.quantity = min(known.quantity + line.quantity, PIECES)
            learn(known, line)
        elif len(cart.lines) < LINES:
            cart.lines.append(line)
        else:
            moment.remarks.append("cart_line_limit")
            return None
        if self.lines.links:
            self._link(cart, time, properties, moment)
        _edited(carts, cart, time)
        return CartChange(cart, True)

    def _remove(self, shopper: Shopper, time: int, properties: dict[str, Any]) -> CartChange | None:
        cart_id = read_text(properties.get("cart_id")) or DEFAULT
        cart = find_cart(shopper.carts, cart_id)
        wanted = self.lines.read(properties, None, time)
        if cart is None or wanted is None or 0 < cart.snapshot >= time:
            return None
        line = meant_line(cart.lines, wanted)
        if line is None:
            return None
        if properties.get("quantity") is None:
            cart.lines.remove(line)
        elif not wanted.quantity:
            return None
        else:
            take(cart.lines, line, wanted.quantity)
        _edited(shopper.carts, cart, time)
        return CartChange(cart, True, emptied=not cart.lines)

    def _snapshot(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment
    ) -> CartChange | None:
        products, time = properties.get("products"), event.time
        cart_id = self.named(shopper, event.name, properties)
        carts = shopper.carts
        cart = find_cart(carts, cart_id)
        if type(products) is not list:
            # One that only an order told of was never filled.
            if cart is not None and (cart.updated or cart.snapshot):
                self._link(cart, time, properties, moment)
            return None
        if cart is None:
            everywhere = find_cart(carts, DEFAULT)
            if everywhere is not None and time < everywhere.ordered:
                return None
            cart = self._open(carts, cart_id, moment)
        elif time < max(cart.updated, cart.snapshot, cart.ordered):
            return None
        old = {(line.product_id, line.variant): line for line in cart.lines}
        new = self._gather(products, properties, time, moment)
        for key, line in new.items():
            if key in old and line.price is None:
                line.price, line.currency = old[key].price, old[key].currency
            if key in old:
                line.name, line.sku = line.name or old[key].name, line.sku or old[key].sku
                line.links = joined(old[key].links, line.links, newer=True)
        changed = len(new) != len(old) or any(key not in old or differs(line, old[key]) for key, line in new.items())
        self._link(cart, time, properties, moment)
        cart.lines, cart.snapshot = list(new.values()), time
        if not changed:
            return None
        _edited(carts, cart, time)
        return CartChange(cart, event.name == CART_VIEWED, emptied=not new)

    def named(self, shopper: Shopper, name: str, properties: dict[str, Any]) -> str:
        """The cart an event speaks of. Checkout events carry no cart_id in the field's specification (wire-format.md,
        part 4): without one they mean the open cart."""
        cart_id = read_text(properties.get("cart_id"))
        if not cart_id and name not in (CART_VIEWED, PRODUCT_ADDED, PRODUCT_REMOVED):
            cart = self.open_cart(shopper)
            cart_id = cart.cart_id if cart is not None else ""
        return cart_id or DEFAULT

    def _gather(
        self, products: list[Any], properties: dict[str, Any], time: int, moment: Moment
    ) -> dict[tuple[str, str], Line]:
        gathered: dict[tuple[str, str], Line] = {}
        for product in products:
            line = self._read(product, properties, time, moment) if type(product) is dict else None
            if line is None or not line.quantity:
                continue
            key = (line.product_id, line.variant)
            if key in gathered:
                gathered[key].quantity = min(gathered[key].quantity + line.quantity, PIECES)
            elif len(gathered) < LINES:
                gathered[key] = line
            else:
                moment.remarks.append("cart_line_limit")
                break
        return gathered

    def _order(self, shopper: Shopper, time: int, properties: dict[str, Any], moment: Moment) -> CartChange | None:
        cart_id, carts = read_text(properties.get("cart_id")), shopper.carts
        if find_cart(carts, cart_id or DEFAULT) is None:
            self._open(carts, cart_id or DEFAULT, moment)
        products = properties.get("products")
        bought = [
            wanted
            for product in (products if type(products) is list else ())
            if type(product) is dict and (wanted := self.lines.read(product, None, time)) is not None
        ]
        before: dict[str, list[Line]] = {}
        for cart in carts:
            if cart_id and cart.cart_id != cart_id:
                continue
            if time >= max(cart.updated, cart.snapshot):
                # They lead to what is bought now.
                cart.links = None
            if time > cart.ordered:
                cart.ordered = time
            if cart.lines and any(meant_line(cart.lines, wanted) is not None for wanted in bought):
                before[cart.cart_id] = [msgspec.structs.replace(line) for line in cart.lines]
                for wanted in bought:
                    line = meant_line(cart.lines, wanted)
                    if line is not None:
                        take(cart.lines, line, wanted.quantity)
        return CartChange(None, False, before=before) if before else None

    def _read(self, product: dict[str, Any], properties: dict[str, Any], time: int, moment: Moment) -> Line | None:
        line = self.lines.read(product, properties.get("currency"), time)
        if line is None:
            moment.remarks.append("product_without_id")
            return None
        if line.currency and self.lines.unpriced((line,)):
            moment.remarks.append("unknown_currency")
        if self.lines.links:
            self.lines.link(line, product, moment.remarks)
        return line

    def _link(self, cart: Cart, time: int, properties: dict[str, Any], moment: Moment) -> None:
        """Keep where an event says that a cart and its checkout are found; an older one fills gaps only."""
        if self.lines.links:
            told = read_links(properties, OF_CART, moment.remarks)
            cart.links = joined(cart.links, told, newer=time >= max(cart.updated, cart.snapshot, cart.ordered))

    def _open(self, carts: list[Cart], cart_id: str, moment: Moment) -> Cart:
        if len(carts) >= CARTS:
            stalest = min(carts, key=lambda one: (bool(one.lines), max(one.updated, one.snapshot, one.ordered)))
            if stalest.lines:
                moment.remarks.append("cart_limit")
            carts.remove(stalest)
        cart = Cart(cart_id, [])
        carts.append(cart)
        return cart


def find_cart(carts: list[Cart], cart_id: str) -> Cart | None:
    for cart in carts:
        if cart.cart_id == cart_id:
            return cart
    return None


def _edited(carts: list[Cart], cart: Cart, time: int) -> None:
    """Carts stand in the order of their latest edits as they arrived, which settles equal event times."""
    if time > cart.updated:
        cart.updated = time
    if carts[-1] is not cart:
        carts.remove(cart)
        carts.append(cart)
