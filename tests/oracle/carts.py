"""Open carts of a shopper, folded anew from the whole history (semantics.md part 4; readings.md, 33)."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.history import Record
from tests.oracle.links import OF_CART, OF_PRODUCT, Links, both, links
from tests.oracle.orders import pieces, product_key, products_of
from tests.oracle.sides import folded
from tests.oracle.values import Shop

DEFAULT = "default"
Key = tuple[str, str]


@dataclass
class Line:
    """told: event time of the latest event that told of it, ms."""

    product: dict[str, Any]
    quantity: int
    price: Any
    currency: str | None
    links: Links = field(default_factory=dict)
    told: int = -1

    def worth(self, shop: Shop) -> int:
        return shop.minor(self.price, self.currency, self.quantity) or 0


@dataclass
class Cart:
    """updated: event time of its latest edit, snapshot: of its latest snapshot; ms, -1 = none."""

    lines: dict[Key, Line] = field(default_factory=dict)
    updated: int = -1
    snapshot: int = -1
    links: Links = field(default_factory=dict)

    def hear(self, record: Record) -> None:
        """Where it and its checkout are found."""
        newer = record.time >= max(self.updated, self.snapshot)
        self.links = both(self.links, links(record.properties, OF_CART), newer)

    def edited(self, time: int) -> None:
        self.updated = max(self.updated, time)

    def contents(self) -> list[tuple[str, int]]:
        """(product, quantity) of the lines: what a cool-down compares (readings.md, 38)."""
        return sorted((key[0], line.quantity) for key, line in self.lines.items())


class Carts(dict[str, Cart]):
    """Carts by id, the last edited last. ordered: event time of the latest order of a cart, of all carts at None."""

    def __init__(self) -> None:
        super().__init__()
        self.ordered: dict[str | None, int] = {}

    def edit(self, cart_id: str) -> Cart:
        self[cart_id] = self.pop(cart_id, Cart())
        return self[cart_id]

    def open(self) -> str:
        """Id of the cart that is meant where none is named: the latest edited one with lines."""
        full = [cart_id for cart_id, cart in self.items() if cart.lines]
        return max(reversed(full), key=lambda cart_id: self[cart_id].updated) if full else DEFAULT

    def stale(self, cart_id: str, time: int) -> bool:
        """Whether a snapshot of `time` is older than what is known of the cart: edits, snapshots, orders."""
        cart = self.get(cart_id, Cart())
        orders = [self.ordered.get(cart_id, -1), self.ordered.get(None, -1)]
        return time < max(cart.updated, cart.snapshot, *orders)


def cart_of(record: Record) -> str:
    return str(record.properties.get("cart_id") or DEFAULT)


def carts(records: list[Record]) -> Carts:
    return folded(records, Carts, apply, lambda ours, theirs, _: meet(ours, theirs))


def meet(ours: Carts, theirs: Carts) -> set[tuple[bool, str]]:
    """The side that edited a cart with lines last keeps its carts. Which lost their lines, as (of the other?, id)."""
    latest = [max((cart.updated for cart in side.values() if cart.lines), default=-1) for side in (ours, theirs)]
    lost: set[tuple[bool, str]] = set()
    for side, other in ((ours, False), (theirs, True)):
        loses = latest[other] <= latest[not other] if other else latest[other] < latest[not other]
        for cart_id, cart in side.items():
            if loses and cart.lines:
                lost.add((other, cart_id))
                cart.lines = {}
    for cart_id, cart in theirs.items():
        same = ours.get(cart_id)
        if same is None:
            ours[cart_id] = cart
            continue
        same.lines = same.lines or cart.lines
        same.links = both(same.links, cart.links, cart.updated > same.updated)
        same.updated, same.snapshot = max(same.updated, cart.updated), max(same.snapshot, cart.snapshot)
    for key, at in theirs.ordered.items():
        ours.ordered[key] = max(at, ours.ordered.get(key, -1))
    return lost


def apply(found: Carts, record: Record) -> bool:
    """Fold one record in; whether it edited a cart. Too late for segments is too late for carts, save orders."""
    if record.name == "Order Completed":
        if not record.copy:
            take(found, record)
        return False
    if record.late_segments:
        return False
    if record.name in ("Product Added", "Product Removed"):
        return apply_delta(found, record)
    if record.name in ("Cart Viewed", "Checkout Started"):
        if isinstance(record.properties.get("products"), list):
            return apply_snapshot(found, record)
        if cart_of(record) in found:
            found[cart_of(record)].hear(record)
    return False


def apply_delta(found: Carts, record: Record) -> bool:
    properties = record.properties
    key = product_key(properties)
    cart = found.get(cart_of(record), Cart())
    if key is None or record.time <= cart.snapshot:
        return False
    if record.name == "Product Removed" and key not in cart.lines:
        return False
    cart = found.edit(cart_of(record))
    line = cart.lines.get(key)
    if record.name == "Product Added":
        if line is None:
            line = cart.lines[key] = Line(properties, 0, properties.get("price"), properties.get("currency"))
        line.quantity += pieces(properties)
        if properties.get("price") is not None:
            line.price, line.currency = properties["price"], properties.get("currency")
        line.links = both(line.links, links(properties, OF_PRODUCT), record.time >= line.told)
        line.told = max(line.told, record.time)
        cart.hear(record)
    elif line is not None:
        line.quantity -= pieces(properties) if properties.get("quantity") is not None else line.quantity
        if line.quantity <= 0:
            del cart.lines[key]
    cart.edited(record.time)
    return True


def apply_snapshot(found: Carts, record: Record) -> bool:
    if found.stale(cart_of(record), record.time):
        return False
    cart = found.edit(cart_of(record))
    lines: dict[Key, Line] = {}
    for product in products_of(record):
        key = product_key(product)
        if key is None:
            continue
        currency = product.get("currency", record.properties.get("currency"))
        known = cart.lines[key].links if key in cart.lines else {}
        told = both(known, links(product, OF_PRODUCT), newer=True)
        line = lines.setdefault(key, Line(product, 0, product.get("price"), currency, told, record.time))
        line.quantity += pieces(product)
    lines = {key: line for key, line in lines.items() if line.quantity > 0}
    cart.hear(record)
    before = {key: (line.quantity, line.price, line.currency) for key, line in cart.lines.items()}
    cart.lines, cart.snapshot, cart.updated = lines, record.time, record.time
    return before != {key: (line.quantity, line.price, line.currency) for key, line in lines.items()}


def take(found: Carts, order: Record) -> None:
    """An order takes what it bought from the cart it names, else from all."""
    named = order.properties.get("cart_id")
    key = None if named is None else str(named)
    found.ordered[key] = max(found.ordered.get(key, -1), order.time)
    for cart_id, cart in found.items():
        if named is not None and cart_id != str(named):
            continue
        if order.time >= max(cart.updated, cart.snapshot):
            cart.links = {}
        for product in products_of(order):
            line = product_key(product)
            if line in cart.lines:
                cart.lines[line].quantity -= pieces(product)
                if cart.lines[line].quantity <= 0:
                    del cart.lines[line]


def payload(lines: list[Line], shop: Shop) -> dict[str, Any]:
    """`cart` of a trigger: prices and total in the shop's currency."""
    items = []
    for line in lines:
        price = shop.minor(line.price, line.currency)
        key = product_key(line.product) or (None, "")
        items.append(
            {
                "product_id": key[0],
                "quantity": line.quantity,
                "price": None if price is None else shop.money(price),
                **(line.links if shop.links else {}),
            }
        )
    cart = {"items": items, "total": shop.money(sum(line.worth(shop) for line in lines))}
    priced = [line for line in lines if shop.minor(line.price) is not None]
    spoken = {(line.currency or shop.currency) for line in priced}
    if len(spoken) == 1 and spoken != {shop.currency}:
        (currency,) = spoken
        local = Shop({"shop": {"currency": currency}})
        cart["local_total"] = local.money(sum((local.minor(line.price) or 0) * line.quantity for line in priced))
    return cart
