"""The reference workload: Segment-spec e-commerce calls of about 180 to 350 bytes, Zipf-like over the shoppers.

Mix: Product Viewed 46 %, page 31 %, Product Added 12 %, Product Removed 3 %, Checkout Started 4 %,
Order Completed 4 %. Shopper: int(shoppers * random() ** 2). Received time moves on by 0 to 40 ms an event. A seed
always gives the same bytes.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
MIX = (
    ("Product Viewed", 46), ("page", 31), ("Product Added", 12), ("Product Removed", 3), ("Checkout Started", 4),
    ("Order Completed", 4),
)  # fmt: skip
PRODUCTS = 500
# Prime, so that its multiples reach every shopper.
STEP = 7_368_787


def workload(
    events: int, shoppers: int = 200_000, seed: int = 1, *, each: bool = False, start: datetime = START
) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of `events` records for `clickstream`, in received order. each: no shopper twice before all have
    come once, in an order without meaning, instead of the Zipf-like choice."""
    choose = random.Random(seed)
    names, weights = zip(*MIX, strict=True)
    now = start
    for number in range(events):
        now += timedelta(milliseconds=choose.randrange(41))
        drawn = number * STEP % shoppers if each else int(shoppers * choose.random() ** 2)
        shopper = f"u{drawn}"
        name = choose.choices(names, weights)[0]
        stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        call = {
            "type": "track",
            "messageId": f"m-{seed}-{number}",
            "userId": shopper,
            "timestamp": stamp,
            "receivedAt": stamp,
        }
        call.update({"type": "page", "name": None} if name == "page" else {"event": name})
        call["properties"] = _properties(name, number, choose)
        yield shopper.encode(), json.dumps(call, separators=(",", ":")).encode()


def order(shopper: str) -> tuple[bytes, bytes]:
    """(key, value) of an Order Completed that happens now; of a new shopper it makes a buyer."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    call = {"type": "track", "event": "Order Completed", "messageId": f"m-{shopper}", "userId": shopper}
    properties = {**_properties("Order Completed", 0, random.Random(shopper)), "order_id": f"o-{shopper}"}
    value = json.dumps({**call, "timestamp": stamp, "properties": properties}, separators=(",", ":"))
    return shopper.encode(), value.encode()


def _properties(name: str, number: int, choose: random.Random) -> dict[str, object]:
    product = choose.randrange(PRODUCTS)
    price = 3 + product % 90 + 0.5
    if name == "page":
        return {"path": f"/p/{product}", "title": f"Product {product}", "url": f"https://shop.example/p/{product}"}
    line = {"product_id": str(product), "name": f"Product {product}", "price": price, "quantity": choose.randint(1, 3)}
    if name in ("Product Added", "Product Removed"):
        return line
    if name == "Product Viewed":
        return {**line, "category": f"c{product % 12}", "url": f"https://shop.example/p/{product}"}
    total = round(price * int(line["quantity"]), 2)
    return {"order_id": f"o-{number}", "total": total, "currency": "EUR", "products": [line]}
